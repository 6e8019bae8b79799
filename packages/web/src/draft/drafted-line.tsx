import { useQuery } from "@tanstack/react-query";
import { draftSays, type AcceptedDraft, type IncidentRecord } from "@tillwatch/wire";
import { Bot } from "lucide-react";
import { useState } from "react";
import { whoAmIQuery } from "../people/people-queries.ts";
import { Button } from "../design/button.tsx";
import { Dialog } from "../design/dialog.tsx";
import { openingOf } from "../incident/closed-file.tsx";
import { Loaded } from "../privacy/loaded.tsx";
import { DiffView } from "./diff-view.tsx";
import { draftDiffQuery } from "./draft-queries.ts";
import { draftedOf } from "./draft-words.ts";

/** Below an accepted text: who drafted it, what was changed, who answers for it, and the way to the comparison. */
export function DraftedLine(props: {
  readonly record: IncidentRecord;
  readonly detail: Readonly<Record<string, unknown>>;
}) {
  const { record, detail } = props;
  const [open, setOpen] = useState(false);
  const { data: me } = useQuery(whoAmIQuery);
  const from = draftedOf(record, detail);
  if (from === undefined) return null;
  const mayRead = openingOf(record, "draft:read") === "open";
  const says = draftSays(from, (token) => (token === me?.actor ? "you" : token));
  return (
    <div className="mt-1 flex items-start gap-1.5 text-xs text-ink-muted">
      <Bot className="mt-0.5 size-3.5 shrink-0" aria-hidden="true" />
      <div className="grid min-w-0 justify-items-start gap-1">
        <p className="break-words">{says}</p>
        {mayRead ? (
          <Button look="quiet" className="-ml-3 text-xs underline" onClick={() => setOpen(true)}>
            What was changed
          </Button>
        ) : null}
      </div>
      <Dialog title="What was changed in the draft" wide open={open} onClose={() => setOpen(false)}>
        <Changed incidentId={record.id} from={from} says={says} />
      </Dialog>
    </div>
  );
}

function Changed(props: { readonly incidentId: string; readonly from: AcceptedDraft; readonly says: string }) {
  const { incidentId, from, says } = props;
  const diff = useQuery(draftDiffQuery(incidentId, from.draftId));
  return (
    <div className="grid gap-3">
      <p className="text-sm break-words">{says}</p>
      <Loaded query={diff} says="Comparing" lines={4}>
        {(found) => <DiffView diff={found} />}
      </Loaded>
    </div>
  );
}
