import { closeReasons } from "../design/words.ts";
import type { IncidentRecord, IncidentState } from "@tillwatch/wire";
import { useState } from "react";
import { mayWith } from "../app/may.ts";
import { StateBadge } from "../design/badge.tsx";
import { Button } from "../design/button.tsx";
import { Card } from "../design/card.tsx";
import { transitionWords } from "../design/words.ts";
import { ReasonDialog } from "../design/reason-dialog.tsx";
import { useIncidentAction } from "./use-incident-action.ts";

/** As in packages/server/src/incident/transitions.ts: what ends or reopens work must say why. The server decides; this only asks early. */
function isReopening(from: IncidentState): boolean {
  return from === "closed" || from === "aged_out" || from === "handed_over";
}

/** Only the jumps that the server allows are offered; each can say why, and some must. */
export function TransitionCard({ record }: { readonly record: IncidentRecord }) {
  const states = record.allowedTransitions.filter((state) => state !== "closed" || mayWith(record)("incident:close"));
  const [to, setTo] = useState<IncidentState | null>(null);
  const move = useIncidentAction<{ readonly to: IncidentState; readonly because: string }>(record.id, "transitions");
  const close = (): void => {
    setTo(null);
    move.reset();
  };
  return (
    <Card title="State" aside={<StateBadge state={record.state} />}>
      {states.length === 0 ? (
        <p className="text-sm text-ink-muted">This is its last state.</p>
      ) : (
        <div className="flex flex-wrap gap-2">
          {states.map((state) => (
            <Button key={state} onClick={() => setTo(state)}>
              {transitionWords[state]}
            </Button>
          ))}
        </div>
      )}
      <ReasonDialog
        lead={to === "closed" ? closeReasons : []}
        optional={to !== "closed" && to !== "handed_over" && !isReopening(record.state)}
        title={to === null ? "State" : `${transitionWords[to]}: ${record.ref}`}
        action={to === null ? "Save" : transitionWords[to]}
        open={to !== null}
        busy={move.isPending}
        fault={move.error}
        onClose={close}
        onSave={(because) => {
          if (to !== null) move.mutate({ to, because }, { onSuccess: close });
        }}
      />
    </Card>
  );
}
