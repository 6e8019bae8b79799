import type { AuditEntryView } from "@tillwatch/wire";
import { ChevronRight } from "lucide-react";
import { Link } from "@tanstack/react-router";
import type { Names } from "../api/shapes.ts";
import { useMay } from "../app/may.ts";
import { Moment } from "../design/time.tsx";
import { sentenceOf, thingWord, whyOf } from "./record-words.ts";

type Entries = { readonly entries: readonly AuditEntryView[]; readonly names: Names };

/** Entries as sentences a lawyer reads; each opens to its body, its proof, and the questions that come next. */
export function EntryList({ entries, names }: Entries) {
  return (
    <ol>
      {entries.map((entry) => (
        <EntryItem key={entry.id} entry={entry} names={names} />
      ))}
    </ol>
  );
}

function EntryItem({ entry, names }: { readonly entry: AuditEntryView; readonly names: Names }) {
  const { actor, did, thing } = sentenceOf(entry, names);
  return (
    <li id={`entry-${entry.id}`} className="border-b border-line last:border-0">
      <details className="group/entry">
        <summary className="grid grid-cols-[2.75rem_minmax(0,1fr)_auto] gap-x-3 px-4 py-2 -outline-offset-2 hover:bg-hover">
          <span
            className="text-right font-mono text-xs leading-5 text-ink-muted"
            title="Place in the log; the next checkpoint gives it one"
          >
            {entry.index ?? "next"}
          </span>
          <span className="min-w-0 text-sm">
            <span className="block break-words">
              <span className="font-medium" title={entry.actor}>
                {actor}
              </span>{" "}
              {did} <span className="font-medium">{thing}</span>
            </span>
            <span className="block break-words text-ink-soft">{whyOf(entry)}</span>
            <span className="block text-xs text-ink-muted">
              <Moment at={entry.at} /> · {entry.kind}
            </span>
          </span>
          <ChevronRight className="mt-0.5 size-4 text-ink-muted group-open/entry:rotate-90" aria-hidden="true" />
        </summary>
        <div className="grid gap-2 bg-sunken px-4 py-3">
          <pre
            // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- scrolls, so the keyboard must reach it
            tabIndex={0}
            aria-label="Body of the entry"
            className="max-h-80 overflow-auto font-mono text-xs"
          >
            {JSON.stringify({ id: entry.id, subject: entry.subject, body: entry.body }, null, 2)}
          </pre>
          <div className="flex flex-wrap gap-x-4 gap-y-2 text-sm">
            <NextQuestions entry={entry} actor={actor} />
            {entry.index === null ? null : (
              <a className={linkLook} href={`/api/v1/audit/${entry.id}/proof`} download={`proof-${entry.index}.txt`}>
                Proof that it stands in the log (C2SP tlog-proof)
              </a>
            )}
          </div>
        </div>
      </details>
    </li>
  );
}

const linkLook = "w-fit text-accent-strong underline underline-offset-2";

/** What somebody who reads an entry asks next: nobody copies an id for it. */
function NextQuestions({ entry, actor }: { readonly entry: AuditEntryView; readonly actor: string }) {
  const may = useMay();
  if (!may("audit:read")) return null;
  const { kind, id } = entry.subject;
  const about = kind === "incident" ? { incident: id } : { subject: id };
  return (
    <>
      {kind === "search" ? null : (
        <Link to="/audit" search={{ did: "saw", ...about }} className={linkLook}>
          Who saw this {thingWord(kind)}?
        </Link>
      )}
      {entry.actor === "machine" ? null : (
        <Link to="/audit" search={{ actor: entry.actor }} className={linkLook}>
          What did {actor} do?
        </Link>
      )}
    </>
  );
}
