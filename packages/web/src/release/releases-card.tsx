import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { IncidentRecord, ReleaseView } from "@tillwatch/wire";
import { useState } from "react";
import { request } from "../api/request.ts";
import { mayWith } from "../app/may.ts";
import { Card } from "../design/card.tsx";
import { ReasonDialog } from "../design/reason-dialog.tsx";
import { useToasts } from "../design/toast.tsx";
import { openingOf } from "../incident/closed-file.tsx";
import { Loaded } from "../privacy/loaded.tsx";
import { ReleaseLine } from "./release-line.tsx";
import { releasePath, releasesQuery } from "./release-queries.ts";
import { reasonMin, recipientText } from "./release-words.ts";

type Doing = { readonly what: "withdraw" | "taken"; readonly release: ReleaseView };

/** To whom packets of the case went, whether they have them, and the way back. */
export function ReleasesCard({ record }: { readonly record: IncidentRecord }) {
  const [doing, setDoing] = useState<Doing | null>(null);
  const mayRead = openingOf(record, "release:read") === "open";
  const known = useQuery({ ...releasesQuery(record.id), enabled: mayRead });
  const mayRelease = mayWith(record)("packet:release");
  if (!mayRead) return null;
  return (
    <Card title="Released to">
      <Loaded query={known} says="Loading to whom it was released" lines={2}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="text-sm text-ink-muted">Nobody. A sealed packet stays inside until it is released.</p>
          ) : (
            <ul className="grid gap-4">
              {items.map((release) => (
                <ReleaseLine
                  key={release.id}
                  release={release}
                  caseRef={record.ref}
                  onTaken={mayRelease ? () => setDoing({ what: "taken", release }) : null}
                  onWithdraw={mayRelease ? () => setDoing({ what: "withdraw", release }) : null}
                />
              ))}
            </ul>
          )
        }
      </Loaded>
      <DoDialog incidentId={record.id} doing={doing} onDone={() => setDoing(null)} />
    </Card>
  );
}

function DoDialog(props: { readonly incidentId: string; readonly doing: Doing | null; readonly onDone: () => void }) {
  const { incidentId, doing, onDone } = props;
  const queries = useQueryClient();
  const toasts = useToasts();
  const act = useMutation({
    mutationFn: async ({ what, release, said }: Doing & { readonly said: string }) => {
      const body = what === "withdraw" ? { because: said } : said === "" ? {} : { note: said };
      const answer = await request<{ readonly says: string } | undefined>(releasePath(release, what), {
        method: "POST",
        body,
      });
      return answer?.says ?? null;
    },
    onSuccess: (says) => {
      onDone();
      if (says !== null) toasts.show({ says });
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["incident", incidentId] }),
  });
  const taken = doing?.what === "taken";
  const to = doing === null ? "" : recipientText(doing.release.recipient);
  return (
    <ReasonDialog
      title={taken ? `Handed over to ${to}` : `Take back the release to ${to}`}
      action={taken ? "They have it" : "Take it back"}
      open={doing !== null}
      optional={taken}
      {...(taken ? {} : { least: reasonMin })}
      busy={act.isPending}
      fault={act.error}
      onClose={() => {
        onDone();
        act.reset();
      }}
      onSave={(said) => doing !== null && act.mutate({ ...doing, said })}
    >
      <p className="text-sm">
        {taken
          ? "From now on the record says that the recipient has the packet."
          : doing?.release.takenAt === null
            ? "From now on nobody can take the packet by it."
            : "They have the packet already: this does not bring it back, and the record says so."}
      </p>
    </ReasonDialog>
  );
}
