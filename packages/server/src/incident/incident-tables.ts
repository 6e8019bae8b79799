import { sql } from "kysely";
import type { IncidentState, Score, TriageLevel, Verdict } from "@tillwatch/wire";
import type { IncidentRow, Override } from "./incident-row.ts";

/** Columns of table `incident`, in the order of the migration. */
const names = [
  "id",
  "ref",
  "situation_id",
  "state",
  "level",
  "category",
  "taxonomy_version",
  "summary",
  "site_id",
  "zone_id",
  "device_id",
  "occurred_at",
  "opened_at",
  "updated_at",
  "last_signal_at",
  "incident_since",
  "severity",
  "machine_severity",
  "confidence",
  "score",
  "override",
  "verdict",
  "reporter",
  "owner_token",
  "value_lost_minor",
  "value_recovered_minor",
  "currency",
  "people_involved",
  "signal_count",
  "evidence",
  "person_fields",
  "attention",
  "version",
] as const;

export const storedColumns = sql.join(names.map((name) => sql.ref(name)));

export type StoredIncident = {
  readonly id: string;
  readonly ref: string;
  readonly situation_id: string | null;
  readonly state: IncidentState;
  readonly level: TriageLevel;
  readonly category: string;
  readonly taxonomy_version: string;
  readonly summary: string | null;
  readonly site_id: string;
  readonly zone_id: string | null;
  readonly device_id: string | null;
  readonly occurred_at: Date;
  readonly opened_at: Date;
  readonly updated_at: Date;
  readonly last_signal_at: Date | null;
  readonly incident_since: Date | null;
  readonly severity: number;
  readonly machine_severity: number | null;
  readonly confidence: number | null;
  readonly score: Score | null;
  readonly override: Override | null;
  readonly verdict: Verdict | null;
  readonly reporter: string | null;
  readonly owner_token: string | null;
  readonly value_lost_minor: number | null;
  readonly value_recovered_minor: number | null;
  readonly currency: string | null;
  readonly people_involved: number | null;
  readonly signal_count: number;
  readonly evidence: readonly string[];
  readonly person_fields: readonly string[];
  readonly attention: string | null;
  readonly version: number;
};

export function fromStored(row: StoredIncident): IncidentRow {
  return {
    id: row.id,
    ref: row.ref,
    situationId: row.situation_id,
    state: row.state,
    level: row.level,
    category: row.category,
    taxonomyVersion: row.taxonomy_version,
    summary: row.summary,
    siteId: row.site_id,
    zoneId: row.zone_id,
    deviceId: row.device_id,
    occurredAtMs: row.occurred_at.getTime(),
    openedAtMs: row.opened_at.getTime(),
    updatedAtMs: row.updated_at.getTime(),
    lastSignalAtMs: row.last_signal_at?.getTime() ?? null,
    incidentSinceMs: row.incident_since?.getTime() ?? null,
    severity: row.severity,
    machineSeverity: row.machine_severity,
    confidence: row.confidence,
    score: row.score,
    override: row.override,
    verdict: row.verdict,
    reporter: row.reporter,
    ownerToken: row.owner_token,
    valueLostMinor: row.value_lost_minor,
    valueRecoveredMinor: row.value_recovered_minor,
    currency: row.currency,
    peopleInvolved: row.people_involved,
    signalCount: row.signal_count,
    evidence: row.evidence,
    personFields: row.person_fields,
    attention: row.attention,
    version: row.version,
  };
}

/** As `json_populate_recordset` reads it. */
export function toStored(row: IncidentRow): Readonly<Record<(typeof names)[number], unknown>> {
  return {
    id: row.id,
    ref: row.ref,
    situation_id: row.situationId,
    state: row.state,
    level: row.level,
    category: row.category,
    taxonomy_version: row.taxonomyVersion,
    summary: row.summary,
    site_id: row.siteId,
    zone_id: row.zoneId,
    device_id: row.deviceId,
    occurred_at: iso(row.occurredAtMs),
    opened_at: iso(row.openedAtMs),
    updated_at: iso(row.updatedAtMs),
    last_signal_at: iso(row.lastSignalAtMs),
    incident_since: iso(row.incidentSinceMs),
    severity: row.severity,
    machine_severity: row.machineSeverity,
    confidence: row.confidence,
    score: row.score,
    override: row.override,
    verdict: row.verdict,
    reporter: row.reporter,
    owner_token: row.ownerToken,
    value_lost_minor: row.valueLostMinor,
    value_recovered_minor: row.valueRecoveredMinor,
    currency: row.currency,
    people_involved: row.peopleInvolved,
    signal_count: row.signalCount,
    evidence: row.evidence,
    person_fields: row.personFields,
    attention: row.attention,
    version: row.version,
  };
}

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
