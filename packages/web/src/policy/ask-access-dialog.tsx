import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { request } from "../api/request.ts";
import { Button } from "../design/button.tsx";
import { FormActions } from "../design/form-actions.tsx";
import { Dialog } from "../design/dialog.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { Select, TextArea, TextField } from "../design/field.tsx";
import { useToasts } from "../design/toast.tsx";
import { GroundFields, noChoice } from "./ground-fields.tsx";

/** One case or one site; null: the person names the site. */
export type GrantPlace = { readonly incidentId: string } | { readonly siteId: string };

type Asked = { readonly place: GrantPlace | null; readonly what: string };

/** A button where a door is closed, and the dialog that it opens. */
export function AskAccessButton({ place, what, look = "plain" }: Asked & { readonly look?: "plain" | "primary" }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button look={look} onClick={() => setOpen(true)}>
        Ask for access
      </Button>
      <Dialog title={`Ask for access to ${what}`} open={open} onClose={() => setOpen(false)}>
        <AskForm place={place} what={what} onDone={() => setOpen(false)} />
      </Dialog>
    </>
  );
}

/** A site that one does not see has no list to choose from: its number is typed. */
export function SiteField(props: { readonly value: string; readonly onChange: (siteId: string) => void }) {
  return (
    <TextField
      label="Site"
      required
      value={props.value}
      maxLength={64}
      onChange={(event) => props.onChange(event.target.value)}
      hint="Its number as it stands in the directory, for example S-1002."
    />
  );
}

// As the server's own shortest: a word is no reason.
const reasonMin = 10;

const spans = [
  [4, "4 hours"],
  [8, "8 hours: a shift"],
  [24, "a day"],
  [72, "three days"],
  [168, "a week"],
  [720, "30 days"],
] as const;

function AskForm({ place, onDone }: Asked & { readonly onDone: () => void }) {
  const queries = useQueryClient();
  const toasts = useToasts();
  const [siteId, setSiteId] = useState("");
  const [choice, setChoice] = useState(noChoice);
  const [hours, setHours] = useState("8");
  const [because, setBecause] = useState("");
  const [asked, setAsked] = useState(false);
  const short = because.trim().length < reasonMin;
  const where = place ?? (siteId.trim() === "" ? null : { siteId: siteId.trim() });
  const ask = useMutation({
    mutationFn: () =>
      request<unknown>("/api/v1/grants", {
        method: "POST",
        body: { ...where, ...choice, hours: Number(hours), because: because.trim() },
      }),
    onSuccess: async () => {
      onDone();
      toasts.show({ says: "Asked. Another person decides; you see it under Access for a time." });
      await queries.invalidateQueries({ queryKey: ["grants"] });
    },
  });
  return (
    <form
      className="grid grid-cols-1 gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        setAsked(true);
        if (!short && where !== null) ask.mutate();
      }}
    >
      {place === null ? <SiteField value={siteId} onChange={setSiteId} /> : null}
      <GroundFields value={choice} onChange={setChoice} />
      <Select label="For how long" value={hours} onChange={(event) => setHours(event.target.value)}>
        {spans.map(([value, says]) => (
          <option key={value} value={value}>
            {says}
          </option>
        ))}
      </Select>
      <TextArea
        label="Why you need it"
        rows={3}
        maxLength={2000}
        value={because}
        onChange={(event) => setBecause(event.target.value)}
        hint="For whoever decides. Another person approves or refuses; both stand in the record."
        error={asked && short ? `A sentence, of ${reasonMin} letters at least.` : null}
      />
      {ask.isError ? <ErrorState fault={ask.error} /> : null}
      <FormActions
        onCancel={onDone}
        cancel="Not now"
        busy={ask.isPending}
        disabled={choice.purpose === "" || choice.ground === ""}
      >
        Ask
      </FormActions>
    </form>
  );
}
