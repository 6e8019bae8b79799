import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { request } from "../api/request.ts";
import { useMay } from "../app/may.ts";
import { Tag, type Tone } from "../design/badge.tsx";
import { Button } from "../design/button.tsx";
import { CopyText } from "../design/copy-text.tsx";
import { Dialog } from "../design/dialog.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { Select } from "../design/field.tsx";
import { ReasonDialog } from "../design/reason-dialog.tsx";
import { momentText, useNowMs } from "../design/time.tsx";
import type { MadeKey, Program, ProgramKey } from "./access-shapes.ts";
import { Used } from "./used.tsx";

type Question = { readonly kind: "end" } | { readonly kind: "revoke"; readonly key: ProgramKey };

/** One program: its keys, a new one (shown once), and the end of each. */
export function ProgramDialog({ program, onClose }: { readonly program: Program; readonly onClose: () => void }) {
  const queries = useQueryClient();
  const writes = useMay()("service:write");
  const [asks, setAsks] = useState<Question | null>(null);
  const changed = () => queries.invalidateQueries({ queryKey: ["access", "programs"] });
  const end = useMutation({
    mutationFn: ({ question, because }: { question: Question; because: string }) =>
      request(
        question.kind === "end"
          ? `/api/v1/service-accounts/${program.id}/end`
          : `/api/v1/api-keys/${question.key.id}/revoke`,
        { method: "POST", body: { because } },
      ),
    onSuccess: async () => {
      setAsks(null);
      await changed();
    },
  });
  // One modal at a time: the question takes the place of what it is about.
  if (asks !== null) {
    return (
      <ReasonDialog
        title={asks.kind === "end" ? `End ${program.name}` : `Revoke key ${asks.key.id}`}
        action={asks.kind === "end" ? "End it" : "Revoke"}
        open
        busy={end.isPending}
        fault={end.error}
        onClose={() => setAsks(null)}
        onSave={(because) => end.mutate({ question: asks, because })}
      >
        <p className="text-sm">Whoever uses it is refused from this moment on.</p>
      </ReasonDialog>
    );
  }
  return (
    <Dialog title={program.name} open onClose={onClose}>
      <div className="grid gap-5">
        <p className="text-sm">{program.purpose}</p>
        <ul className="grid gap-2" aria-label="Keys">
          {program.keys.map((key) => (
            <KeyRow key={key.id} programKey={key} onRevoke={writes ? () => setAsks({ kind: "revoke", key }) : null} />
          ))}
        </ul>
        {program.state === "ended" ? (
          <p className="text-sm text-ink-muted">Ended: {program.because}</p>
        ) : !writes ? null : (
          <>
            <NewKey program={program} onMade={changed} />
            <div className="flex justify-end">
              <Button look="danger" onClick={() => setAsks({ kind: "end" })}>
                End the program
              </Button>
            </div>
          </>
        )}
      </div>
    </Dialog>
  );
}

const tones: Readonly<Record<ProgramKey["state"], Tone>> = {
  live: "good",
  expired: "plain",
  revoked: "bad",
  ended: "plain",
};

function KeyRow({ programKey, onRevoke }: { readonly programKey: ProgramKey; readonly onRevoke: (() => void) | null }) {
  const { id, state, expiresAt, lastUsedAt } = programKey;
  return (
    <li className="flex flex-wrap items-center justify-between gap-2 rounded-md border border-line px-3 py-2 text-sm">
      <div className="grid gap-0.5">
        <p className="flex items-center gap-2">
          <span className="font-mono text-xs">{id}</span>
          <Tag tone={tones[state]}>{state}</Tag>
        </p>
        <p className="text-xs text-ink-muted">
          until {momentText(expiresAt)} · <Used at={lastUsedAt} />
        </p>
      </div>
      {state === "live" && onRevoke !== null ? (
        <Button look="danger" onClick={onRevoke}>
          Revoke
        </Button>
      ) : null}
    </li>
  );
}

const dayMs = 86_400_000;

function NewKey({ program, onMade }: { readonly program: Program; readonly onMade: () => Promise<void> }) {
  const nowMs = useNowMs();
  const [days, setDays] = useState("90");
  const live = program.keys.filter(({ state }) => state === "live").length;
  const make = useMutation({
    mutationFn: () =>
      request<MadeKey>(`/api/v1/service-accounts/${program.id}/keys`, {
        method: "POST",
        body: {
          expiresAt: new Date(nowMs + Number(days) * dayMs).toISOString(),
          because: live === 0 ? "first key" : "rotation",
        },
      }),
    onSuccess: onMade,
  });
  if (make.data !== undefined) {
    return (
      <section className="grid gap-2 rounded-md border border-accent bg-accent-wash p-3" aria-live="polite">
        <p className="text-sm font-semibold">The key, shown this once</p>
        <CopyText text={make.data.key} label="The key" wrap />
        <p className="text-xs text-ink-soft">
          Give it to the program as its bearer token. Only a digest is kept here.
          {live > 1 ? " The key that it replaces holds for another week." : ""}
        </p>
      </section>
    );
  }
  if (live > 1) {
    return <p className="text-sm text-ink-muted">Two keys are live: revoke the old one, or wait until it ends.</p>;
  }
  return (
    <form
      className="flex flex-wrap items-end gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        make.mutate();
      }}
    >
      <Select label="Holds for" value={days} onChange={({ target }) => setDays(target.value)}>
        {["30", "90", "180", "365"].map((count) => (
          <option key={count} value={count}>
            {count} days
          </option>
        ))}
      </Select>
      <Button type="submit" look="primary" busy={make.isPending}>
        {live === 0 ? "Make a key" : "Replace the key"}
      </Button>
      {make.isError ? <ErrorState fault={make.error} /> : null}
    </form>
  );
}
