import { homeOrganisation, parseIncidentId, type IncidentId } from "@tillwatch/wire";
import { problem } from "../api/problem.ts";
import type { IncidentChange } from "../flow.ts";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import type { LiveFeed } from "../platform/live-feed.ts";
import type { RouteConflict } from "../conflict/conflict-http.ts";
import type { PeopleTexts } from "../privacy/text/people-texts-http.ts";
import type { Looks } from "../record/look-append.ts";
import type { Db, Tx } from "../schema.ts";
import type { RecordPorts } from "./incident-read.ts";
import type { SummaryNeeds } from "./incident-summary.ts";

/** What the routes of incidents are given. */
export type IncidentHttpDeps = {
  readonly db: Db;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly fields: FieldVault;
  readonly live: LiveFeed;
  /** Asked for every request: the directory may have changed. */
  readonly needs: () => SummaryNeeds;
  readonly ports: RecordPorts;
  /** Looks at what people write about people. */
  readonly texts: PeopleTexts;
  /** Reports about colleagues: whom a pick stands for, and into whose hands such a case goes. */
  readonly colleagues?: {
    readonly picked: (organisationId: string, refs: readonly string[]) => Promise<readonly string[]>;
    readonly route: RouteConflict;
  };
  /** Puts on the record who reads what is about people, before the answer leaves. */
  readonly looks: Pick<Looks, "openedIncident" | "searched">;
  /** Runs in the transaction of a person's change, after its writes: responses and notifications. */
  readonly onChanges: (tx: Tx, changes: readonly IncidentChange[]) => Promise<void>;
  /** Numbers of the intake for `/api/v1/stats`. */
  readonly signalStats: (
    organisationId: string,
  ) => Promise<{ readonly acceptedSinceStart: number; readonly perMinute: number }>;
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
export function publish(deps: Pick<IncidentHttpDeps, "needs" | "live">, changes: readonly IncidentChange[]): void {
  const { places } = deps.needs();
  for (const { incident } of changes) {
    const { id, version, siteId } = incident;
    const organisationId = places.site(siteId)?.organisation ?? homeOrganisation;
    deps.live.publish({ kind: "incident", id, version, summary: incident }, { organisationId, siteId });
  }
}
