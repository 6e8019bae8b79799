import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { request } from "../api/request.ts";
import { Button } from "../design/button.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { ReasonDialog } from "../design/reason-dialog.tsx";
import { IdentifierFields, type Known } from "./identifier-fields.tsx";
import type { RequestWhole } from "./privacy-queries.ts";
import { effectOf, identifiersOf } from "./request-words.ts";

type Found = {
  readonly places: readonly unknown[];
  readonly textsRead: number;
  readonly complete: boolean;
  readonly tokens: readonly string[];
};

type Step = "confirmed" | "failed" | "answer" | "extend" | "refuse";
type Said = { readonly because: string; readonly known: Known };

const steps: Readonly<
  Record<
    Step,
    {
      readonly title: string;
      readonly action: string;
      readonly path: string;
      readonly least: number; // letters, as the server asks for them
      readonly bodyOf: (said: Said) => object;
    }
  >
> = {
  confirmed: {
    title: "The identity is confirmed",
    action: "Confirmed",
    path: "identity",
    least: 5,
    bodyOf: ({ because }) => ({ outcome: "confirmed", how: because }),
  },
  failed: {
    title: "The identity could not be confirmed",
    action: "Not confirmed",
    path: "identity",
    least: 5,
    bodyOf: ({ because }) => ({ outcome: "failed", how: because }),
  },
  answer: {
    title: "Answer and seal",
    action: "Answer and seal",
    path: "answer",
    least: 10,
    bodyOf: ({ because, known }) => {
      const correction = identifiersOf(known);
      return correction.length === 0 ? { because } : { because, correction };
    },
  },
  extend: {
    title: "More time",
    action: "Extend",
    path: "extension",
    least: 10,
    bodyOf: ({ because }) => ({ because }),
  },
  refuse: {
    title: "Refuse the request",
    action: "Refuse",
    path: "closing",
    least: 10,
    bodyOf: ({ because }) => ({ because, outcome: "refused" }),
  },
};

function saysOf(step: Step, kind: string): string {
  switch (step) {
    case "confirmed":
      return "By what means: never a number of a document. From now on it is searched and answered.";
    case "failed":
      return "What was tried: never a number of a document. Nothing is answered before it is confirmed.";
    case "answer":
      return `${effectOf(kind)} The answer is sealed, and the request is closed.`;
    case "extend":
      return "Once, before the end. The person is told the reason.";
    case "refuse":
      return "The person is told the reason. The request is closed.";
  }
}

/** What is done with an open request, step by step: who asks, what there is, the answer. Each step asks before it is taken. */
export function RequestWork({ whole }: { readonly whole: RequestWhole }) {
  const [asking, setAsking] = useState<Step | null>(null);
  const queries = useQueryClient();
  const search = useMutation({
    mutationFn: () => request<Found>(`/api/v1/subject-requests/${whole.id}/search`, { method: "POST" }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["subject-requests"] }),
  });
  const checked = whole.identity === "confirmed";
  return (
    <div className="grid gap-3 rounded-md border border-line px-3 py-3">
      <p className="text-ink-muted">
        {checked
          ? "Search first: the answer is made from what is found."
          : "Check first who asks. Nothing is answered before."}
      </p>
      <div className="flex flex-wrap gap-2">
        {checked ? (
          <>
            <Button busy={search.isPending} onClick={() => search.mutate()}>
              Search
            </Button>
            <Button look="primary" onClick={() => setAsking("answer")}>
              Answer and seal
            </Button>
          </>
        ) : (
          <>
            <Button look="primary" onClick={() => setAsking("confirmed")}>
              Identity confirmed
            </Button>
            <Button onClick={() => setAsking("failed")}>Not confirmed</Button>
          </>
        )}
        {whole.extendedAt === null ? <Button onClick={() => setAsking("extend")}>Extend</Button> : null}
        <Button look="danger" onClick={() => setAsking("refuse")}>
          Refuse
        </Button>
      </div>
      {search.data === undefined ? null : <FoundNote found={search.data} />}
      {search.isError ? <ErrorState fault={search.error} /> : null}
      <StepDialog whole={whole} step={asking} onDone={() => setAsking(null)} />
    </div>
  );
}

function FoundNote({ found }: { readonly found: Found }) {
  const { places, tokens, textsRead, complete } = found;
  const count = (many: number, one: string): string => `${many.toLocaleString()} ${one}${many === 1 ? "" : "s"}`;
  return (
    <output className="block rounded-md bg-sunken px-3 py-2">
      {count(places.length, "place")} found, {count(tokens.length, "token")}, {count(textsRead, "text")} read
      {complete ? ", everything searched." : "; not everything could be searched."}
    </output>
  );
}

function StepDialog(props: { readonly whole: RequestWhole; readonly step: Step | null; readonly onDone: () => void }) {
  const { whole, step, onDone } = props;
  const queries = useQueryClient();
  const [known, setKnown] = useState<Known>({});
  const take = useMutation({
    mutationFn: ({ taken, said }: { readonly taken: Step; readonly said: Said }) =>
      request<unknown>(`/api/v1/subject-requests/${whole.id}/${steps[taken].path}`, {
        method: "POST",
        body: steps[taken].bodyOf(said),
      }),
    onSuccess: async () => {
      onDone();
      await queries.invalidateQueries({ queryKey: ["subject-requests"] });
    },
  });
  const corrects = step === "answer" && whole.kind === "rectification";
  return (
    <ReasonDialog
      title={step === null ? "Request" : steps[step].title}
      action={step === null ? "Go on" : steps[step].action}
      open={step !== null}
      least={step === null ? 1 : steps[step].least}
      blocked={corrects && identifiersOf(known).length === 0 ? "What is right? One of these at least." : null}
      busy={take.isPending}
      fault={take.error}
      onClose={() => {
        take.reset();
        onDone();
      }}
      onSave={(because) =>
        step !== null && take.mutate({ taken: step, said: { because, known: corrects ? known : {} } })
      }
    >
      {step === null ? null : <p className="text-sm">{saysOf(step, whole.kind)}</p>}
      {corrects ? (
        <fieldset className="grid gap-3 sm:grid-cols-2">
          <legend className="mb-1 text-sm font-medium">What is right: one of these at least</legend>
          <IdentifierFields known={known} onChange={setKnown} />
        </fieldset>
      ) : null}
    </ReasonDialog>
  );
}
