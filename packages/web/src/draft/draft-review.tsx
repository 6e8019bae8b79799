import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { DraftView, IncidentRecord } from "@tillwatch/wire";
import { useState } from "react";
import { request } from "../api/request.ts";
import { mayWith } from "../app/may.ts";
import { Button } from "../design/button.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { TextArea } from "../design/field.tsx";
import { Moment } from "../design/time.tsx";
import { useToasts } from "../design/toast.tsx";
import { Who } from "../people/who.tsx";
import { Loaded } from "../privacy/loaded.tsx";
import { TextCheck } from "../privacy/text-check.tsx";
import { DiffView } from "./diff-view.tsx";
import { DraftMark } from "./draft-mark.tsx";
import { draftDiffQuery, draftPath, draftQuery } from "./draft-queries.ts";
import { inputText, placeWords } from "./draft-words.ts";

type Doing = { readonly verb: "revisions" | "accept" | "refuse"; readonly body: object };

/** One draft from its inputs to the person who answers for it: read, put right, then accept or refuse. */
export function DraftReview(props: {
  readonly record: IncidentRecord;
  readonly draft: DraftView;
  readonly onDone: () => void;
}) {
  const { record, draft, onDone } = props;
  const may = mayWith(record);
  const decides = draft.state === "offered" && may("draft:decide");
  return (
    <div className="grid gap-5">
      <DraftMark draft={draft} />
      <Inputs record={record} draft={draft} onLeave={onDone} />
      {decides ? (
        <Editor record={record} draft={draft} onDone={onDone} />
      ) : (
        <p className="rounded-sm border border-line p-3 text-sm break-words whitespace-pre-wrap">{draft.text}</p>
      )}
      {draft.revision === 0 ? null : <Changes incidentId={record.id} draft={draft} />}
      <HowMade incidentId={record.id} draft={draft} />
    </div>
  );
}

function Editor(props: { readonly record: IncidentRecord; readonly draft: DraftView; readonly onDone: () => void }) {
  const { record, draft, onDone } = props;
  const { place } = draft;
  // What this person saw: another's edit that comes meanwhile must not slip under his hand.
  const [seen, setSeen] = useState({ revision: draft.revision, text: draft.text });
  const [text, setText] = useState(draft.text);
  const [keptBecause, setKeptBecause] = useState("");
  const [because, setBecause] = useState<string | null>(null);
  const look = (at: Pick<DraftView, "revision" | "text">, write = at.text): void => {
    setSeen({ revision: at.revision, text: at.text });
    setText(write);
  };
  const act = useDraftAction(record.id, { draft, revision: seen.revision, onSaved: look, onSettled: onDone });
  const overtaken = draft.revision > seen.revision && !act.isPending;
  const dirty = text.trim() !== seen.text;
  const may = mayWith(record)(place === "note" ? "incident:note" : "incident:edit");
  const kept = keptBecause.trim() === "" ? {} : { keptBecause: keptBecause.trim() };
  return (
    <div className="grid gap-3">
      <TextArea
        label={`Text for ${placeWords[place]}`}
        rows={6}
        maxLength={10_000}
        value={text}
        onChange={(event) => setText(event.target.value)}
        hint="Check it against what it was made from. What you accept stands in the case in your name."
      />
      <TextCheck text={text} keptBecause={keptBecause} onKeptBecause={setKeptBecause} />
      {act.isError ? <ErrorState fault={act.error} /> : null}
      {overtaken ? (
        <Overtaken draft={draft} onTheirs={() => look(draft)} onMine={dirty ? () => look(draft, text) : null} />
      ) : null}
      {because === null ? (
        <div className="flex flex-wrap justify-end gap-2">
          <Button look="danger" disabled={overtaken} onClick={() => setBecause("")}>
            Refuse
          </Button>
          <Button
            look={dirty ? "primary" : "plain"}
            disabled={!dirty || overtaken || text.trim() === ""}
            busy={act.isPending && act.variables.verb === "revisions"}
            onClick={() => act.mutate({ verb: "revisions", body: { text: text.trim() } })}
          >
            Save my edit
          </Button>
          <Button
            look={dirty ? "plain" : "primary"}
            disabled={dirty || overtaken || !may}
            busy={act.isPending && act.variables.verb === "accept"}
            onClick={() => act.mutate({ verb: "accept", body: kept })}
          >
            {place === "note" ? "Accept as a note" : "Accept as the summary"}
          </Button>
        </div>
      ) : (
        <Refusal
          because={because}
          busy={act.isPending}
          onBecause={setBecause}
          onRefuse={() => act.mutate({ verb: "refuse", body: { because: because.trim() } })}
        />
      )}
      {because === null ? (
        <p className="text-right text-xs text-ink-muted empty:hidden">{waitsFor({ dirty, may })}</p>
      ) : null}
    </div>
  );
}

/** What stands between this person and accepting; empty: nothing. */
function waitsFor({ dirty, may }: { readonly dirty: boolean; readonly may: boolean }): string {
  if (!may) return "Whoever may correct the case accepts its summary.";
  return dirty ? "Save your edit first: you accept what was saved." : "";
}

/** Somebody else was quicker: what he wrote, and the choice which text to go on with. */
function Overtaken(props: {
  readonly draft: DraftView;
  readonly onTheirs: () => void;
  readonly onMine: (() => void) | null;
}) {
  const { draft, onTheirs, onMine } = props;
  return (
    <div aria-live="polite" className="grid gap-2 rounded-md border border-warn bg-warn-wash p-3 text-sm">
      <p className="font-medium">Somebody edited it meanwhile. It reads now:</p>
      <p className="break-words whitespace-pre-wrap">{draft.text}</p>
      <div className="flex flex-wrap justify-end gap-2">
        {onMine === null ? null : <Button onClick={onMine}>Go on with mine</Button>}
        <Button look="primary" onClick={onTheirs}>
          Go on with theirs
        </Button>
      </div>
    </div>
  );
}

