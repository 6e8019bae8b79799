import type { Completeness, IncidentRecord } from "@tillwatch/wire";
import { Circle, CircleCheck } from "lucide-react";
import { useState } from "react";
import { mayWith } from "../app/may.ts";
import { Button } from "../design/button.tsx";
import { Card } from "../design/card.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { Select, TextArea } from "../design/field.tsx";
import { percent } from "../design/words.ts";
import { DraftsCard } from "../draft/drafts-card.tsx";
import { HoldCard } from "../hold/hold-card.tsx";
import { PeopleCard } from "../privacy/people-card.tsx";
import { TextCheck } from "../privacy/text-check.tsx";
import { ShareCard } from "../share/share-card.tsx";
import { ColleaguesCard } from "./colleagues-card.tsx";
import { keepNote, readNote } from "./note-draft.ts";
import { OwnerCard } from "./owner-card.tsx";
import { OverrideCard } from "./override-card.tsx";
import { TransitionCard } from "./transition-card.tsx";
import { useIncidentAction } from "./use-incident-action.ts";

/** What a person does with it, in the order it is usually done; only what this person may do. */
export function WorkPanel({ record }: { readonly record: IncidentRecord }) {
  const may = mayWith(record);
  return (
    <>
      {may("incident:edit") && record.state !== "closed" ? <OwnerCard record={record} /> : null}
      {may("incident:move") ? <TransitionCard record={record} /> : null}
      {record.sop.length === 0 && record.playbooks.length === 0 ? null : <StepsCard record={record} />}
      <CompletenessCard completeness={record.completenessDetail} />
      <DraftsCard record={record} />
      {may("incident:note") ? <NoteCard record={record} /> : null}
      {may("incident:note") ? <PeopleCard record={record} /> : null}
      {may("incident:override") ? <OverrideCard record={record} /> : null}
      <ShareCard record={record} />
      <HoldCard record={record} />
      <ColleaguesCard record={record} />
    </>
  );
}

function StepsCard({ record }: { readonly record: IncidentRecord }) {
  return (
    <Card title="What to do now">
      <ol className="grid list-decimal gap-1.5 pl-5 text-sm marker:text-ink-muted">
        {record.sop.map((step) => (
          <li key={step} className="pl-1">
            {step}
          </li>
        ))}
      </ol>
      {record.playbooks.map((playbook) => (
        <p key={playbook.id} className="mt-3 border-t border-line pt-3 text-sm">
          <span className="font-medium">Playbook: {playbook.title}</span>
          <span className="block text-xs text-ink-muted">{playbook.because}</span>
        </p>
      ))}
    </Card>
  );
}

function CompletenessCard({ completeness }: { readonly completeness: Completeness }) {
  return (
    <Card
      title="Evidence"
      aside={<span className="text-sm font-semibold">{percent(completeness.value)} complete</span>}
    >
      <ul className="grid gap-2 text-sm">
        {completeness.items.map((item) => (
          <li key={item.code} className="flex gap-2">
            {item.present ? (
              <CircleCheck className="mt-0.5 size-4 shrink-0 text-good" aria-hidden="true" />
            ) : (
              <Circle className="mt-0.5 size-4 shrink-0 text-line-strong" strokeDasharray="3 3" aria-hidden="true" />
            )}
            <span className="min-w-0">
              <span className={item.present ? "text-ink-soft" : "font-medium"}>
                <span className="sr-only">{item.present ? "There: " : "Missing: "}</span>
                {item.title}
              </span>
              {item.present ? null : <span className="block text-xs text-ink-muted">{item.howToGet}</span>}
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

type NewNote = { readonly text: string; readonly covers?: string; readonly keptBecause?: string };

function NoteCard({ record }: { readonly record: IncidentRecord }) {
  const [covers, setCovers] = useState("");
  const missing = record.completenessDetail.items.filter((item) => !item.present);
  const [text, setTyped] = useState(() => readNote(record.id));
  const setText = (typed: string): void => {
    setTyped(typed);
    keepNote(record.id, typed);
  };
  const [keptBecause, setKeptBecause] = useState("");
  const note = useIncidentAction<NewNote>(record.id, "notes");
  const save = (): void =>
    note.mutate(
      {
        text: text.trim(),
        ...(covers === "" ? {} : { covers }),
        ...(keptBecause.trim() === "" ? {} : { keptBecause: keptBecause.trim() }),
      },
      {
        onSuccess: () => {
          setText("");
          setKeptBecause("");
          setCovers("");
        },
      },
    );
  return (
    <Card title="Note">
      <form
        className="grid gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim() !== "") save();
        }}
      >
        <TextArea
          label="New note"
          quietLabel
          rows={3}
          value={text}
          onChange={(event) => setText(event.target.value)}
          placeholder="What you saw or did. No names."
        />
        <TextCheck text={text} keptBecause={keptBecause} onKeptBecause={setKeptBecause} />
        {missing.length === 0 ? null : (
          <Select
            label="Missing evidence that this note provides"
            value={covers}
            onChange={(event) => setCovers(event.target.value)}
          >
            <option value="">None</option>
            {missing.map((item) => (
              <option key={item.code} value={item.code}>
                {item.title}
              </option>
            ))}
          </Select>
        )}
        {note.isError ? <ErrorState fault={note.error} onRetry={save} /> : null}
        <Button type="submit" busy={note.isPending} disabled={text.trim() === ""} className="justify-self-start">
          Add note
        </Button>
      </form>
    </Card>
  );
}
