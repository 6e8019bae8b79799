import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Inbox, Plus } from "lucide-react";
import { useState } from "react";
import { request } from "../api/request.ts";
import { Tag, type Tone } from "../design/badge.tsx";
import { Button } from "../design/button.tsx";
import { Card } from "../design/card.tsx";
import { Dialog } from "../design/dialog.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { Select, TextArea, TextField } from "../design/field.tsx";
import { Table, type Column } from "../design/table.tsx";
import { Loaded } from "./loaded.tsx";
import { IdentifierFields, type Known } from "./identifier-fields.tsx";
import { requestsQuery, type RequestRow } from "./privacy-queries.ts";
import { RequestDialog } from "./request-dialog.tsx";
import { identifiersOf, identityWords, kindWords } from "./request-words.ts";

function clockOf(row: RequestRow): { readonly tone: Tone; readonly says: string } {
  if (row.state !== "open") return { tone: row.state === "answered" ? "good" : "plain", says: row.state };
  if (row.overdue) return { tone: "bad", says: `overdue since ${row.dueAt.slice(0, 10)}` };
  const days = row.daysLeft ?? 0;
  return { tone: days <= 7 ? "warn" : "plain", says: `${days} ${days === 1 ? "day" : "days"} left` };
}

const columnsWith = (open: (id: string) => void): readonly Column<RequestRow>[] => [
  {
    id: "ref",
    title: "Request",
    cell: (row) => (
      <button
        type="button"
        onClick={() => open(row.id)}
        className="font-mono text-sm font-medium text-accent-strong underline underline-offset-2 pointer-coarse:min-h-(--tap)"
      >
        {row.ref}
      </button>
    ),
  },
  { id: "kind", title: "Asks for", cell: ({ kind }) => kindWords[kind] ?? kind },
  { id: "who", title: "Who", cell: ({ subjectKind, country }) => `${subjectKind}, ${country}` },
  {
    id: "clock",
    title: "Clock",
    cell: (row) => {
      const { tone, says } = clockOf(row);
      return <Tag tone={tone}>{says}</Tag>;
    },
  },
  { id: "identity", title: "Identity", cell: ({ identity }) => identityWords[identity] ?? identity },
  { id: "received", title: "Received", cell: ({ receivedAt }) => receivedAt.slice(0, 10) },
];

export function RequestsPanel() {
  const [opened, setOpened] = useState<string | null>(null);
  const [entering, setEntering] = useState(false);
  const requests = useQuery(requestsQuery);
  return (
    <>
      <Card
        title="Requests of data subjects"
        flush
        aside={
          <Button onClick={() => setEntering(true)}>
            <Plus className="size-4" aria-hidden="true" />
            Enter a request
          </Button>
        }
      >
        <Loaded query={requests} says="Loading the requests">
          {({ items }) =>
            items.length === 0 ? (
              <EmptyState icon={Inbox} title="No request yet">
                Enter what people ask for, and the clock of their country starts with the day it came.
              </EmptyState>
            ) : (
              <Table label="Requests" columns={columnsWith(setOpened)} rows={items} idOf={(row) => row.id} />
            )
          }
        </Loaded>
      </Card>
      <Dialog title="Enter a request" open={entering} onClose={() => setEntering(false)}>
        <EnterForm onDone={() => setEntering(false)} />
      </Dialog>
      {opened === null ? null : <RequestDialog id={opened} onClose={() => setOpened(null)} />}
    </>
  );
}

function EnterForm({ onDone }: { readonly onDone: () => void }) {
  const queries = useQueryClient();
  const [kind, setKind] = useState("access");
  const [subjectKind, setSubjectKind] = useState("customer");
  const [country, setCountry] = useState("BE");
  const [received, setReceived] = useState(() => new Date().toISOString().slice(0, 10));
  const [wording, setWording] = useState("");
  const [known, setKnown] = useState<Known>({});
  const [asked, setAsked] = useState(false);
  const identifiers = identifiersOf(known);
  const unnamed = identifiers.length === 0;
  const enter = useMutation({
    mutationFn: () =>
      request<unknown>("/api/v1/subject-requests", {
        method: "POST",
        body: { kind, subjectKind, country, wording, identifiers, receivedAt: `${received}T00:00:00Z` },
      }),
    onSuccess: async () => {
      onDone();
      await queries.invalidateQueries({ queryKey: ["subject-requests"] });
    },
  });
  return (
    <form
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        setAsked(true);
        if (!unnamed) enter.mutate();
      }}
    >
      <div className="grid grid-cols-2 gap-3">
        <KindFields kind={kind} subjectKind={subjectKind} onKind={setKind} onSubjectKind={setSubjectKind} />
        <TextField
          label="Country"
          value={country}
          maxLength={6}
          onChange={(event) => setCountry(event.target.value.toUpperCase())}
        />
        <TextField
          label="Received"
          type="date"
          value={received}
          onChange={(event) => setReceived(event.target.value)}
        />
        <IdentifierFields known={known} onChange={setKnown} />
      </div>
      <TextArea
        label="What they wrote"
        rows={3}
        value={wording}
        onChange={(event) => setWording(event.target.value)}
        hint="Kept sealed with the request."
      />
      {asked && unnamed ? (
        <p role="alert" className="text-sm text-bad">
          By what is the person known? A name, an address or a number at least.
        </p>
      ) : null}
      {enter.isError ? <ErrorState fault={enter.error} /> : null}
      <Button type="submit" look="primary" busy={enter.isPending}>
        Enter
      </Button>
    </form>
  );
}

function KindFields(props: {
  readonly kind: string;
  readonly subjectKind: string;
  readonly onKind: (kind: string) => void;
  readonly onSubjectKind: (kind: string) => void;
}) {
  const { kind, subjectKind, onKind, onSubjectKind } = props;
  return (
    <>
      <Select label="Asks for" value={kind} onChange={(event) => onKind(event.target.value)}>
        {Object.entries(kindWords).map(([value, word]) => (
          <option key={value} value={value}>
            {word}
          </option>
        ))}
      </Select>
      <Select label="Who asks" value={subjectKind} onChange={(event) => onSubjectKind(event.target.value)}>
        {["customer", "employee", "reporter", "other"].map((value) => (
          <option key={value}>{value}</option>
        ))}
      </Select>
    </>
  );
}
