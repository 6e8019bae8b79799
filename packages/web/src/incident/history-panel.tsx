import type { FieldChange, IncidentRecord, JsonValue } from "@tillwatch/wire";
import { History } from "lucide-react";
import { Card } from "../design/card.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { Table, type Column } from "../design/table.tsx";
import { Moment } from "../design/time.tsx";

const columns: readonly Column<FieldChange>[] = [
  { id: "at", title: "When", cell: (change) => <Moment at={change.at} /> },
  { id: "field", title: "Field", cell: (change) => <span className="font-medium">{change.field}</span> },
  { id: "before", title: "Before", cell: (change) => <Value value={change.before} /> },
  { id: "after", title: "After", cell: (change) => <Value value={change.after} /> },
  { id: "actor", title: "Who", cell: (change) => change.actor },
  { id: "because", title: "Because", cell: (change) => change.because },
];

export function HistoryPanel({ record }: { readonly record: IncidentRecord }) {
  return (
    <Card title="Every change of every field" flush>
      {record.history.length === 0 ? (
        <EmptyState icon={History} title="Unchanged since it was opened" />
      ) : (
        <Table
          label="History of the fields"
          columns={columns}
          rows={record.history}
          idOf={(change) => `${change.at}-${change.field}`}
        />
      )}
    </Card>
  );
}

function Value({ value }: { readonly value: JsonValue }) {
  if (value === null) return <span className="text-ink-muted">empty</span>;
  return <span className="break-words">{typeof value === "object" ? JSON.stringify(value) : String(value)}</span>;
}
