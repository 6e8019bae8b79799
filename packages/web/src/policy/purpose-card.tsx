import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { IncidentRecord } from "@tillwatch/wire";
import { LockKeyhole } from "lucide-react";
import { useState } from "react";
import { request } from "../api/request.ts";
import { useMay } from "../app/may.ts";
import { Button, buttonClass } from "../design/button.tsx";
import { FormActions } from "../design/form-actions.tsx";
import { Dialog } from "../design/dialog.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { TextArea } from "../design/field.tsx";
import { AskAccessButton } from "./ask-access-dialog.tsx";
import { GroundFields, noChoice } from "./ground-fields.tsx";
import { groundsQuery } from "./policy-queries.ts";

/** Says that the personal parts of a case are not shown, and asks why somebody needs them. Once a case and some hours. */
export function PurposeCard({ record }: { readonly record: IncidentRecord }) {
  const [open, setOpen] = useState(false);
  const may = useMay();
  const { withheld } = record;
  if (withheld === undefined) return null;
  const askable = withheld.code === "purpose_required";
  const grantable = !askable && may("grant:request");
  return (
    <section
      aria-label="What is not shown"
      className="mt-4 flex flex-wrap items-center justify-between gap-3 rounded-md border border-line-strong bg-sunken px-4 py-3"
    >
      <p className="flex min-w-0 items-center gap-2 text-sm">
        <LockKeyhole className="size-4 shrink-0" aria-hidden="true" />
        <span>
          {askable
            ? "What people wrote about people is not shown yet. Say why you need it: it opens for this case and some hours."
            : "What people wrote about people is not shown to your role. If your work needs it, ask for access for a time."}
        </span>
      </p>
      {askable ? (
        <Button look="primary" onClick={() => setOpen(true)}>
          Say why
        </Button>
      ) : grantable ? (
        <AskAccessButton place={{ incidentId: record.id }} what={record.ref} />
      ) : null}
      <PurposeDialog incidentId={record.id} what={record.ref} open={open} onClose={() => setOpen(false)} />
    </section>
  );
}

/** In place of a case that opens to nobody without a stated reason: who comes from another organisation is asked at the door. */
export function PurposeDoor({ incidentId }: { readonly incidentId: string }) {
  const [open, setOpen] = useState(false);
  return (
    <div className="max-w-2xl pt-7">
      <title>Say why · Tillwatch</title>
      <section className="rounded-lg border border-line bg-surface p-6">
        <h1 className="flex items-center gap-2 text-lg font-semibold">
          <LockKeyhole className="size-5 shrink-0" aria-hidden="true" />
          Say why you open this case
        </h1>
        <p className="mt-2 text-sm text-ink-muted">
          It was shared with your organisation. It opens once you state a purpose and a legal ground. Both hold for this
          case and some hours, and whoever shared it sees them in the record.
        </p>
        <div className="mt-4 flex flex-wrap gap-2">
          <Button look="primary" onClick={() => setOpen(true)}>
            Say why
          </Button>
          <Link to="/" className={buttonClass("quiet")}>
            Back to your work
          </Link>
        </div>
      </section>
      <PurposeDialog incidentId={incidentId} what="this case" open={open} onClose={() => setOpen(false)} />
    </div>
  );
}

type DialogProps = {
  readonly incidentId: string;
  readonly what: string;
  readonly open: boolean;
  readonly onClose: () => void;
};

/** Asks purpose and legal ground. What is said stands in the record with everything that is opened for it. */
export function PurposeDialog({ incidentId, what, open, onClose }: DialogProps) {
  const queries = useQueryClient();
  const words = useQuery({ ...groundsQuery, enabled: open });
  const [choice, setChoice] = useState(noChoice);
  const [note, setNote] = useState("");
  const state = useMutation({
    mutationFn: () => {
      const said = note.trim() === "" ? {} : { note: note.trim() };
      return request<unknown>("/api/v1/grounds", { method: "POST", body: { incidentId, ...choice, ...said } });
    },
    onSuccess: async () => {
      onClose();
      await queries.invalidateQueries({ queryKey: ["grounds"] });
      await queries.invalidateQueries({ queryKey: ["incident", incidentId] });
    },
  });
  return (
    <Dialog title={`Why do you open ${what}?`} open={open} onClose={onClose}>
      <form
        className="grid grid-cols-1 gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          state.mutate();
        }}
      >
        <GroundFields value={choice} onChange={setChoice} />
        <TextArea
          label="Note (not needed)"
          rows={2}
          maxLength={1000}
          value={note}
          onChange={(event) => setNote(event.target.value)}
          hint={`Holds for this case and ${words.data?.hours ?? 8} hours. Every opening is on the record with it.`}
        />
        {state.isError ? <ErrorState fault={state.error} /> : null}
        <FormActions
          onCancel={onClose}
          cancel="Not now"
          busy={state.isPending}
          disabled={choice.purpose === "" || choice.ground === ""}
        >
          Open
        </FormActions>
      </form>
    </Dialog>
  );
}
