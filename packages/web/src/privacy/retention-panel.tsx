import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Download, Hourglass } from "lucide-react";
import { useState, type ReactNode } from "react";
import { sitesQuery } from "../api/queries.ts";
import { useMay } from "../app/may.ts";
import { Tag } from "../design/badge.tsx";
import { Button } from "../design/button.tsx";
import { Card, Facts } from "../design/card.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { saveFile } from "../design/save-file.ts";
import { Moment } from "../design/time.tsx";
import { whoAmIQuery } from "../people/people-queries.ts";
import { DisposalPerson as Person } from "./disposal-person.tsx";
import { Loaded } from "./loaded.tsx";
import { DecisionDialog, type Asking } from "./retention-dialog.tsx";
import {
  basisText,
  certificateOf,
  disposalsQuery,
  kindText,
  type DisposalItem,
  type Step,
} from "./retention-queries.ts";

/** What is over its time, who asked that it go, who confirms; what is kept longer; and what is gone, with its certificate. */
export function RetentionPanel() {
  const disposals = useQuery(disposalsQuery);
  const [asking, setAsking] = useState<Asking | null>(null);
  return (
    <div className="grid grid-cols-1 gap-4">
      <p className="max-w-prose text-sm text-ink-muted">
        Content whose time is over is listed here. One person asks that it be destroyed, another confirms; a legal hold
        goes before both. How long a site keeps what is decided under Sites.
      </p>
      <Loaded query={disposals} says="Loading what is due">
        {({ open, kept, done }) => (
          <>
            <Card title="Due to be destroyed" flush>
              {open.length === 0 ? (
                <EmptyState icon={Hourglass} title="Nothing is due">
                  When the days that a site keeps a case are over, it stands here within ten minutes.
                </EmptyState>
              ) : (
                <Lines items={open}>
                  {(item) => <DueLine item={item} onStep={(step) => setAsking({ item, step })} />}
                </Lines>
              )}
            </Card>
            {kept.length === 0 ? null : (
              <Card title="Kept longer" flush>
                <Lines items={kept}>
                  {(item) => <KeptLine item={item} onStep={(step) => setAsking({ item, step })} />}
                </Lines>
              </Card>
            )}
            {done.length === 0 ? null : (
              <Card title="Destroyed" flush>
                <Lines items={done}>{(item) => <DoneLine item={item} />}</Lines>
              </Card>
            )}
          </>
        )}
      </Loaded>
      {asking === null ? null : (
        <DecisionDialog key={asking.item.id + asking.step} asking={asking} onClose={() => setAsking(null)} />
      )}
    </div>
  );
}

function Lines(props: {
  readonly items: readonly DisposalItem[];
  readonly children: (item: DisposalItem) => ReactNode;
}) {
  return (
    <ul>
      {props.items.map((item) => (
        <li
          key={item.id}
          className="grid gap-3 border-b border-line px-4 py-3 text-sm last:border-0 md:grid-cols-[minmax(0,1fr)_auto] md:gap-x-4"
        >
          {props.children(item)}
        </li>
      ))}
    </ul>
  );
}

/** What of which case; a case that is gone still has its page with what stays. */
function Heading({ item, children }: { readonly item: DisposalItem; readonly children?: ReactNode }) {
  return (
    <p className="flex flex-wrap items-center gap-2 font-medium">
      {kindText(item.kind)}
      <Link
        to="/incidents/$id"
        params={{ id: item.incidentId }}
        className="font-mono text-accent-strong underline underline-offset-2"
      >
        {item.ref}
      </Link>
      {children}
    </p>
  );
}

function SiteName({ siteId }: { readonly siteId: string }) {
  const { data } = useQuery({ ...sitesQuery, enabled: useMay()("site:list") });
  const name = data?.items.find((site) => site.id === siteId)?.name;
  return name === undefined ? siteId : `${name} (${siteId})`;
}

const stateTags = {
  due: <Tag>nobody asked yet</Tag>,
  requested: <Tag tone="warn">waits for another person</Tag>,
  confirmed: <Tag tone="warn">is being destroyed</Tag>,
} as const;

