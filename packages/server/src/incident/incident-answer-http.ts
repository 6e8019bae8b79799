import { parseIncidentId, type IncidentId } from "@tillwatch/wire";
import { problem } from "../api/problem.ts";
import type { IncidentChange } from "../flow.ts";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import type { LiveFeed } from "../platform/live-feed.ts";
import type { Db, Tx } from "../schema.ts";
import type { RecordPorts } from "./incident-read.ts";
import type { SummaryNeeds } from "./incident-summary.ts";

/** What the routes of incidents are given. */
export type IncidentHttpDeps = {
  readonly db: Db;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly live: LiveFeed;
  /** Asked for every request: the directory may have changed. */
  readonly needs: () => SummaryNeeds;
  readonly ports: RecordPorts;
  /** Runs in the transaction of a person's change, after its writes: responses and notifications. */
  readonly onChanges: (tx: Tx, changes: readonly IncidentChange[]) => Promise<void>;
  /** Numbers of the intake for `/api/v1/stats`. */
  readonly signalStats: () => Promise<{ readonly acceptedTotal: number; readonly perMinute: number }>;
};

export function incidentIdOf(raw: string): IncidentId {
  const parsed = parseIncidentId(raw);
  if (!parsed.ok) throw unknownIncident();
  return parsed.value;
}

export function unknownIncident() {
  return problem(404, "incident_unknown", "there is no incident with this id", {
    remedy: "Search for its reference with GET /api/v1/incidents?q=TW-...",
  });
}

/** Tells readers. After the commit only. */
export function publish(deps: IncidentHttpDeps, changes: readonly IncidentChange[]): void {
  for (const { incident } of changes) {
    deps.live.publish({ kind: "incident", id: incident.id, version: incident.version, summary: incident });
  }
}
