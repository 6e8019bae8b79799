import { useQuery } from "@tanstack/react-query";
import type { SourceSummary } from "@tillwatch/wire";
import { RadioTower } from "lucide-react";
import { useState } from "react";
import { sitesQuery, sourcesQuery } from "../api/queries.ts";
import { useMay } from "../app/may.ts";
import { Tag, type Tone } from "../design/badge.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { TextField } from "../design/field.tsx";
import { SkeletonLines } from "../design/skeleton.tsx";
import { Table, type Column } from "../design/table.tsx";
import { Ago, offsetText } from "../design/time.tsx";
import { LastSignals } from "./last-signals.tsx";

const stateTones: Readonly<Record<SourceSummary["state"], { readonly tone: Tone; readonly says: string }>> = {
  ok: { tone: "good", says: "Signalling" },
  silent: { tone: "bad", says: "Silent" },
  never_seen: { tone: "plain", says: "Never seen" },
  skewed: { tone: "warn", says: "Clock off" },
};

/** A clock that is ahead is off; a time that is long past may as well have been sent late. */
function stateSays({ state, clockOffsetMs }: SourceSummary): string {
  return state === "skewed" && clockOffsetMs !== null && clockOffsetMs < 0 ? "Late or off" : stateTones[state].says;
}

// What needs a person comes first.
const stateOrder: readonly SourceSummary["state"][] = ["silent", "skewed", "never_seen", "ok"];

/** Nothing is known of the clock of a source that never signalled. */
function sourceClock({ clockOffsetMs, lastSignalAt }: SourceSummary): string {
  if (clockOffsetMs !== null)
    return clockOffsetMs < 0 ? `${offsetText(clockOffsetMs)}, or late` : offsetText(clockOffsetMs);
  return lastSignalAt === null ? "–" : "agrees";
}

const columnsWith = (siteName: (id: string) => string, onOpen: Open | null): readonly Column<SourceSummary>[] => [
  {
    id: "state",
    title: "State",
    cell: (source) => <Tag tone={stateTones[source.state].tone}>{stateSays(source)}</Tag>,
  },
  {
    id: "name",
    title: "Source",
    cell: (source) => (
      <>
        <SourceName source={source} onOpen={onOpen} />
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

type Open = (source: SourceSummary) => void;

/** What it signalled last opens by its name; of a source that never did there is nothing to open. */
function SourceName({ source, onOpen }: { readonly source: SourceSummary; readonly onOpen: Open | null }) {
  if (onOpen === null || source.lastSignalAt === null) return <span className="font-medium">{source.name}</span>;
  return (
    <button
      type="button"
      className="text-left font-medium underline decoration-line-strong underline-offset-2 hover:decoration-current"
      aria-label={`${source.name}: its last signals`}
      onClick={() => onOpen(source)}
    >
      {source.name}
    </button>
  );
}

function PhoneRow(props: { readonly source: SourceSummary; readonly place: string; readonly onOpen: Open | null }) {
  const { source, place, onOpen } = props;
  return (
    <div className="grid gap-0.5">
      <p className="flex items-center justify-between gap-2">
        <SourceName source={source} onOpen={onOpen} />
        <Tag tone={stateTones[source.state].tone}>{stateSays(source)}</Tag>
      </p>
      <p className="text-ink-soft">
        {place} · {source.lastSignalAt === null ? "never signalled" : <Ago at={source.lastSignalAt} />} ·{" "}
        {source.signalsToday.toLocaleString()} today
      </p>
      {source.clockOffsetMs === null ? null : <p className="text-warn">Clock {sourceClock(source)}</p>}
      {source.sequenceGaps === 0 ? null : <p className="text-warn">{source.sequenceGaps} gaps in its numbering</p>}
      <p className="font-mono text-2xs break-all text-ink-muted">{source.source}</p>
    </div>
  );
}

/** Every word must stand in the name, the id, the kind or the place. */
export function matchesWords(text: string, words: string): boolean {
  const has = text.toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => has.includes(word));
}

export function SourceList({ q, onSearch }: { readonly q: string; readonly onSearch: (text: string) => void }) {
  const may = useMay();
  const [opened, setOpened] = useState<SourceSummary | null>(null);
  const onOpen = may("signal:read") ? setOpened : null;
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
  const found = sources.data.items.filter(({ name, source, kind, siteId, state }) =>
    matchesWords([name, source, kind.replaceAll("_", " "), siteName(siteId), stateTones[state].says].join(" "), q),
  );
  const rows = [...found].sort(
    (a, b) => stateOrder.indexOf(a.state) - stateOrder.indexOf(b.state) || a.name.localeCompare(b.name),
  );
  return (
    <div className="grid gap-3">
      <search aria-label="Find a source">
        <TextField
          label="Find a source"
          quietLabel
          type="search"
          placeholder="Name, id, kind or site"
          frameClass="max-w-xs"
          value={q}
          onChange={(event) => onSearch(event.target.value)}
        />
      </search>
      <p className="text-sm text-ink-muted" aria-live="polite">
        {stateOrder
          .map((state) => ({ state, count: rows.filter((row) => row.state === state).length }))
          .filter(({ count }) => count > 0)
          .map(({ state, count }) => `${count} ${stateTones[state].says.toLowerCase()}`)
          .join(" · ")}
      </p>
      <div className="overflow-x-auto rounded-md border border-line bg-surface shadow-raised">
        {rows.length === 0 ? (
          <EmptyState icon={RadioTower} title={q === "" ? "No source yet" : "No source has these words"}>
            Devices appear here with their first signal, or when the directory names them.
          </EmptyState>
        ) : (
          <Table
            label="Sources"
            columns={columnsWith(siteName, onOpen)}
            rows={rows}
            idOf={(row) => row.source}
            renderPhone={(source) => <PhoneRow source={source} place={siteName(source.siteId)} onOpen={onOpen} />}
          />
        )}
      </div>
      <LastSignals source={opened} onClose={() => setOpened(null)} />
    </div>
  );
}