function DueLine({ item, onStep }: { readonly item: DisposalItem; readonly onStep: (step: Step) => void }) {
  const decides = useMay()("disposal:decide");
  const { data: who } = useQuery(whoAmIQuery);
  const { state, held } = item;
  const own = state === "requested" && item.requestedBy === who?.actor;
  return (
    <>
      <div className="grid min-w-0 gap-2">
        <Heading item={item}>
          {state === "kept" || state === "done" ? null : stateTags[state]}
          {held ? <Tag tone="bad">legal hold</Tag> : null}
        </Heading>
        <Facts
          items={[
            ["Site", <SiteName key="site" siteId={item.siteId} />],
            ["Due since", item.basis.dueAt === undefined ? "not known" : <Moment key="due" at={item.basis.dueAt} />],
            ["Basis", basisText(item)],
            ...(item.requestedBy === null
              ? []
              : ([["Asked for by", <Person key="asked" token={item.requestedBy} />]] as const)),
            ...(item.because === null ? [] : ([["Because", item.because]] as const)),
          ]}
        />
        {held ? <p className="text-ink-soft">Nothing of this case is destroyed while the hold stands.</p> : null}
        {own && decides ? <p className="text-ink-soft">You asked for it: another person confirms.</p> : null}
      </div>
      {!decides || state === "confirmed" ? null : (
        <div className="flex flex-wrap gap-2 self-start">
          {state === "due" && !held ? <Button onClick={() => onStep("ask")}>Ask to destroy</Button> : null}
          {state === "requested" && !own && !held ? (
            <Button look="danger" onClick={() => onStep("confirm")}>
              Confirm
            </Button>
          ) : null}
          <Button onClick={() => onStep("keep")}>Keep longer</Button>
        </div>
      )}
    </>
  );
}

/** Kept until a day, which somebody may put earlier or later. */
function KeptLine({ item, onStep }: { readonly item: DisposalItem; readonly onStep: (step: Step) => void }) {
  const decides = useMay()("disposal:decide");
  return (
    <>
      <div className="grid min-w-0 gap-2">
        <Heading item={item} />
        <Facts
          items={[
            ["Site", <SiteName key="site" siteId={item.siteId} />],
            ["Kept until", item.keptUntil?.slice(0, 10) ?? "not known"],
            ["Kept by", item.keptBy === null ? "not known" : <Person key="kept" token={item.keptBy} />],
            ["Because", item.keptBecause ?? "not known"],
          ]}
        />
      </div>
      {decides ? (
        <Button className="self-start justify-self-start" onClick={() => onStep("keep")}>
          Change the day
        </Button>
      ) : null}
    </>
  );
}

function DoneLine({ item }: { readonly item: DisposalItem }) {
  const audits = useMay()("audit:read");
  const fetchIt = useMutation({
    mutationFn: () => certificateOf(item),
    onSuccess: (text) => saveFile(`certificate-${item.ref}-${item.kind}.json`, text),
  });
  return (
    <>
      <div className="grid min-w-0 gap-2">
        <Heading item={item} />
        <Facts
          items={[
            ["Site", <SiteName key="site" siteId={item.siteId} />],
            ["Destroyed", item.doneAt === null ? "not known" : <Moment key="done" at={item.doneAt} />],
            ["Basis", basisText(item)],
            ["Asked for by", item.requestedBy === null ? "not known" : <Person key="asked" token={item.requestedBy} />],
            ["Confirmed by", item.confirmedBy === null ? "not known" : <Person key="by" token={item.confirmedBy} />],
            ["Record entry", <Entry key="entry" item={item} linked={audits} />],
          ]}
        />
        {fetchIt.isError ? <ErrorState fault={fetchIt.error} /> : null}
      </div>
      <Button className="self-start justify-self-start" busy={fetchIt.isPending} onClick={() => fetchIt.mutate()}>
        <Download className="size-4" aria-hidden="true" />
        Certificate
      </Button>
    </>
  );
}

function Entry({ item, linked }: { readonly item: DisposalItem; readonly linked: boolean }) {
  const id = <code className="font-mono text-2xs break-all">{item.certificateAuditId ?? "not yet"}</code>;
  if (!linked || item.certificateAuditId === null) return id;
  return (
    <Link to="/audit" search={{ subject: item.id }} className="text-accent-strong underline underline-offset-2">
      {id}
    </Link>
  );
}
