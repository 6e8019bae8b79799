import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Picked } from "@tillwatch/wire";
import { Eye } from "lucide-react";
import { useState } from "react";
import { request } from "../api/request.ts";
import { useMay } from "../app/may.ts";
import { Tag, type Tone } from "../design/badge.tsx";
import { Button } from "../design/button.tsx";
import { Card, Facts } from "../design/card.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { ReasonDialog } from "../design/reason-dialog.tsx";
import { endText } from "../design/time.tsx";
import { whoAmIQuery } from "../people/people-queries.ts";
import { Who } from "../people/who.tsx";
import { wordsOf } from "../policy/policy-words.ts";
import { Loaded } from "./loaded.tsx";
import { watchQuery, type WatchItem } from "./privacy-queries.ts";
import { watchReasonMin } from "./watch-words.ts";

const tones: Readonly<Record<WatchItem["state"], Tone>> = {
  proposed: "warn",
  active: "bad",
  refused: "plain",
  ended: "plain",
  expired: "plain",
};

type Step = "approve" | "refuse" | "end" | "view";
const stepWords: Readonly<Record<Step, string>> = {
  approve: "Approve",
  refuse: "Refuse",
  end: "End now",
  view: "Open",
};

/** What follows from a step. */
function stepSays(step: Step, seen: boolean): string {
  if (step === "approve") {
    const first = seen ? "" : "You have not opened it: what is said of the person stands behind Open. ";
    return `${first}From now on the shops of the entry watch for this person, until its end.`;
  }
  if (step === "view") return "The description and why it was proposed. Who opens it, and why, stands in the record.";
  return step === "refuse"
    ? "Nobody is watched for by it, and it is not decided anew."
    : "From now on nobody is watched for by it.";
}

/** Who is watched for: ground and end for all to see, the description only behind a reason. */
export function WatchPanel() {
  const entries = useQuery(watchQuery);
  return (
    <Loaded query={entries} says="Loading the entries">
      {({ items, daysMax, grounds }) => (
        <div className="grid grid-cols-1 gap-4">
          <p className="max-w-prose text-sm text-ink-muted">
            An entry needs one of these grounds: {grounds.map((ground) => ground.replaceAll("_", " ")).join(", ")}; two
            people; an end within {daysMax} days; and never a minor. It is proposed on the page of its incident by
            whoever works the case. Each look is on the record.
          </p>
          {items.length === 0 ? (
            <div className="rounded-md border border-line bg-surface">
              <EmptyState icon={Eye} title="Nobody is watched for" />
            </div>
          ) : (
            items.map((item) => <Entry key={item.id} item={item} />)
          )}
        </div>
      )}
    </Loaded>
  );
}

type Opened = { readonly because: string | null; readonly description: Picked | null };

function Entry({ item }: { readonly item: WatchItem }) {
  const queries = useQueryClient();
  const [asking, setAsking] = useState<Step | null>(null);
  const [opened, setOpened] = useState<Opened | null>(null);
  const act = useMutation({
    mutationFn: async ({ step, because }: { readonly step: Step; readonly because: string }) => {
      const path = `/api/v1/watch-entries/${item.id}`;
      if (step === "view") setOpened(await request<Opened>(`${path}/views`, { method: "POST", body: { because } }));
      else await request<unknown>(`${path}/decision`, { method: "POST", body: { decision: step, because } });
    },
    onSuccess: async () => {
      setAsking(null);
      await queries.invalidateQueries({ queryKey: ["watch-entries"] });
    },
  });
  const may = useMay();
  const { data: who } = useQuery(whoAmIQuery);
  const all: readonly Step[] =
    item.state === "proposed" ? ["approve", "refuse", "view"] : item.state === "active" ? ["view", "end"] : [];
  // Two people: whoever proposed it does not approve it.
  const own = item.proposedBy === who?.actor;
  const steps = all.filter((step) => step === "view" || (may("watch:decide") && !(own && step === "approve")));
  return (
    <Card title={wordsOf(item.ground)} aside={<Tag tone={tones[item.state]}>{wordsOf(item.state)}</Tag>}>
      <div className="grid gap-3">
        <EntryFacts item={item} />
        {opened === null ? null : (
          <div className="rounded-md bg-sunken px-3 py-2 text-sm">
            <p>{opened.because}</p>
            <p className="text-ink-soft">
              {Object.entries(opened.description ?? {})
                .map(([code, values]) => `${code.replaceAll("_", " ")}: ${values.join(", ").replaceAll("_", " ")}`)
                .join("; ")}
            </p>
          </div>
        )}
        <div className="flex flex-wrap gap-2">
          {steps.map((step) => (
            <Button key={step} look={step === "approve" ? "primary" : "plain"} onClick={() => setAsking(step)}>
              {stepWords[step]}
            </Button>
          ))}
        </div>
      </div>
      <ReasonDialog
        title={asking === null ? "Reason" : `${stepWords[asking]} this entry`}
        action={asking === null ? "Go on" : stepWords[asking]}
        open={asking !== null}
        least={watchReasonMin}
        busy={act.isPending}
        fault={act.error}
        onClose={() => {
          setAsking(null);
          act.reset();
        }}
        onSave={(because) => asking !== null && act.mutate({ step: asking, because })}
      >
        {asking === null ? null : <p className="text-sm">{stepSays(asking, opened !== null)}</p>}
      </ReasonDialog>
    </Card>
  );
}

function EntryFacts({ item }: { readonly item: WatchItem }) {
  const names = useQuery(watchQuery).data?.names ?? {};
  return (
    <Facts
      items={[
        ["Sites", item.siteIds.join(", ")],
        ["Ends", endText(item.expiresAt)],
        ["Proposed by", <Who key="proposed" actor={item.proposedBy} names={names} />],
        [
          "Decided by",
          item.decidedBy === null ? (
            "waits for another person"
          ) : (
            <Who key="decided" actor={item.decidedBy} names={names} />
          ),
        ],
        [
          "From",
          <Link
            key="incident"
            to="/incidents/$id"
            params={{ id: item.incidentId }}
            className="text-accent-strong underline underline-offset-2"
          >
            the incident
          </Link>,
        ],
        ...(item.proofAuditId === null
          ? []
          : ([
              [
                "Deleted, proof",
                <code key="proof" className="font-mono text-2xs break-all">
                  {item.proofAuditId}
                </code>,
              ],
            ] as const)),
      ]}
    />
  );
}
