import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { IncidentRecord } from "@tillwatch/wire";
import { useState } from "react";
import { request } from "../api/request.ts";
import { FormActions } from "../design/form-actions.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { TextArea, TextField } from "../design/field.tsx";
import { wordsOf } from "../policy/policy-words.ts";
import { Choice, wordOptions } from "../design/choice.tsx";

const matterMin = 3;
export const holdReasonMin = 10; // as the server asks for them

/** For which matter, on what ground, why. Asks for a second proof through the request itself. */
export function HoldForm(props: {
  readonly record: IncidentRecord;
  readonly grounds: readonly string[];
  readonly onDone: () => void;
}) {
  const { record, grounds, onDone } = props;
  const queries = useQueryClient();
  const [matter, setMatter] = useState("");
  const [ground, setGround] = useState("");
  const [because, setBecause] = useState("");
  const body = { matter: matter.trim(), ground, because: because.trim() };
  const whole = body.matter.length >= matterMin && ground !== "" && body.because.length >= holdReasonMin;
  const hold = useMutation({
    mutationFn: () =>
      request<unknown>(`/api/v1/incidents/${encodeURIComponent(record.id)}/holds`, { method: "POST", body }),
    onSuccess: onDone,
    onSettled: () => queries.invalidateQueries({ queryKey: ["incident", record.id] }),
  });
  return (
    <form
      className="grid grid-cols-1 gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (whole) hold.mutate();
      }}
    >
      <p className="text-sm">While it is in force nothing of the case is purged, erased or destroyed, whoever asks.</p>
      <TextField
        label="Matter"
        required
        maxLength={200}
        value={matter}
        onChange={(event) => setMatter(event.target.value)}
        hint="The claim or proceeding, for example its number."
      />
      <Choice label="Legal ground" value={ground} options={wordOptions(grounds, wordsOf)} onChoose={setGround} />
      <TextArea
        label="Because"
        rows={2}
        maxLength={2000}
        required
        value={because}
        onChange={(event) => setBecause(event.target.value)}
        hint={`A sentence, of ${holdReasonMin} letters at least. It stands in the record.`}
      />
      {hold.isError ? <ErrorState fault={hold.error} /> : null}
      <FormActions onCancel={onDone} busy={hold.isPending} disabled={!whole}>
        Hold it
      </FormActions>
    </form>
  );
}
