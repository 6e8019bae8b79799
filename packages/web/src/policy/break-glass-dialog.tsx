import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Siren } from "lucide-react";
import { useState } from "react";
import { request } from "../api/request.ts";
import { Button } from "../design/button.tsx";
import { FormActions } from "../design/form-actions.tsx";
import { Dialog } from "../design/dialog.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { TextArea } from "../design/field.tsx";
import { SiteField, type GrantPlace } from "./ask-access-dialog.tsx";

type Broken = { readonly place: GrantPlace | null; readonly what: string };

/** For when somebody is in danger and nobody can approve: opens at once, and says beforehand what follows from it. */
export function BreakGlassButton({ place, what }: Broken) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button look="danger" onClick={() => setOpen(true)}>
        <Siren className="size-4" aria-hidden="true" />
        It is an emergency
      </Button>
      <Dialog title={`Open ${what} in an emergency`} open={open} onClose={() => setOpen(false)}>
        <BreakForm place={place} onDone={() => setOpen(false)} />
      </Dialog>
    </>
  );
}

const reasonMin = 10;

function BreakForm({ place, onDone }: { readonly place: GrantPlace | null; readonly onDone: () => void }) {
  const queries = useQueryClient();
  const [siteId, setSiteId] = useState("");
  const [because, setBecause] = useState("");
  const [asked, setAsked] = useState(false);
  const short = because.trim().length < reasonMin;
  const where = place ?? (siteId.trim() === "" ? null : { siteId: siteId.trim() });
  const open = useMutation({
    mutationFn: () =>
      request<unknown>("/api/v1/break-glass", { method: "POST", body: { ...where, because: because.trim() } }),
    // The sites, the queue and the case are others now.
    onSuccess: async () => {
      onDone();
      await queries.invalidateQueries();
    },
  });
  return (
    <form
      className="grid grid-cols-1 gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        setAsked(true);
        if (!short && where !== null) open.mutate();
      }}
    >
      <ul className="grid list-disc gap-1 pl-5 text-sm marker:text-ink-muted">
        <li>It opens at once, for four hours.</li>
        <li>Whoever is responsible is alarmed now.</li>
        <li>Another person reviews within 24 hours whether it was an emergency.</li>
        <li>You prove once more who you are, and all that you open stands in the record.</li>
      </ul>
      {place === null ? <SiteField value={siteId} onChange={setSiteId} /> : null}
      <TextArea
        label="What is the emergency?"
        rows={3}
        maxLength={2000}
        value={because}
        onChange={(event) => setBecause(event.target.value)}
        error={asked && short ? `A sentence, of ${reasonMin} letters at least.` : null}
      />
      {open.isError ? <ErrorState fault={open.error} /> : null}
      <FormActions onCancel={onDone} cancel="Not now" busy={open.isPending} look="danger">
        Open it now
      </FormActions>
    </form>
  );
}
