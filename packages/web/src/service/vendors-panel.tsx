import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Wrench } from "lucide-react";
import { useState } from "react";
import { request } from "../api/request.ts";
import { useMay, type May } from "../app/may.ts";
import { Tag } from "../design/badge.tsx";
import { Button } from "../design/button.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { ReasonDialog } from "../design/reason-dialog.tsx";
import { Table, type Column } from "../design/table.tsx";
import { endText } from "../design/time.tsx";
import { whoAmIQuery } from "../people/people-queries.ts";
import { vendorsQuery } from "./access-queries.ts";
import type { Vendor } from "./access-shapes.ts";
import { vendorLooks } from "./access-words.ts";
import { VendorRequestDialog } from "./vendor-request-dialog.tsx";
import { Fetched } from "./fetched.tsx";

type Step = { readonly vendor: Vendor; readonly what: "approve" | "end" };

/** Who is let in for a ticket: asked for by one person, approved by another, over at once when ended. */
export function VendorsPanel() {
  const queries = useQueryClient();
  const vendors = useQuery(vendorsQuery);
  const may = useMay();
  const { data: who } = useQuery(whoAmIQuery);
  const [asking, setAsking] = useState(false);
  const [step, setStep] = useState<Step | null>(null);
  const decide = useMutation({
    mutationFn: ({ vendor, what, because }: Step & { readonly because: string }) =>
      request(`/api/v1/vendor-access/${vendor.id}/${what}`, { method: "POST", body: { because } }),
    onSuccess: async () => {
      setStep(null);
      await queries.invalidateQueries({ queryKey: ["access", "vendors"] });
    },
  });
  return (
    <div className="grid gap-3">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <p className="max-w-prose text-sm text-ink-muted">
          Asked for with a ticket and an end by one person, approved by another. Each request of a vendor stands in the
          record with its ticket.
        </p>
        {may("vendor:request") && vendors.data !== undefined ? (
          <Button look="primary" onClick={() => setAsking(true)}>
            Let a vendor in
          </Button>
        ) : null}
      </div>
      {asking && vendors.data !== undefined ? (
        <VendorRequestDialog rules={vendors.data.rules} onClose={() => setAsking(false)} />
      ) : null}
      <Fetched query={vendors} says="Loading the vendors">
        {({ items }) => (
          <div className="overflow-x-auto rounded-md border border-line bg-surface shadow-raised">
            {items.length === 0 ? (
              <EmptyState icon={Wrench} title="No vendor was let in">
                A vendor's person sees nothing here without a ticket, an end, and two people's word.
              </EmptyState>
            ) : (
              <Table
                label="Vendors"
                columns={columnsWith({ onStep: setStep, may, me: who?.actor ?? "" })}
                rows={items}
                idOf={({ id }) => id}
              />
            )}
          </div>
        )}
      </Fetched>
      {step === null ? null : (
        <ReasonDialog
          title={step.what === "approve" ? `Let in for ${step.vendor.ticket}` : `End ${step.vendor.ticket}`}
          action={step.what === "approve" ? "Let in" : "End it"}
          open
          busy={decide.isPending}
          fault={decide.error}
          onClose={() => setStep(null)}
          onSave={(because) => decide.mutate({ ...step, because })}
        >
          <p className="text-sm">
            {step.vendor.purpose}, until {endText(step.vendor.endsAt)}.
          </p>
        </ReasonDialog>
      )}
    </div>
  );
}

type Deciding = { readonly onStep: (step: Step) => void; readonly may: May; readonly me: string };

const columnsWith = ({ onStep, may, me }: Deciding): readonly Column<Vendor>[] => [
  {
    id: "state",
    title: "State",
    cell: ({ state }) => <Tag tone={vendorLooks[state].tone}>{vendorLooks[state].says}</Tag>,
  },
  {
    id: "ticket",
    title: "Ticket",
    cell: (vendor) => (
      <>
        <p className="font-medium">{vendor.ticket}</p>
        <p className="text-xs text-ink-muted">{vendor.purpose}</p>
      </>
    ),
  },
  {
    id: "who",
    title: "Who",
    cell: ({ accountToken }) => <span className="font-mono text-2xs break-all">{accountToken}</span>,
  },
  { id: "scopes", title: "May", cell: ({ scopes }) => <span className="font-mono text-xs">{scopes.join(", ")}</span> },
  { id: "until", title: "Until", cell: ({ endsAt }) => endText(endsAt) },
  {
    id: "do",
    title: "Decide",
    cell: (vendor) => (
      <span className="flex flex-wrap gap-2">
        {vendor.state === "requested" && may("vendor:approve") ? (
          vendor.requestedBy === me ? (
            <span className="text-xs text-ink-muted">Another person lets them in</span>
          ) : (
            <Button look="primary" onClick={() => onStep({ vendor, what: "approve" })}>
              Let in
            </Button>
          )
        ) : null}
        {["requested", "planned", "open"].includes(vendor.state) && may("vendor:end") ? (
          <Button look="danger" onClick={() => onStep({ vendor, what: "end" })}>
            {vendor.state === "requested" ? "Refuse" : "End"}
          </Button>
        ) : (
          "–"
        )}
      </span>
    ),
  },
];
