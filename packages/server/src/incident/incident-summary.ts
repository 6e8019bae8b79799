import {
  harmOfLevel,
  riskOf,
  type IncidentId,
  type IncidentSummary,
  type SiteId,
  type TriageLevel,
  type ZoneId,
} from "@tillwatch/wire";
import type { IncidentChange } from "../flow.ts";
import { completenessOf } from "./completeness.ts";
import type { Effects } from "./incident-effects.ts";
import type { IncidentRow } from "./incident-row.ts";
import type { Places } from "./places.ts";
import { categoryOf, type Taxonomy } from "./taxonomy.ts";

/** Every version that is in use, and the one that new work gets. */
export type Taxonomies = {
  readonly current: Taxonomy;
  readonly of: (version: string) => Taxonomy;
};

export type SummaryNeeds = { readonly taxonomies: Taxonomies; readonly places: Places };

const topReasonsMax = 3;
const levelWords: Readonly<Record<TriageLevel, string>> = {
  1: "level 1 (local follow-up)",
  2: "level 2 (tampering)",
  3: "level 3 (coordinated or violent)",
};

/** A row of the queue as readers see it. */
export function toSummary(row: IncidentRow, needs: SummaryNeeds): IncidentSummary {
  const taxonomy = needs.taxonomies.of(row.taxonomyVersion);
  const categoryTitle = categoryOf(taxonomy, row.category).title;
  const siteName = needs.places.site(row.siteId)?.name ?? row.siteId;
  const zoneName = row.zoneId === null ? null : (needs.places.zone(row.siteId, row.zoneId)?.name ?? row.zoneId);
  return {
    id: row.id as IncidentId,
    ref: row.ref,
    state: row.state,
    level: row.level,
    category: row.category,
    categoryTitle,
    title: `${categoryTitle} at ${zoneName ?? siteName}`,
    siteId: row.siteId as SiteId,
    siteName,
    zoneId: row.zoneId as ZoneId | null,
    zoneName,
    severity: row.severity,
    machineSeverity: row.machineSeverity,
    confidence: row.confidence,
    verdict: row.verdict,
    openedAt: iso(row.openedAtMs),
    updatedAt: iso(row.updatedAtMs),
    lastSignalAt: row.lastSignalAtMs === null ? null : iso(row.lastSignalAtMs),
    signalCount: row.signalCount,
    completeness: completenessOf(row, taxonomy).value,
    topReasons: topReasons(row, categoryTitle),
    rank: rankOf(row),
    version: row.version,
    ...(isHeldBack(row) ? { silenced: true as const } : {}),
    ...(row.attention === null ? {} : { attention: row.attention }),
  };
}

/** A silence keeps it from being work: it waits, or waited until it aged out. */
function isHeldBack({ state, score }: IncidentRow): boolean {
  return (state === "watch" || state === "aged_out") && score?.silenced?.hides === true;
}

/** The largest additions in words. A base rate and a limit are arithmetic, not reasons; what speaks against is one. */
export function topReasons(row: IncidentRow, categoryTitle: string): readonly string[] {
  if (row.score === null) return [`A person reported it: ${categoryTitle.toLowerCase()}.`];
  const reasons = row.score.additions.filter(({ kind, milliLogOdds }) => milliLogOdds > 0 || kind === "exculpatory");
  return reasons.slice(0, topReasonsMax).map((addition) => addition.says);
}

/** Why it stands where it stands: the queue's order in a sentence. */
export function rankOf(row: IncidentRow): string {
  const severity = row.severity.toFixed(3);
  const machine =
    row.machineSeverity === null ? "no machine value" : `the machine says ${row.machineSeverity.toFixed(3)}`;
  const source =
    row.override !== null
      ? ` (set by a person; ${machine})`
      : row.machineSeverity === null
        ? " (a person reported it)"
        : "";
  const harm = harmOfLevel[row.level];
  const risk = riskOf(row).toFixed(3);
  const silenced = isHeldBack(row) ? " A silence keeps it on the watch list." : "";
  return `Risk ${risk}: severity ${severity}${source} times ${harm} for ${levelWords[row.level]}.${silenced}`;
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** What others are told: each change with the work as it is at the end of the transaction. */
export function toChanges(effects: Effects, needs: SummaryNeeds, atMs: number): readonly IncidentChange[] {
  return effects.changes.flatMap(({ incidentId, ...change }) => {
    const row = effects.rows.get(incidentId);
    return row === undefined ? [] : [{ ...change, incident: toSummary(row, needs), at: iso(atMs) }];
  });
}
