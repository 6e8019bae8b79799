import { riskOf, type IncidentSummary } from "@tillwatch/wire";
import { statesOfView, type QueueFilter } from "../api/queries.ts";

/** The order on screen at the moment it was last let in, with what each row was ranked by then. */
export type Frozen = readonly { readonly id: string; readonly risk: number }[];

export type QueueRows = {
  readonly rows: readonly IncidentSummary[]; // in the frozen order, each with its newest content
  readonly newIds: readonly string[]; //       known, belong here, not shown yet
  readonly movedCount: number; //              shown, but would stand elsewhere now
};

/** As the server sorts (index incident_queue): highest risk, then the youngest. The id makes it total. */
export function byRisk(a: IncidentSummary, b: IncidentSummary): number {
  return (
    riskOf(b) - riskOf(a) || Date.parse(b.openedAt) - Date.parse(a.openedAt) || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0)
  );
}

/** Does a summary from the live feed belong into this list? The same question the server answers for the first fetch. */
export function belongs(summary: IncidentSummary, filter: QueueFilter): boolean {
  const states: readonly string[] = statesOfView[filter.view];
  if (!states.includes(summary.state)) return false;
  if (filter.site !== undefined && summary.siteId !== filter.site) return false;
  if (filter.level !== undefined && summary.level !== filter.level) return false;
  if (filter.category !== undefined && summary.category !== filter.category) return false;
  if (filter.q === undefined) return true;
  const text = `${summary.ref} ${summary.title} ${summary.categoryTitle} ${summary.siteName}`.toLowerCase();
  return text.includes(filter.q.toLowerCase());
}

/** Of each incident the newest version, whether it came by fetch or by feed. */
export function newest(
  fetched: readonly IncidentSummary[],
  live: ReadonlyMap<string, IncidentSummary>,
): ReadonlyMap<string, IncidentSummary> {
  const known = new Map(live);
  for (const summary of fetched) {
    const before = known.get(summary.id);
    if (before === undefined || before.version <= summary.version) known.set(summary.id, summary);
  }
  return known;
}

/**
 * What is on screen and what waits. Contents change in place, the order does not: a row never moves under the eye or the finger of the
 * reader. `openEnd` says that further pages exist: what ranks below the last row shown is then on one of them, and not new.
 */
export function queueRows(input: {
  readonly frozen: Frozen;
  readonly known: ReadonlyMap<string, IncidentSummary>;
  readonly filter: QueueFilter;
  readonly openEnd: boolean;
}): QueueRows {
  const { frozen, known, filter, openEnd } = input;
  const rows = frozen.flatMap(({ id }) => known.get(id) ?? []);
  const shown = new Set(frozen.map((row) => row.id));
  const last = openEnd ? rows.at(-1) : undefined;
  const fresh = [...known.values()].filter(
    (summary) =>
      !shown.has(summary.id) && belongs(summary, filter) && (last === undefined || byRisk(summary, last) < 0),
  );
  const movedCount = frozen.filter(({ id, risk }) => {
    const now = known.get(id);
    return now !== undefined && (riskOf(now) !== risk || !belongs(now, filter));
  }).length;
  return { rows, newIds: fresh.map((summary) => summary.id), movedCount };
}

/** The order that is true now: what belongs, highest risk on top. */
export function freeze(
  ids: Iterable<string>,
  known: ReadonlyMap<string, IncidentSummary>,
  filter: QueueFilter,
): Frozen {
  return [...new Set(ids)]
    .flatMap((id) => known.get(id) ?? [])
    .filter((summary) => belongs(summary, filter))
    .sort(byRisk)
    .map((row) => ({ id: row.id, risk: riskOf(row) }));
}
