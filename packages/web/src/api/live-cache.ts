import type { QueryClient } from "@tanstack/react-query";
import type { IncidentRecord, IncidentSummary, LiveEvent } from "@tillwatch/wire";
import type { LiveBatch, LiveConnection } from "./live.ts";

export type LiveStats = {
  readonly signalsPerMinute: number | null;
  readonly deadLettersWaiting: number | null;
};

/** What the shell shows beside the connection. */
export const liveStatsKey = ["live-stats"] as const;

/** Latest summaries that came over the feed, by id; the queue merges them into its list. Only the newest version of each is kept. */
export const liveSummariesKey = ["live-summaries"] as const;

export type LiveSummaries = ReadonlyMap<string, IncidentSummary>;

// A wall display runs for weeks: the oldest go first.
const summariesMax = 2_000;

/** Keeps the cache true while events arrive. Returns the way to stop. */
export function keepCacheLive(queries: QueryClient, live: LiveConnection): () => void {
  return live.subscribe((batch) => applyBatch(queries, batch));
}

function applyBatch(queries: QueryClient, batch: LiveBatch): void {
  if (batch.reset) startAnew(queries);
  const incidents = batch.events.filter((event) => event.kind === "incident");
  if (incidents.length > 0) applyIncidents(queries, incidents);
  for (const event of batch.events) applyOther(queries, event);
}

/**
 * Something may have been missed: everything is asked for again. An answer on its way may have been read before what was missed, so it is
 * shown (cancelling it would only show the skeleton for longer) and then asked for once more.
 */
function startAnew(queries: QueryClient): void {
  queries.setQueryData<LiveSummaries>(liveSummariesKey, new Map());
  const underWay = queries.getQueryCache().findAll({ fetchStatus: "fetching" });
  void queries.invalidateQueries({}, { cancelRefetch: false });
  for (const { queryKey, promise } of underWay) {
    const again = (): void => void queries.invalidateQueries({ queryKey, exact: true });
    promise?.then(again, again);
  }
}

type IncidentEvent = Extract<LiveEvent, { kind: "incident" }>;

function applyIncidents(queries: QueryClient, events: readonly IncidentEvent[]): void {
  const known = queries.getQueryData<LiveSummaries>(liveSummariesKey) ?? new Map<string, IncidentSummary>();
  const next = new Map(known);
  for (const { id, summary } of events) {
    const before = next.get(id);
    if (before !== undefined && before.version > summary.version) continue; // came out of order
    next.delete(id); // so that it stands last: youngest
    next.set(id, summary);
    const record = queries.getQueryData<IncidentRecord>(["incident", id]);
    if (record !== undefined && record.version < summary.version) {
      void queries.invalidateQueries({ queryKey: ["incident", id] });
    }
  }
  for (const id of next.keys()) {
    if (next.size <= summariesMax) break;
    next.delete(id);
  }
  queries.setQueryData<LiveSummaries>(liveSummariesKey, next);
}

function applyOther(queries: QueryClient, event: LiveEvent): void {
  switch (event.kind) {
    case "incident":
      return;
    case "packet":
      void queries.invalidateQueries({ queryKey: ["incident", event.incidentId] });
      return;
    case "drafts":
      void queries.invalidateQueries({ queryKey: ["incident", event.incidentId, "drafts"] });
      return;
    case "dead_letters":
      noteStats(queries, { deadLettersWaiting: event.waiting });
      void queries.invalidateQueries({ queryKey: ["dead-letters"] });
      return;
    case "sources":
      void queries.invalidateQueries({ queryKey: ["sources"] });
      return;
    case "checkpoint":
      void queries.invalidateQueries({ queryKey: ["checkpoint"] });
      return;
    case "access_alarm":
      void queries.invalidateQueries({ queryKey: ["grants"] });
      return;
    case "shares":
      void queries.invalidateQueries({ queryKey: ["shares"] });
      askForCases(queries);
      return;
    case "access_changed":
      void queries.invalidateQueries({ queryKey: ["grants"] });
      askForCases(queries);
      return;
    case "session_ended":
    case "session_changed":
      return; // the connection itself answers these
    case "stats":
      noteStats(queries, { signalsPerMinute: event.signalsPerMinute });
  }
}

/** Also for the one that is open: what is no longer this person's leaves the screen. */
function askForCases(queries: QueryClient): void {
  void queries.invalidateQueries({ queryKey: ["incidents"] });
  void queries.invalidateQueries({ queryKey: ["incident"] });
}

function noteStats(queries: QueryClient, news: Partial<LiveStats>): void {
  const before = queries.getQueryData<LiveStats>(liveStatsKey) ?? { signalsPerMinute: null, deadLettersWaiting: null };
  queries.setQueryData<LiveStats>(liveStatsKey, { ...before, ...news });
}
