import type { FieldChange, IncidentRecord, JsonValue } from "@tillwatch/wire";
import { ArrowRight, History } from "lucide-react";
import { Card } from "../design/card.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { Moment } from "../design/time.tsx";
import { Who } from "../people/who.tsx";
import { fieldWords, valueWords } from "./history-words.ts";

/** Every change of every field, with what was there before: nothing is ever overwritten without a trace. */
export function HistoryPanel({ record }: { readonly record: IncidentRecord }) {
  return (
    <Card title="Every change of every field" flush>
      {record.history.length === 0 ? (
        <EmptyState icon={History} title="Unchanged since it was opened" />
      ) : (
        <ol>
          {record.history.map((change) => (
            <Change key={`${change.at}-${change.field}-${JSON.stringify(change.after)}`} change={change} />
          ))}
        </ol>
      )}
    </Card>
  );
}

function Change({ change }: { readonly change: FieldChange }) {
  return (
    <li className="grid gap-x-4 gap-y-0.5 border-b border-line px-4 py-2.5 text-sm last:border-0 md:grid-cols-[9rem_minmax(0,1fr)]">
      <p className="font-medium break-words">{fieldWords(change.field)}</p>
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-x-2">
          <span className="sr-only">from </span>
          <Value field={change.field} value={change.before} />
          <ArrowRight className="size-3.5 shrink-0 text-ink-muted" aria-label="to" />
          <Value field={change.field} value={change.after} />
        </p>
        <p className="break-words text-ink-soft">{change.because}</p>
        <p className="text-xs text-ink-muted">
          <Who actor={change.actor} /> · <Moment at={change.at} />
        </p>
      </div>
    </li>
  );
}

function Value({ field, value }: { readonly field: string; readonly value: JsonValue }) {
  const text = valueWords(value, field);
  if (text === null) return <span className="text-ink-muted">empty</span>;
  if (isInstant.test(text)) return <Moment at={text} />;
  return <span className="min-w-0 break-words">{text}</span>;
}

const isInstant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
