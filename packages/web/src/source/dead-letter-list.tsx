import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import type { DeadLetter } from "@tillwatch/wire";
import { MailCheck, RotateCw } from "lucide-react";
import { useState } from "react";
import { deadLettersQuery } from "../api/queries.ts";
import { request } from "../api/request.ts";
import { Tag } from "../design/badge.tsx";
import { useMay } from "../app/may.ts";
import { Button } from "../design/button.tsx";
import { ShowMore } from "../design/show-more.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { ReasonDialog } from "../design/reason-dialog.tsx";
import { SkeletonLines } from "../design/skeleton.tsx";
import { Moment } from "../design/time.tsx";
import { useToasts } from "../design/toast.tsx";

/** Signals that were taken and kept, but belong to no site or device that we know. Nothing is thrown away without a reason. */
export function DeadLetterList() {
  const may = useMay();
  const pages = useInfiniteQuery(deadLettersQuery);
  const redriveAll = useRedrive<Redriven>(
    "/api/v1/dead-letters/redrive",
    ({ redriven, stillUnknown }) => `${redriven} sent through; ${stillUnknown} still without a place in the directory.`,
  );
  const letters = pages.data?.pages.flatMap((page) => page.items) ?? [];
  const waiting = letters.filter((letter) => letter.state === "waiting").length;
  return (
    <div className="grid gap-3">
      <div className="flex min-h-9 flex-wrap items-center justify-between gap-2">
        <p className="max-w-prose text-sm text-ink-muted">
          Kept with their reason. Once the directory knows the site or the device, redrive them: they take their place
          in time.
        </p>
        {may("dead_letter:settle") ? (
          <Button busy={redriveAll.isPending} disabled={waiting === 0} onClick={() => redriveAll.mutate()}>
            <RotateCw className="size-4" aria-hidden="true" />
            Redrive all
          </Button>
        ) : null}
      </div>
      {redriveAll.isError ? <ErrorState fault={redriveAll.error} /> : null}
      {pages.isError ? <ErrorState fault={pages.error} onRetry={() => void pages.refetch()} /> : null}
      {pages.isPending ? (
        <div className="rounded-md border border-line bg-surface">
          <SkeletonLines lines={8} says="Loading the dead letters" />
        </div>
      ) : null}
      {pages.data === undefined ? null : (
        <ul className="rounded-md border border-line bg-surface shadow-raised">
          {letters.map((letter) => (
            <LetterItem key={letter.id} letter={letter} />
          ))}
          {letters.length === 0 ? (
            <li>
              <EmptyState icon={MailCheck} title="No dead letters">
                Every signal found its site and its device.
              </EmptyState>
            </li>
          ) : null}
        </ul>
      )}
      <ShowMore pages={pages} />
    </div>
  );
}

type Redriven = { readonly redriven: number; readonly duplicates: number; readonly stillUnknown: number };

function useRedrive<Answer>(path: string, says: (answer: Answer) => string) {
  const queries = useQueryClient();
  const toasts = useToasts();
  return useMutation({
    mutationFn: () => request<Answer>(path, { method: "POST", body: {} }),
    onSuccess: async (answer) => {
      toasts.show({ says: says(answer) });
      await queries.invalidateQueries({ queryKey: ["dead-letters"] });
    },
  });
}

const stateWords: Readonly<Record<DeadLetter["state"], string>> = {
  waiting: "Waiting",
  redriven: "Redriven",
  discarded: "Discarded",
};

function LetterItem({ letter }: { readonly letter: DeadLetter }) {
  const may = useMay();
  const redrive = useRedrive<unknown>(
    `/api/v1/dead-letters/${encodeURIComponent(letter.id)}/redrive`,
    () => "Sent through: the signal takes its place in time.",
  );
  return (
    <li className="grid gap-2 border-b border-line px-4 py-3 last:border-0 md:grid-cols-[minmax(0,1fr)_auto] md:gap-x-4">
      <div className="grid min-w-0 gap-1">
        <p className="flex flex-wrap items-center gap-2 text-sm">
          <Tag tone={letter.state === "waiting" ? "warn" : "plain"}>{stateWords[letter.state]}</Tag>
          <span className="font-medium">{letter.message}</span>
        </p>
        <p className="text-xs text-ink-muted">
          <span className="font-mono text-2xs">{letter.code}</span> · from {letter.source} ·{" "}
          <Moment at={letter.receivedAt} />
        </p>
        <details className="text-sm">
          <summary className="w-fit text-xs text-ink-soft">The signal as it came</summary>
          <pre
            // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- scrolls, so the keyboard must reach it
            tabIndex={0}
            aria-label="The signal as it came"
            className="mt-1 max-h-72 overflow-auto rounded-sm bg-sunken p-3 font-mono text-xs"
          >
            {JSON.stringify(letter.original ?? letter.signal, null, 2)}
          </pre>
        </details>
        {redrive.isError ? <ErrorState fault={redrive.error} /> : null}
      </div>
      {letter.state === "waiting" && may("dead_letter:settle") ? (
        <div className="flex gap-2 self-start">
          <Button busy={redrive.isPending} onClick={() => redrive.mutate()}>
            Redrive
          </Button>
          <Discard letter={letter} />
        </div>
      ) : null}
    </li>
  );
}

function Discard({ letter }: { readonly letter: DeadLetter }) {
  const [open, setOpen] = useState(false);
  const queries = useQueryClient();
  const discard = useMutation({
    mutationFn: (because: string) =>
      request<unknown>(`/api/v1/dead-letters/${encodeURIComponent(letter.id)}/discard`, {
        method: "POST",
        body: { because },
      }),
    onSuccess: async () => {
      setOpen(false);
      await queries.invalidateQueries({ queryKey: ["dead-letters"] });
    },
  });
  return (
    <>
      <Button look="danger" onClick={() => setOpen(true)}>
        Discard
      </Button>
      <ReasonDialog
        title="Discard this signal"
        action="Discard"
        open={open}
        busy={discard.isPending}
        fault={discard.error}
        onClose={() => setOpen(false)}
        onSave={(because) => discard.mutate(because)}
      />
    </>
  );
}
