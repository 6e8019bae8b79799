import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { CaseShareView, IncidentRecord } from "@tillwatch/wire";
import { useState } from "react";
import { request } from "../api/request.ts";
import { mayWith } from "../app/may.ts";
import { Tag } from "../design/badge.tsx";
import { Button } from "../design/button.tsx";
import { Card } from "../design/card.tsx";
import { Dialog } from "../design/dialog.tsx";
import { ReasonDialog } from "../design/reason-dialog.tsx";
import { endText, Moment, useNowMs } from "../design/time.tsx";
import { Loaded } from "../privacy/loaded.tsx";
import { ShareForm } from "./share-form.tsx";
import { sharesQuery } from "./share-queries.ts";

/** With whom a case is shared, why and until when; shared and ended here by whoever may. */
export function ShareCard({ record }: { readonly record: IncidentRecord }) {
  const may = mayWith(record);
  const queries = useQueryClient();
  const [sharing, setSharing] = useState(false);
  const [ending, setEnding] = useState<CaseShareView | null>(null);
  const shares = useQuery({ ...sharesQuery(record.id), enabled: may("share:read") });
  const end = useMutation({
    mutationFn: ({ share, because }: { readonly share: CaseShareView; readonly because: string }) =>
      request<unknown>(`/api/v1/incidents/${encodeURIComponent(record.id)}/shares/${share.id}/revoke`, {
        method: "POST",
        body: { because },
      }),
    onSuccess: async () => {
      setEnding(null);
      await queries.invalidateQueries({ queryKey: ["shares", record.id] });
    },
  });
  if (!may("share:read")) return null;
  const mayShare = may("incident:share");
  return (
    <Card title="Shared with" aside={mayShare ? <Button onClick={() => setSharing(true)}>Share</Button> : undefined}>
      <Loaded query={shares} says="Loading with whom it is shared" lines={2}>
        {({ items, partners, minorGrounds }) => (
          <>
            {items.length === 0 ? (
              <p className="text-sm text-ink-muted">Nobody outside your organisation sees this case.</p>
            ) : (
              <ul className="grid gap-3">
                {items.map((share) => (
                  <ShareLine key={share.id} share={share} onEnd={mayShare ? () => setEnding(share) : null} />
                ))}
              </ul>
            )}
            <Dialog title={`Share ${record.ref}`} open={sharing} onClose={() => setSharing(false)}>
              <ShareForm
                record={record}
                partners={partners}
                minorGrounds={minorGrounds}
                onDone={() => setSharing(false)}
              />
            </Dialog>
          </>
        )}
      </Loaded>
      <ReasonDialog
        title={ending === null ? "End the share" : `End the share with ${ending.partner}`}
        action="End it now"
        open={ending !== null}
        busy={end.isPending}
        fault={end.error}
        onClose={() => {
          setEnding(null);
          end.reset();
        }}
        onSave={(because) => ending !== null && end.mutate({ share: ending, because })}
      >
        <p className="text-sm">What they saw stays in the record; from now on they see nothing more of it.</p>
      </ReasonDialog>
    </Card>
  );
}

function ShareLine({ share, onEnd }: { readonly share: CaseShareView; readonly onEnd: (() => void) | null }) {
  const nowMs = useNowMs();
  const open = share.revokedAt === null && Date.parse(share.endsAt) > nowMs;
  return (
    <li className="grid gap-0.5 text-sm">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <span className="font-medium">{share.partner}</span>
        {open ? (
          onEnd === null ? (
            <Tag tone="good">Open</Tag>
          ) : (
            <Button onClick={onEnd}>End</Button>
          )
        ) : (
          <Tag>{share.revokedAt === null ? "Over" : "Ended"}</Tag>
        )}
      </div>
      <p className="break-words">{share.ground}</p>
      <p className="text-xs text-ink-muted">
        {share.revokedAt !== null ? (
          <>
            ended <Moment at={share.revokedAt} />
          </>
        ) : (
          <>
            until <time dateTime={share.endsAt}>{endText(share.endsAt)}</time>
          </>
        )}
      </p>
    </li>
  );
}
