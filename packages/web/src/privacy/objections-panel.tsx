import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { PersonMarkView } from "@tillwatch/wire";
import { HandHelping } from "lucide-react";
import { useState } from "react";
import { request } from "../api/request.ts";
import { useMay } from "../app/may.ts";
import { Tag } from "../design/badge.tsx";
import { Button } from "../design/button.tsx";
import { Card } from "../design/card.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { ReasonDialog } from "../design/reason-dialog.tsx";
import { Moment } from "../design/time.tsx";
import { Loaded } from "./loaded.tsx";
import { marksQuery } from "./privacy-queries.ts";

type MarkKind = PersonMarkView["kind"];

/** What a mark changes everywhere from the moment it is set; the server holds to it in each of these places. */
const effects: Readonly<Record<MarkKind, readonly string[]>> = {
  objection: [
    "In no figures and no export",
    "On no watch list; entries were ended when it came",
    "Every look-up shows the objection",
  ],
  restriction: [
    "Kept, and used for nothing",
    "In no figures and no export, on no watch list",
    "Every look-up shows the restriction",
  ],
};

const kindWords: Readonly<Record<MarkKind, string>> = { objection: "Objection", restriction: "Restriction" };

/** Whose data is used no further, and what that means; each comes from a request that was answered. */
export function ObjectionsPanel() {
  const marks = useQuery(marksQuery);
  const writes = useMay()("privacy:write");
  const [ending, setEnding] = useState<PersonMarkView | null>(null);
  return (
    <>
      <p className="mb-4 max-w-prose text-sm text-ink-muted">
        Customers, employees and reporters may object, or have their data restricted. It is entered and answered under
        Requests; here stands what holds since then.
      </p>
      <Card title="Objections and restrictions in force" flush>
        <Loaded query={marks} says="Loading the objections">
          {({ items }) =>
            items.length === 0 ? (
              <EmptyState icon={HandHelping} title="Nobody objects now">
                Once a request for objection or restriction is answered, it stands here with its effect.
              </EmptyState>
            ) : (
              <ul>
                {items.map((mark) => (
                  <MarkLine key={mark.id} mark={mark} onEnd={writes ? () => setEnding(mark) : null} />
                ))}
              </ul>
            )
          }
        </Loaded>
      </Card>
      {ending === null ? null : <EndDialog mark={ending} onClose={() => setEnding(null)} />}
    </>
  );
}

function MarkLine({ mark, onEnd }: { readonly mark: PersonMarkView; readonly onEnd: (() => void) | null }) {
  return (
    <li className="grid gap-2 border-b border-line px-4 py-3 text-sm last:border-0 md:grid-cols-[minmax(0,1fr)_auto] md:gap-x-4">
      <div className="grid min-w-0 gap-1">
        <p className="flex flex-wrap items-center gap-2">
          <Tag tone="warn">{kindWords[mark.kind]}</Tag>
          <span className="min-w-0 font-mono text-xs break-all">{mark.token}</span>
        </p>
        <ul className="list-disc pl-5 text-ink-soft marker:text-ink-muted">
          {effects[mark.kind].map((effect) => (
            <li key={effect}>{effect}</li>
          ))}
        </ul>
        <p className="text-xs text-ink-muted">
          since <Moment at={mark.at} />
          {mark.requestRef === null ? "" : ` · request ${mark.requestRef}`}
        </p>
      </div>
      {onEnd === null ? null : (
        <Button className="self-start justify-self-start" onClick={onEnd}>
          They took it back
        </Button>
      )}
    </li>
  );
}

function EndDialog({ mark, onClose }: { readonly mark: PersonMarkView; readonly onClose: () => void }) {
  const queries = useQueryClient();
  const end = useMutation({
    mutationFn: (because: string) =>
      request<unknown>(`/api/v1/person-marks/${mark.id}/end`, { method: "POST", body: { because } }),
    onSuccess: async () => {
      onClose();
      await queries.invalidateQueries({ queryKey: ["person-marks"] });
    },
  });
  return (
    <ReasonDialog
      title={`End the ${mark.kind}`}
      action="End it"
      open
      busy={end.isPending}
      fault={end.error}
      onClose={onClose}
      onSave={(because) => end.mutate(because)}
    >
      <p className="text-sm">Their data is used again from now on. Say how they took it back, or what was decided.</p>
    </ReasonDialog>
  );
}
