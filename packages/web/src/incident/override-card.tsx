import { severityText, type IncidentRecord } from "@tillwatch/wire";
import { useState } from "react";
import { Button } from "../design/button.tsx";
import { Card } from "../design/card.tsx";
import { TextField } from "../design/field.tsx";
import { ReasonDialog } from "../design/reason-dialog.tsx";
import { useIncidentAction } from "./use-incident-action.ts";

/** A person's severity stands over the machine's; both are kept, with the reason. */
export function OverrideCard({ record }: { readonly record: IncidentRecord }) {
  const [open, setOpen] = useState(false);
  const [text, setText] = useState(severityText(record.severity));
  const override = useIncidentAction<{ readonly severity: number | null; readonly because: string }>(
    record.id,
    "override",
  );
  const severity = severityFrom(text);
  const close = (): void => {
    setOpen(false);
    override.reset();
  };
  return (
    <Card title="Severity" aside={<span className="text-sm font-semibold">{severityText(record.severity)}</span>}>
      <div className="flex flex-wrap items-center justify-between gap-2">
        <p className="text-sm text-ink-muted">
          {record.machineSeverity === null
            ? "Not scored by the machine"
            : `The machine says ${severityText(record.machineSeverity)}`}
        </p>
        <div className="flex flex-wrap gap-2">
          {record.override === null || record.machineSeverity === null ? null : (
            <Button
              busy={override.isPending}
              onClick={() => override.mutate({ severity: null, because: "The machine's value stands again" })}
            >
              Take back
            </Button>
          )}
          <Button onClick={() => setOpen(true)}>Set by hand</Button>
        </div>
      </div>
      <ReasonDialog
        title={`Severity of ${record.ref}`}
        action="Set severity"
        open={open}
        busy={override.isPending}
        fault={override.error}
        blocked={severity === null ? "Choose a severity." : null}
        onClose={close}
        onSave={(because) => {
          if (severity !== null) override.mutate({ severity, because }, { onSuccess: close });
        }}
      >
        <TextField
          label="Severity"
          inputMode="decimal"
          value={text}
          onChange={(event) => setText(event.target.value)}
          hint="From 0 (nothing happened) to 1 (certain and grave). The machine's value stays beside it."
          error={severity === null ? "A number from 0 to 1, for example 0.35." : null}
        />
      </ReasonDialog>
    </Card>
  );
}

/** Accepts a decimal comma, as half of the keyboards have. null: not a number from 0 to 1. */
function severityFrom(text: string): number | null {
  if (!/^[01](?:[.,]\d{1,4})?$/.test(text.trim())) return null;
  const severity = Number(text.trim().replace(",", "."));
  return severity <= 1 ? severity : null;
}
