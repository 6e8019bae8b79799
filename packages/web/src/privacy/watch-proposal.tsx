import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { IncidentRecord } from "@tillwatch/wire";
import { useState } from "react";
import { request } from "../api/request.ts";
import { Button } from "../design/button.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { Select, TextArea, TextField } from "../design/field.tsx";
import { useToasts } from "../design/toast.tsx";
import { wordsOf } from "../policy/policy-words.ts";
import { descriptorsQuery, watchQuery } from "./privacy-queries.ts";
import { emptyProposal, problemsOf, proposalBodyOf, type Proposal } from "./watch-words.ts";

/** Proposes to watch for the first person of a report. What is missing is said at its field, before the server is asked. */
export function ProposeForm({ record, onDone }: { readonly record: IncidentRecord; readonly onDone: () => void }) {
  const queries = useQueryClient();
  const toasts = useToasts();
  const daysMax = useQuery(watchQuery).data?.daysMax ?? 90;
  const [draft, setDraft] = useState(emptyProposal);
  const [asked, setAsked] = useState(false);
  const problems = problemsOf(draft, daysMax);
  const propose = useMutation({
    mutationFn: () =>
      request<unknown>("/api/v1/watch-entries", { method: "POST", body: proposalBodyOf(draft, record, Date.now()) }),
    onSuccess: async () => {
      onDone();
      toasts.show({ says: "Proposed. Another person approves it under Privacy, Watch list." });
      await queries.invalidateQueries({ queryKey: ["watch-entries"] });
    },
  });
  return (
    <form
      noValidate
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        setAsked(true);
        if (Object.keys(problems).length === 0) propose.mutate();
      }}
    >
      <p className="text-sm text-ink-muted">
        Another person must approve it. It takes the description of the first person of the report. Minors, and whoever
        might be one, are never listed.
      </p>
      <ProposalFields draft={draft} problems={asked ? problems : {}} onChange={setDraft} />
      {propose.isError ? <ErrorState fault={propose.error} /> : null}
      <Button type="submit" look="primary" busy={propose.isPending}>
        Propose
      </Button>
    </form>
  );
}

function ProposalFields(props: {
  readonly draft: Proposal;
  readonly problems: ReturnType<typeof problemsOf>;
  readonly onChange: (draft: Proposal) => void;
}) {
  const { draft, problems, onChange } = props;
  const grounds = useQuery(watchQuery).data?.grounds ?? [];
  const bands = useQuery(descriptorsQuery).data?.descriptors.find(({ code }) => code === "age_band")?.values ?? [];
  const of = (name: keyof Proposal) => ({
    value: draft[name],
    error: problems[name] ?? null,
    onChange: (event: { readonly target: { readonly value: string } }) =>
      onChange({ ...draft, [name]: event.target.value }),
  });
  return (
    <>
      <Select label="Age" {...of("ageBand")}>
        <option value="">Not known</option>
        {bands.map(({ code, title }) => (
          <option key={code} value={code}>
            {title}
          </option>
        ))}
      </Select>
      <Select label="Ground" {...of("ground")}>
        <option value="">Choose</option>
        {grounds.map((one) => (
          <option key={one} value={one}>
            {wordsOf(one)}
          </option>
        ))}
      </Select>
      <TextField label="Days" inputMode="numeric" {...of("days")} />
      <TextArea label="Because" rows={2} {...of("because")} />
    </>
  );
}
