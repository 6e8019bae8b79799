import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import type { IncidentRecord, TimelineEntry } from "@tillwatch/wire";
import { incidentQuery, sitesQuery } from "../api/queries.ts";
import { ApiProblem } from "../api/request.ts";
import { useMay } from "../app/may.ts";
import { readIncidentSearch } from "../app/route-search.ts";
import { Card } from "../design/card.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { useKeys } from "../design/keys.ts";
import { useWide } from "../design/use-wide.ts";
import { TabPanel, Tabs, type Tab } from "../design/tabs.tsx";
import { ShopZone } from "../design/time.tsx";
import { Timeline } from "../design/timeline.tsx";
import { DraftedLine } from "../draft/drafted-line.tsx";
import { Who } from "../people/who.tsx";
import { ClosedDoor, isClosedDoor } from "../policy/closed-door.tsx";
import { PurposeCard, PurposeDoor } from "../policy/purpose-card.tsx";
import { ExhibitsPanel } from "./exhibits-panel.tsx";
import { HistoryPanel } from "./history-panel.tsx";
import { IncidentHeader } from "./incident-header.tsx";
import { IncidentSkeleton } from "./incident-skeleton.tsx";
import { CountedList } from "./counted-list.tsx";
import { MatchedList } from "./matched-list.tsx";
import { countedIn, matchedOn } from "./matched-on.ts";
import { PacketPanel } from "./packet-panel.tsx";
import { SignalsPanel } from "./signals-panel.tsx";
import { WhyPanel } from "./why-panel.tsx";
import { WorkPanel } from "./work-panel.tsx";

const route = "/shell/incidents/$id";

export function IncidentPage() {
  const { id } = useParams({ from: route });
  const incident = useQuery(incidentQuery(id));
  // A door that closed goes before what was read while it was open: the page may have been open since then.
  if (incident.error instanceof ApiProblem && incident.error.problem.code === "purpose_required") {
    return <PurposeDoor incidentId={id} />;
  }
  if (isClosedDoor(incident.error)) {
    return <ClosedDoor incidentId={id} fault={incident.error} onRetry={() => void incident.refetch()} />;
  }
  if (incident.data !== undefined) return <Loaded key={id} record={incident.data} fault={incident.error} />;
  if (incident.isError) {
    return (
      <div className="max-w-2xl pt-7">
        <title>Incident · Tillwatch</title>
        <h1 className="mb-3 text-lg font-semibold">This incident cannot be shown</h1>
        <ErrorState fault={incident.error} onRetry={() => void incident.refetch()} />
      </div>
    );
  }
  return <IncidentSkeleton />;
}

/** A failed refresh keeps the record on screen and says that it may be old. */
function Loaded({ record, fault }: { readonly record: IncidentRecord; readonly fault: unknown }) {
  const wide = useWide();
  const may = useMay();
  // What happened in a shop is read by the shop's clock, wherever the reader sits. A partner sees no directory, and his own clock.
  const sites = useQuery({ ...sitesQuery, enabled: may("site:list") });
  const zone = sites.data?.items.find((site) => site.id === record.siteId)?.timezone;
  return (
    <ShopZone value={zone}>
      <article>
        <title>{`${record.ref} · Tillwatch`}</title>
        <IncidentHeader record={record} />
        <PurposeCard record={record} />
        {fault === null ? null : <ErrorState fault={fault} />}
        <div className="mt-4 grid items-start gap-6 xl:grid-cols-[minmax(0,1fr)_22rem]">
          <Sections record={record} wide={wide} />
          {wide ? (
            <aside aria-label="Work" className="grid grid-cols-1 gap-4">
              <WorkPanel record={record} />
            </aside>
          ) : null}
        </div>
      </article>
    </ShopZone>
  );
}

function Sections({ record, wide }: { readonly record: IncidentRecord; readonly wide: boolean }) {
  const { tab } = readIncidentSearch(useSearch({ from: route }));
  const navigate = useNavigate({ from: "/incidents/$id" });
  const tabs: readonly Tab[] = [
    { id: "why", label: "Why" },
    ...(wide ? [] : [{ id: "work", label: "Work" }]),
    { id: "timeline", label: "Timeline", count: record.timeline.length },
    { id: "signals", label: "Signals", count: record.signals.length },
    { id: "exhibits", label: "Exhibits", count: record.exhibits.length },
    { id: "packet", label: "Packet", count: record.packets.length },
    { id: "history", label: "History", count: record.history.length },
  ];
  const value = tabs.some((known) => known.id === tab) ? (tab ?? "why") : "why";
  const change = (next: string): void =>
    void navigate({ search: next === "why" ? {} : { tab: next as NonNullable<typeof tab> }, replace: true });
  useKeys(Object.fromEntries(tabs.map((each, index) => [String(index + 1), () => change(each.id)])));
  return (
    <div className="min-w-0">
      <Tabs label="Sections of the incident" tabs={tabs} value={value} onChange={change}>
        <TabPanel id="why">
          <WhyPanel record={record} />
        </TabPanel>
        {wide ? null : (
          <TabPanel id="work">
            <div className="grid grid-cols-1 gap-4">
              <WorkPanel record={record} />
            </div>
          </TabPanel>
        )}
        <TabPanel id="timeline">
          <Card title="What happened, in true order">
            <Timeline entries={record.timeline} detailOf={(entry) => detailOf(record, entry)} whoOf={whoOf} />
          </Card>
        </TabPanel>
        <TabPanel id="signals">
          <SignalsPanel record={record} />
        </TabPanel>
        <TabPanel id="exhibits">
          <ExhibitsPanel record={record} />
        </TabPanel>
        <TabPanel id="packet">
          <PacketPanel record={record} />
        </TabPanel>
        <TabPanel id="history">
          <HistoryPanel record={record} />
        </TabPanel>
      </Tabs>
    </div>
  );
}

function detailOf(record: IncidentRecord, entry: TimelineEntry) {
  return (
    <>
      <MatchedList matched={matchedOn(entry.detail)} />
      <CountedList counted={countedIn(entry.detail)} />
      <DraftedLine record={record} detail={entry.detail} />
    </>
  );
}

function whoOf(actor: string) {
  return <Who actor={actor} />;
}
