import type { TriageLevel } from "@tillwatch/wire";
import { noEffects, reportedSeverity, type Effects } from "./incident-effects.ts";
import type { IncidentRow } from "./incident-row.ts";

/** A report by a person of the shop, checked: the site, zone and category exist. */
export type StaffReport = {
  readonly siteId: string;
  readonly zoneId: string | null;
  readonly category: string;
  readonly occurredAtMs: number;
  readonly summary: string;
  readonly valueLostMinor: number | null;
  readonly currency: string | null;
  readonly peopleInvolved: number | null;
  readonly reporter: string; // token
};

export type ReportContext = {
  readonly nowMs: number;
  readonly newId: () => string;
  readonly reference: string;
  readonly taxonomyVersion: string;
  readonly level: TriageLevel; // of the category
  readonly categoryTitle: string;
  readonly id: string; // of the incident
  readonly kept: (text: string) => string; // the sealed form of the summary
  readonly digestOf: (sealed: string) => string;
};

/** A person asked: an incident opens at once, unscored, at the level of its category. */
export function openReported(report: StaffReport, context: ReportContext): Effects {
  const effects = noEffects();
  const summary = context.kept(report.summary);
  const row: IncidentRow = {
    id: context.id,
    ref: context.reference,
    situationId: null,
    state: "open",
    level: context.level,
    category: report.category,
    taxonomyVersion: context.taxonomyVersion,
    summary,
    siteId: report.siteId,
    zoneId: report.zoneId,
    deviceId: null,
    occurredAtMs: report.occurredAtMs,
    openedAtMs: context.nowMs,
    updatedAtMs: context.nowMs,
    lastSignalAtMs: null,
    incidentSinceMs: context.nowMs,
    severity: reportedSeverity[context.level],
    machineSeverity: null,
    confidence: null,
    score: null,
    override: null,
    verdict: null,
    reporter: report.reporter,
    ownerToken: null,
    valueLostMinor: report.valueLostMinor,
    valueRecoveredMinor: null,
    currency: report.currency,
    peopleInvolved: report.peopleInvolved,
    signalCount: 0,
    evidence: [],
    personFields: ["category", "level", "occurredAt", "summary", "zoneId"],
    attention: null,
    version: 1,
  };
  effects.rows.set(row.id, row);
  effects.timeline.push({
    id: context.newId(),
    incidentId: row.id,
    atMs: context.nowMs,
    kind: "state",
    says: `Opened by a person's report: ${context.categoryTitle}.`,
    actor: report.reporter,
    detail: { from: null, to: "open", level: row.level },
  });
  effects.audits.push({
    kind: "incident.opened",
    actor: report.reporter,
    subject: { kind: "incident", id: row.id },
    because: "a person reported it",
    atMs: context.nowMs,
    body: {
      ref: row.ref,
      category: row.category,
      level: row.level,
      site: row.siteId,
      occurred_at: new Date(row.occurredAtMs).toISOString(),
      summary_sha256: context.digestOf(summary),
    },
  });
  effects.changes.push({ kind: "incident_opened", from: null, incidentId: row.id });
  return effects;
}