type Acting = {
  readonly draft: DraftView;
  readonly revision: number;
  readonly onSaved: (saved: DraftView) => void;
  readonly onSettled: () => void;
};

/** Posts what a person does to the revision that he saw. */
function useDraftAction(incidentId: string, { draft, revision, onSaved, onSettled }: Acting) {
  const queries = useQueryClient();
  const toasts = useToasts();
  return useMutation({
    mutationFn: ({ verb, body }: Doing) =>
      request<DraftView>(`${draftPath(incidentId, draft.id)}/${verb}`, { method: "POST", body: { revision, ...body } }),
    onSuccess: (saved, { verb }) => {
      if (verb === "revisions") return onSaved(saved);
      onSettled();
      const accepted = `Accepted in your name: ${placeWords[draft.place]}.`;
      return toasts.show({ says: verb === "accept" ? accepted : "The draft is put away." });
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["incident", incidentId] }),
  });
}

function Refusal(props: {
  readonly because: string;
  readonly busy: boolean;
  readonly onBecause: (because: string | null) => void;
  readonly onRefuse: () => void;
}) {
  const { because, busy, onBecause, onRefuse } = props;
  return (
    <form
      className="grid gap-3 rounded-md border border-line p-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (because.trim().length >= 2) onRefuse();
      }}
    >
      <TextArea
        label="Why it is refused"
        rows={2}
        maxLength={2000}
        value={because}
        onChange={(event) => onBecause(event.target.value)}
        hint="One sentence. It stays on the record as yours; the draft is put away for good."
      />
      <div className="flex justify-end gap-2">
        <Button look="quiet" onClick={() => onBecause(null)}>
          Back
        </Button>
        <Button type="submit" look="danger" busy={busy} disabled={because.trim().length < 2}>
          Refuse it
        </Button>
      </div>
    </form>
  );
}

function Changes({ incidentId, draft }: { readonly incidentId: string; readonly draft: DraftView }) {
  const diff = useQuery(draftDiffQuery(incidentId, draft.id, draft.revision));
  return (
    <section className="grid gap-2">
      <h3 className="text-sm font-semibold">What people changed in the program's text</h3>
      <Loaded query={diff} says="Comparing" lines={3}>
        {(found) => <DiffView diff={found} />}
      </Loaded>
    </section>
  );
}

function Inputs(props: {
  readonly record: IncidentRecord;
  readonly draft: DraftView;
  readonly onLeave: () => void; // the section behind the dialog is wanted
}) {
  const { record, draft, onLeave } = props;
  return (
    <section className="grid gap-2">
      <h3 className="text-sm font-semibold">Made from</h3>
      {draft.inputs.length === 0 ? (
        <p className="text-sm text-ink-muted">The program names nothing of the case that it was made from.</p>
      ) : (
        <ul className="grid gap-1 text-sm">
          {draft.inputs.map((input) => {
            const { says, at, tab } = inputText(input, record);
            return (
              <li key={`${input.kind} ${input.id}`} className="flex flex-wrap gap-x-2">
                <Link
                  to="/incidents/$id"
                  params={{ id: record.id }}
                  search={{ tab }}
                  onClick={onLeave}
                  className="min-w-0 break-words underline"
                >
                  {says}
                </Link>
                {at === null ? null : (
                  <span className="text-ink-muted">
                    <Moment at={at} />
                  </span>
                )}
              </li>
            );
          })}
        </ul>
      )}
    </section>
  );
}

/** For whoever checks the program: what it was told, with which settings, and every hand that the text went through. */
function HowMade({ incidentId, draft }: { readonly incidentId: string; readonly draft: DraftView }) {
  const [shown, setShown] = useState(false);
  const detail = useQuery({ ...draftQuery(incidentId, draft.id), enabled: shown });
  const parameters = Object.entries(draft.parameters);
  return (
    <details className="text-sm" onToggle={(event) => setShown(event.currentTarget.open)}>
      <summary className="cursor-pointer font-semibold pointer-coarse:min-h-(--tap)">How it was made</summary>
      <div className="mt-2 grid gap-3">
        <p className="break-words">
          Handed in by {draft.program ?? draft.offeredBy} <Moment at={draft.offeredAt} />, written{" "}
          <Moment at={draft.writtenAt} /> by the program's clock.
        </p>
        {parameters.length === 0 ? null : (
          <p className="break-words">
            Settings: {parameters.map(([name, value]) => `${name} ${JSON.stringify(value)}`).join(", ")}
          </p>
        )}
        <p className="break-all">
          SHA-256 of the prompt: <code className="text-xs">{draft.promptSha256}</code>
        </p>
        {draft.promptKept ? (
          <Loaded query={detail} says="Loading the prompt" lines={2}>
            {({ prompt }) => (
              <p className="max-h-60 overflow-y-auto rounded-sm bg-sunken p-3 break-words whitespace-pre-wrap">
                {prompt}
              </p>
            )}
          </Loaded>
        ) : null}
        <ol className="grid gap-1 text-xs text-ink-muted">
          {draft.revisions.map(({ number, by, at }) => (
            <li key={number} className="break-words">
              {number === 0 ? "Drafted" : `Edit ${number}`} by <Who actor={by} />, <Moment at={at} />
            </li>
          ))}
          {draft.settled === null ? null : (
            <li className="break-words">
              {draft.state === "accepted" ? "Accepted" : "Refused"} by <Who actor={draft.settled.by} />,{" "}
              <Moment at={draft.settled.at} />
            </li>
          )}
        </ol>
      </div>
    </details>
  );
}
