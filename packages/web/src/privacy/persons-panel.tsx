import { useMutation } from "@tanstack/react-query";
import type { IncidentPage, PersonFound } from "@tillwatch/wire";
import { UserSearch } from "lucide-react";
import { useState } from "react";
import { ApiProblem, request } from "../api/request.ts";
import { Tag } from "../design/badge.tsx";
import { Button } from "../design/button.tsx";
import { Card } from "../design/card.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { Select, TextArea, TextField } from "../design/field.tsx";
import { subjectWords } from "./subject-words.ts";

const kinds = [
  ["name", "Name"],
  ["mail", "Mail address"],
  ["phone", "Telephone"],
  ["plate", "Number plate"],
  ["member_number", "Member number"],
] as const;

/** As the server's own; what is not about a case has no door here. */
const purposes = [
  ["security", "Security: somebody comes back"],
  ["claims", "A legal claim"],
  ["safety_duty", "A duty to protect people"],
  ["subject_request", "A request of the person"],
] as const;

type Draft = {
  readonly kind: string;
  readonly value: string;
  readonly country: string;
  readonly purpose: string;
  readonly ref: string;
  readonly because: string;
};

const empty: Draft = { kind: "name", value: "", country: "BE", purpose: "security", ref: "", because: "" };
const reasonMin = 10;

/** Whether somebody is known: asked for a case and a purpose, answered with a token, never with a name. */
export function PersonsPanel() {
  const [draft, setDraft] = useState(empty);
  const lookUp = useMutation({ mutationFn: () => askFor(draft) });
  return (
    <div className="grid items-start gap-4 xl:grid-cols-[minmax(0,1fr)_26rem]">
      <Card title="Is somebody known?">
        <p className="mb-4 max-w-prose text-sm text-ink-muted">
          You give what you have; you get a token, never a name or an address. Each look-up stands in the record with
          its purpose and case, and many of one person are noticed.
        </p>
        <LookUpForm draft={draft} onChange={setDraft} busy={lookUp.isPending} onAsk={() => lookUp.mutate()} />
        {lookUp.isError ? (
          <div className="mt-4">
            <ErrorState fault={lookUp.error} />
          </div>
        ) : null}
      </Card>
      <Card title="Answer" flush>
        <div aria-live="polite">
          {lookUp.data === undefined ? (
            <p className="px-4 py-3 text-sm text-ink-muted">Nothing asked yet.</p>
          ) : lookUp.data.length === 0 ? (
            <EmptyState icon={UserSearch} title="Nobody is known by this" />
          ) : (
            <ul>
              {lookUp.data.map((found) => (
                <FoundLine key={found.token} found={found} />
              ))}
            </ul>
          )}
        </div>
      </Card>
    </div>
  );
}

/** The case is named as people name it; its id is found first. */
async function askFor({ kind, value, country, purpose, ref, because }: Draft): Promise<readonly PersonFound[]> {
  const incidentId = purpose === "subject_request" && ref.trim() === "" ? null : await idOfReference(ref.trim());
  const body = {
    kind,
    value: value.trim(),
    country,
    purpose,
    because: because.trim(),
    ...(incidentId === null ? {} : { incidentId }),
  };
  const found = await request<{ readonly items: readonly PersonFound[] }>("/api/v1/known-persons/lookup", {
    method: "POST",
    body,
  });
  return found.items;
}

async function idOfReference(ref: string): Promise<string> {
  const page = await request<IncidentPage>(`/api/v1/incidents?q=${encodeURIComponent(ref)}&limit=5`);
  const found = page.items.find((item) => item.ref.toLowerCase() === ref.toLowerCase());
  if (found !== undefined) return found.id;
  throw new ApiProblem({
    type: "https://tillwatch.org/errors#web_case_unknown",
    title: "No such case",
    status: 0,
    code: "web_case_unknown",
    detail: `You see no case with the reference ${ref}.`,
    remedy: "Copy the reference from the page of the incident, for example TW-2026-000123.",
  });
}

function LookUpForm(props: {
  readonly draft: Draft;
  readonly onChange: (draft: Draft) => void;
  readonly busy: boolean;
  readonly onAsk: () => void;
}) {
  const { draft, onChange, busy, onAsk } = props;
  const set = (news: Partial<Draft>): void => onChange({ ...draft, ...news });
  const needsCase = draft.purpose !== "subject_request";
  const complete =
    draft.value.trim().length > 1 &&
    draft.because.trim().length >= reasonMin &&
    (!needsCase || draft.ref.trim() !== "");
  return (
    <form
      className="grid items-start gap-4 sm:grid-cols-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (complete) onAsk();
      }}
    >
      <Select label="By" value={draft.kind} onChange={(event) => set({ kind: event.target.value })}>
        {kinds.map(([value, says]) => (
          <option key={value} value={value}>
            {says}
          </option>
        ))}
      </Select>
      <TextField
        label="What you have"
        autoComplete="off"
        maxLength={300}
        value={draft.value}
        onChange={(event) => set({ value: event.target.value })}
      />
      <Select label="What for" value={draft.purpose} onChange={(event) => set({ purpose: event.target.value })}>
        {purposes.map(([value, says]) => (
          <option key={value} value={value}>
            {says}
          </option>
        ))}
      </Select>
      <TextField
        label={needsCase ? "Case" : "Case (not needed)"}
        value={draft.ref}
        placeholder="TW-2026-000123"
        onChange={(event) => set({ ref: event.target.value })}
      />
      <TextField
        label="Country"
        maxLength={6}
        value={draft.country}
        onChange={(event) => set({ country: event.target.value.toUpperCase() })}
        hint="For telephone numbers without their code."
      />
      <TextArea
        label="Because"
        rows={2}
        maxLength={2000}
        value={draft.because}
        onChange={(event) => set({ because: event.target.value })}
        hint={`At least ${reasonMin} letters. Not possible: staff matters, marketing.`}
      />
      <Button type="submit" look="primary" busy={busy} disabled={!complete} className="justify-self-start">
        Look up
      </Button>
    </form>
  );
}

function FoundLine({ found }: { readonly found: PersonFound }) {
  return (
    <li className="grid gap-1 border-b border-line px-4 py-3 text-sm last:border-0">
      <p className="font-mono text-xs break-all">{found.token}</p>
      <p className="flex flex-wrap items-center gap-2">
        <span>{subjectWords[found.kind] ?? found.kind}</span>
        {found.marks.map((mark) => (
          <Tag key={mark} tone="warn">
            {mark}: used no further
          </Tag>
        ))}
      </p>
    </li>
  );
}
