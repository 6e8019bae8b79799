import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { IncidentRecord } from "@tillwatch/wire";
import { useState } from "react";
import { sitesQuery } from "../api/queries.ts";
import { request } from "../api/request.ts";
import { Button } from "../design/button.tsx";
import { FormActions } from "../design/form-actions.tsx";
import { Dialog } from "../design/dialog.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { Select, TextArea, TextField } from "../design/field.tsx";
import { correctionOf, draftOf, type Correction, type CorrectionDraft } from "./correction.ts";

/** Corrects and completes the record; the history keeps what was there before. */
export function CorrectRecord({ record }: { readonly record: IncidentRecord }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>Correct or complete</Button>
      <Dialog title={`Record of ${record.ref}`} open={open} onClose={() => setOpen(false)}>
        <CorrectForm record={record} onDone={() => setOpen(false)} />
      </Dialog>
    </>
  );
}

function CorrectForm({ record, onDone }: { readonly record: IncidentRecord; readonly onDone: () => void }) {
  const queries = useQueryClient();
  const sites = useQuery(sitesQuery);
  const site = sites.data?.items.find((known) => known.id === record.siteId);
  const currency = record.value.currency ?? site?.currency ?? "EUR";
  const [draft, setDraft] = useState(() => draftOf(record, currency));
  const set = (news: Partial<CorrectionDraft>): void => setDraft({ ...draft, ...news });
  const correction = correctionOf(draft, record, currency);
  const save = useMutation({
    mutationFn: (body: Correction) =>
      request<unknown>(`/api/v1/incidents/${encodeURIComponent(record.id)}`, { method: "PATCH", body }),
    onSuccess: async () => {
      onDone();
      await queries.invalidateQueries({ queryKey: ["incident", record.id] });
    },
  });
  return (
    <form
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (correction !== null) save.mutate(correction);
      }}
    >
      <TextArea
        label="Summary"
        rows={3}
        value={draft.summary}
        onChange={(event) => set({ summary: event.target.value })}
      />
      <Select label="Where in the shop" value={draft.zoneId} onChange={(event) => set({ zoneId: event.target.value })}>
        <option value="">Not known</option>
        {(site?.zones ?? []).map((zone) => (
          <option key={zone.id} value={zone.id}>
            {zone.name}
          </option>
        ))}
      </Select>
      <Numbers draft={draft} currency={currency} onSet={set} />
      <TextField
        label="Because (if you want to add something)"
        value={draft.because}
        onChange={(event) => set({ because: event.target.value })}
      />
      {correction === null ? (
        <p className="text-sm font-medium text-bad">Amounts and people are numbers, for example 49.90 and 2.</p>
      ) : null}
      {save.isError ? <ErrorState fault={save.error} /> : null}
      <FormActions
        onCancel={onDone}
        busy={save.isPending}
        disabled={correction === null || Object.keys(correction).length === 0}
      >
        Save
      </FormActions>
    </form>
  );
}

function Numbers(props: {
  readonly draft: CorrectionDraft;
  readonly currency: string;
  readonly onSet: (news: Partial<CorrectionDraft>) => void;
}) {
  const { draft, currency, onSet } = props;
  return (
    <div className="grid gap-4 sm:grid-cols-3">
      <TextField
        label={`Lost (${currency})`}
        inputMode="decimal"
        value={draft.lost}
        onChange={(event) => onSet({ lost: event.target.value })}
      />
      <TextField
        label={`Recovered (${currency})`}
        inputMode="decimal"
        value={draft.recovered}
        onChange={(event) => onSet({ recovered: event.target.value })}
      />
      <TextField
        label="People involved"
        inputMode="numeric"
        value={draft.people}
        onChange={(event) => onSet({ people: event.target.value })}
      />
    </div>
  );
}
