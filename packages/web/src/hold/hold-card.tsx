import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { CaseHoldView, IncidentRecord } from "@tillwatch/wire";
import { Lock } from "lucide-react";
import { useState } from "react";
import { request } from "../api/request.ts";
import { mayWith } from "../app/may.ts";
import { Tag } from "../design/badge.tsx";
import { Button } from "../design/button.tsx";
import { Card } from "../design/card.tsx";
import { Dialog } from "../design/dialog.tsx";
import { ReasonDialog } from "../design/reason-dialog.tsx";
import { Moment } from "../design/time.tsx";
import { Who } from "../people/who.tsx";
import { openingOf } from "../incident/closed-file.tsx";
import { wordsOf } from "../policy/policy-words.ts";
import { Loaded } from "../privacy/loaded.tsx";
import { HoldForm, holdReasonMin } from "./hold-form.tsx";
import { holdsQuery } from "./hold-queries.ts";

/** What keeps the content of a case from being purged: matters that are open, set and ended here by whoever may. */
export function HoldCard({ record }: { readonly record: IncidentRecord }) {
  const [holding, setHolding] = useState(false);
  const [ending, setEnding] = useState<CaseHoldView | null>(null);
  const mayRead = openingOf(record, "retention:read") === "open";
  const known = useQuery({ ...holdsQuery(record.id), enabled: mayRead });
  const mayHold = mayWith(record)("hold:set");
  if (!mayRead) return null;
  return (
    <Card title="Legal hold" aside={mayHold ? <Button onClick={() => setHolding(true)}>Hold</Button> : undefined}>
      <Loaded query={known} says="Loading what holds it" lines={2}>
        {({ holds, grounds, names }) => (
          <div className="grid gap-3">
            <Held holds={holds} />
            <ul className="grid gap-3 empty:hidden">
              {holds.map((hold) => (
                <HoldLine key={hold.id} hold={hold} names={names} onEnd={mayHold ? () => setEnding(hold) : null} />
              ))}
            </ul>
            <Dialog title={`Hold ${record.ref}`} open={holding} onClose={() => setHolding(false)}>
              <HoldForm record={record} grounds={grounds} onDone={() => setHolding(false)} />
            </Dialog>
          </div>
        )}
      </Loaded>
      <EndDialog incidentId={record.id} hold={ending} onDone={() => setEnding(null)} />
    </Card>
  );
}

function Held({ holds }: { readonly holds: readonly CaseHoldView[] }) {
  if (!holds.some(({ endedAt }) => endedAt === null)) {
    return <p className="text-sm text-ink-muted">Nothing holds it: its content goes when its time is over.</p>;
  }
  return (
    <p className="flex items-center gap-2 text-sm font-medium">
      <Lock className="size-4 shrink-0" aria-hidden="true" />
      Content cannot be purged.
    </p>
  );
}

function HoldLine(props: {
  readonly hold: CaseHoldView;
  readonly names: Readonly<Record<string, string>>;
  readonly onEnd: (() => void) | null;
}) {
  const { hold, names, onEnd } = props;
  const inForce = hold.endedAt === null;
  return (
    <li className="grid gap-0.5 text-sm">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <span className="min-w-0 font-medium break-words">{hold.matter ?? "Matter erased"}</span>
        {!inForce ? <Tag>Ended</Tag> : onEnd === null ? <Tag tone="warn">In force</Tag> : null}
        {inForce && onEnd !== null ? (
          <Button onClick={onEnd} aria-label={`End the hold for ${hold.matter ?? "an erased matter"}`}>
            End
          </Button>
        ) : null}
      </div>
      <p className="break-words">
        {wordsOf(hold.ground)}. {hold.because}
      </p>
      <p className="text-xs text-ink-muted">
        set <Moment at={hold.at} /> by <Who actor={hold.actor} names={names} />
        {hold.endedAt === null ? null : (
          <>
            , ended <Moment at={hold.endedAt} />
            {hold.endedBy === null ? null : (
              <>
                {" "}
                by <Who actor={hold.endedBy} names={names} />
              </>
            )}
          </>
        )}
      </p>
    </li>
  );
}

function EndDialog(props: {
  readonly incidentId: string;
  readonly hold: CaseHoldView | null;
  readonly onDone: () => void;
}) {
  const { incidentId, hold, onDone } = props;
  const queries = useQueryClient();
  const end = useMutation({
    mutationFn: ({ of, because }: { readonly of: CaseHoldView; readonly because: string }) =>
      request<unknown>(`/api/v1/incidents/${encodeURIComponent(incidentId)}/holds/${encodeURIComponent(of.id)}/end`, {
        method: "POST",
        body: { because },
      }),
    onSuccess: onDone,
    onSettled: () => queries.invalidateQueries({ queryKey: ["incident", incidentId] }),
  });
  return (
    <ReasonDialog
      title={hold?.matter == null ? "End the hold" : `End the hold for ${hold.matter}`}
      action="End it now"
      open={hold !== null}
      least={holdReasonMin}
      busy={end.isPending}
      fault={end.error}
      onClose={() => {
        onDone();
        end.reset();
      }}
      onSave={(because) => hold !== null && end.mutate({ of: hold, because })}
    >
      <p className="text-sm">
        If nothing else holds it, content whose time is over by now can be destroyed. You prove once more who you are.
      </p>
    </ReasonDialog>
  );
}
