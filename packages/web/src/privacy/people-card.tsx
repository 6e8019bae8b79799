import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { IncidentRecord } from "@tillwatch/wire";
import { Baby } from "lucide-react";
import { useState } from "react";
import { request } from "../api/request.ts";
import { mayWith, useMay } from "../app/may.ts";
import { Button } from "../design/button.tsx";
import { Card } from "../design/card.tsx";
import { Dialog } from "../design/dialog.tsx";
import { ReasonDialog } from "../design/reason-dialog.tsx";
import { Moment } from "../design/time.tsx";
import { caseMinorQuery } from "./privacy-queries.ts";
import { ProposeForm } from "./watch-proposal.tsx";

const reasonMin = 10; // as the server asks for it

/** What concerns the people of an incident: a minor among them, and whether to look out for somebody. */
export function PeopleCard({ record }: { readonly record: IncidentRecord }) {
  const [asking, setAsking] = useState<"minor" | "no minor" | "watch" | null>(null);
  const queries = useQueryClient();
  const may = useMay();
  const known = useQuery(caseMinorQuery(record.id)).data;
  const isFlagged = known?.minor === true;
  const flag = useMutation({
    mutationFn: (said: { readonly minor: boolean; readonly because: string }) =>
      request<unknown>(`/api/v1/incidents/${encodeURIComponent(record.id)}/minor`, { method: "POST", body: said }),
    onSuccess: async () => {
      setAsking(null);
      await queries.invalidateQueries({ queryKey: ["watch-entries"] });
      await queries.invalidateQueries({ queryKey: ["incident", record.id] });
      await queries.invalidateQueries({ queryKey: ["shares", record.id] });
    },
  });
  const flagging = { least: reasonMin, busy: flag.isPending, fault: flag.error, onClose: () => setAsking(null) };
  return (
    <Card title="People">
      {isFlagged ? (
        <p className="mb-3 flex items-start gap-2 text-sm">
          <Baby className="mt-0.5 size-4 shrink-0" aria-hidden="true" />
          <span>
            A minor is among them: no list, and nothing of it goes outside, but on a ground that counsel states.
            {known.at === null ? null : (
              <span className="block text-xs text-ink-muted">
                said <Moment at={known.at} />
              </span>
            )}
          </span>
        </p>
      ) : null}
      <div className="flex flex-wrap gap-2">
        {isFlagged ? null : <Button onClick={() => setAsking("minor")}>A minor is among them</Button>}
        {isFlagged && mayWith(record)("exhibit:release_minor") ? (
          <Button onClick={() => setAsking("no minor")}>No minor after all</Button>
        ) : null}
        {may("watch:propose") ? (
          <Button onClick={() => setAsking("watch")}>Propose to watch for somebody</Button>
        ) : null}
      </div>
      <ReasonDialog
        title="No minor is among the people"
        action="Take the flag back"
        open={asking === "no minor"}
        {...flagging}
        onSave={(because) => flag.mutate({ minor: false, because })}
      >
        <p className="text-sm text-ink-muted">
          From then on the case may go outside like any other. Whoever set the flag does not take it back, and you prove
          once more who you are.
        </p>
      </ReasonDialog>
      <ReasonDialog
        title="A minor is among the people"
        action="Set the flag"
        open={asking === "minor"}
        {...flagging}
        onSave={(because) => flag.mutate({ minor: true, because })}
      />
      <Dialog title="Propose to watch for somebody" open={asking === "watch"} onClose={() => setAsking(null)}>
        <ProposeForm record={record} onDone={() => setAsking(null)} />
      </Dialog>
    </Card>
  );
}
