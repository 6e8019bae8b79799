import { useQuery } from "@tanstack/react-query";
import type { DraftView, IncidentRecord } from "@tillwatch/wire";
import { useState } from "react";
import { Button } from "../design/button.tsx";
import { Card } from "../design/card.tsx";
import { Dialog } from "../design/dialog.tsx";
import { Moment } from "../design/time.tsx";
import { openingOf } from "../incident/closed-file.tsx";
import { Loaded } from "../privacy/loaded.tsx";
import { DraftReview } from "./draft-review.tsx";
import { draftsQuery } from "./draft-queries.ts";
import { DraftMark } from "./draft-mark.tsx";
import { placeWords, waitingFirst } from "./draft-words.ts";

/** What programs drafted for the case: never its text until a person accepts it. Not there while nothing was drafted. */
export function DraftsCard({ record }: { readonly record: IncidentRecord }) {
  const [reviewing, setReviewing] = useState<string | null>(null);
  const mayRead = openingOf(record, "draft:read") === "open";
  const known = useQuery({ ...draftsQuery(record.id), enabled: mayRead });
  if (!mayRead || known.data?.items.length === 0) return null;
  const waiting = known.data?.items.filter(({ state }) => state === "offered").length ?? 0;
  const open = known.data?.items.find(({ id }) => id === reviewing);
  return (
    <Card
      title="Drafts by programs"
      aside={waiting === 0 ? undefined : <span className="text-sm font-semibold">{waiting} to review</span>}
    >
      <Loaded query={known} says="Loading drafts" lines={3}>
        {({ items }) => (
          <ul className="grid gap-4">
            {waitingFirst(items).map((draft) => (
              <DraftLine key={draft.id} draft={draft} onOpen={() => setReviewing(draft.id)} />
            ))}
          </ul>
        )}
      </Loaded>
      <Dialog title={`Draft of ${record.ref}`} wide open={open !== undefined} onClose={() => setReviewing(null)}>
        {open === undefined ? null : (
          <DraftReview key={open.id} record={record} draft={open} onDone={() => setReviewing(null)} />
        )}
      </Dialog>
    </Card>
  );
}

function DraftLine({ draft, onOpen }: { readonly draft: DraftView; readonly onOpen: () => void }) {
  const waits = draft.state === "offered";
  return (
    <li className="grid gap-1.5 text-sm">
      <DraftMark draft={draft} />
      {waits ? <p className="line-clamp-3 break-words text-ink-soft italic">{draft.text}</p> : null}
      <div className="flex flex-wrap items-center justify-between gap-2">
        <span className="text-xs text-ink-muted">
          for {placeWords[draft.place]}, <Moment at={draft.offeredAt} />
        </span>
        <Button onClick={onOpen} aria-label={`${waits ? "Review" : "Show"} the draft for ${placeWords[draft.place]}`}>
          {waits ? "Review" : "Show"}
        </Button>
      </div>
    </li>
  );
}
