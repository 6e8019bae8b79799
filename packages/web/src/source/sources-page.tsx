import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { SourceSummary } from "@tillwatch/wire";
import { RadioTower } from "lucide-react";
import { sitesQuery, sourcesQuery } from "../api/queries.ts";
import { readSourcesSearch } from "../app/route-search.ts";
import { Tag, type Tone } from "../design/badge.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { SkeletonLines } from "../design/skeleton.tsx";
import { Table, type Column } from "../design/table.tsx";
import { TabPanel, Tabs } from "../design/tabs.tsx";
import { Ago, offsetText } from "../design/time.tsx";
import { DeadLetterList } from "./dead-letter-list.tsx";

export function SourcesPage() {
  const { tab } = readSourcesSearch(useSearch({ from: "/shell/sources" }));
  const navigate = useNavigate({ from: "/sources" });
  return (
    <>
      <title>Sources · Tillwatch</title>
      <header className="pt-5 pb-2 md:pt-7">
        <h1 className="text-xl font-semibold tracking-tight">Sources</h1>
        <p className="text-sm text-ink-muted">Who signals, who has gone silent, and what could not be placed.</p>
      </header>
      <Tabs
        label="Sources and dead letters"
        tabs={[
          { id: "sources", label: "Sources" },
          { id: "dead-letters", label: "Dead letters" },
        ]}
        value={tab ?? "sources"}
        onChange={(id) => void navigate({ search: id === "dead-letters" ? { tab: id } : {}, replace: true })}
      >
        <TabPanel id="sources">
          <SourceList />
        </TabPanel>
        <TabPanel id="dead-letters">
          <DeadLetterList />
        </TabPanel>
      </Tabs>
    </>
  );
}

const stateTones: Readonly<Record<SourceSummary["state"], { readonly tone: Tone; readonly says: string }>> = {
  ok: { tone: "good", says: "Signalling" },
  silent: { tone: "bad", says: "Silent" },
  never_seen: { tone: "plain", says: "Never seen" },
  skewed: { tone: "warn", says: "Clock off" },
};

// What needs a person comes first.
const stateOrder: readonly SourceSummary["state"][] = ["silent", "skewed", "never_seen", "ok"];

/** Nothing is known of the clock of a source that never signalled. */
function sourceClock({ clockOffsetMs, lastSignalAt }: SourceSummary): string {
  if (clockOffsetMs !== null) return offsetText(clockOffsetMs);
  return lastSignalAt === null ? "–" : "agrees";
}

const columnsWith = (siteName: (id: string) => string): readonly Column<SourceSummary>[] => [
  {
    id: "state",
    title: "State",
    cell: ({ state }) => <Tag tone={stateTones[state].tone}>{stateTones[state].says}</Tag>,
  },
  {
    id: "name",
    title: "Source",
    cell: (source) => (
      <>
        <p className="font-medium">{source.name}</p>
        <p className="font-mono text-2xs break-all text-ink-muted">{source.source}</p>
      </>
    ),
  },
  { id: "kind", title: "Kind", cell: (source) => source.kind.replaceAll("_", " ") },
  { id: "site", title: "Site", cell: (source) => siteName(source.siteId) },
  {
    id: "last",
    title: "Last signal",
    cell: (source) => (source.lastSignalAt === null ? "never" : <Ago at={source.lastSignalAt} />),
  },
  { id: "today", title: "Today", numeric: true, cell: (source) => source.signalsToday.toLocaleString() },
  { id: "repeats", title: "Repeats", numeric: true, cell: (source) => source.duplicatesToday.toLocaleString() },
  {
    id: "clock",
    title: "Clock",
    cell: sourceClock,
  },
  { id: "gaps", title: "Gaps", numeric: true, cell: (source) => source.sequenceGaps.toLocaleString() },
];

function PhoneRow({ source, place }: { readonly source: SourceSummary; readonly place: string }) {
  return (
    <div className="grid gap-0.5">
      <p className="flex items-center justify-between gap-2">
        <span className="font-medium">{source.name}</span>
        <Tag tone={stateTones[source.state].tone}>{stateTones[source.state].says}</Tag>
      </p>
      <p className="text-ink-soft">
        {place} · {source.lastSignalAt === null ? "never signalled" : <Ago at={source.lastSignalAt} />} ·{" "}
        {source.signalsToday.toLocaleString()} today
      </p>
      {source.clockOffsetMs === null ? null : <p className="text-warn">Clock {offsetText(source.clockOffsetMs)}</p>}
      {source.sequenceGaps === 0 ? null : <p className="text-warn">{source.sequenceGaps} gaps in its numbering</p>}
      <p className="font-mono text-2xs break-all text-ink-muted">{source.source}</p>
    </div>
  );
}

function SourceList() {
  const sources = useQuery(sourcesQuery);
  const sites = useQuery(sitesQuery);
  // Until the directory is there, and for a site that it does not name, the id stands for itself.
  const siteName = (id: string): string => sites.data?.items.find((site) => site.id === id)?.name ?? id;
  if (sources.data === undefined) {
    return (
      <div className="rounded-md border border-line bg-surface">
        {sources.isError ? (
          <ErrorState fault={sources.error} onRetry={() => void sources.refetch()} />
        ) : (
          <SkeletonLines lines={12} says="Loading the sources" />
        )}
      </div>
    );
  }
  const rows = [...sources.data.items].sort(
    (a, b) => stateOrder.indexOf(a.state) - stateOrder.indexOf(b.state) || a.name.localeCompare(b.name),
  );
  return (
    <div className="grid gap-3">
      <p className="text-sm text-ink-muted">
        {stateOrder
          .map((state) => ({ state, count: rows.filter((row) => row.state === state).length }))
          .filter(({ count }) => count > 0)
          .map(({ state, count }) => `${count} ${stateTones[state].says.toLowerCase()}`)
          .join(" · ")}
      </p>
      <div className="overflow-x-auto rounded-md border border-line bg-surface shadow-raised">
        {rows.length === 0 ? (
          <EmptyState icon={RadioTower} title="No source yet">
            Devices appear here with their first signal, or when the directory names them.
          </EmptyState>
        ) : (
          <Table
            label="Sources"
            columns={columnsWith(siteName)}
            rows={rows}
            idOf={(row) => row.source}
            renderPhone={(source) => <PhoneRow source={source} place={siteName(source.siteId)} />}
          />
        )}
      </div>
    </div>
  );
}
