import type {
  FieldChange,
  IncidentState,
  JsonObject,
  JsonValue,
  TimelineEntry,
  TriageLevel,
  Verdict,
} from "@tillwatch/wire";
import type { AuditRecord } from "../audit/audit-append.ts";
import type { IncidentChange } from "../flow.ts";
import type { HeldBack } from "../noise/silence-hit-store.ts";
import type { IncidentRow } from "./incident-row.ts";

/**
 * What a decision wants written, as plain data: the store writes it in bulk. `rows` holds the last version of each row;
 * `changes` what readers and later stages are told, in order.
 */
export type Effects = {
  readonly rows: Map<string, IncidentRow>;
  readonly signals: SignalLink[];
  readonly decisions: { readonly incidentId: string; readonly decisionId: string; readonly atMs: number }[];
  readonly timeline: NewTimelineEntry[];
  readonly fields: (FieldChange & { readonly incidentId: string })[];
  readonly verdicts: NewVerdict[];
  readonly audits: AuditRecord[];
  readonly changes: ChangeNote[];
  readonly heldBack: HeldBack[];
};

export type SignalLink = {
  readonly incidentId: string;
  readonly signalId: string;
  readonly joinedBecause: string;
  readonly correctedAtMs: number;
  readonly late: boolean;
};

/** A line for the timeline. `id` comes from the caller's chance; `atMs` is the corrected instant. */
export type NewTimelineEntry = {
  readonly id: string;
  readonly incidentId: string;
  readonly atMs: number;
  readonly originalAt?: string | null; // as the source wrote it, where that differs
  readonly clockOffsetMs?: number | null;
  readonly late?: boolean;
  readonly kind: TimelineEntry["kind"];
  readonly says: string;
  readonly actor: string;
  readonly signalId?: string | null;
  readonly detail?: JsonObject;
};

export type NewVerdict = {
  readonly id: string;
  readonly incidentId: string;
  readonly verdict: Verdict;
  readonly because: string | null;
  readonly author: string;
  readonly atMs: number;
  readonly category: string;
  readonly machineSeverity: number | null;
};

export type ChangeNote = {
  readonly kind: IncidentChange["kind"];
  readonly from: IncidentState | null;
  readonly incidentId: string;
  readonly silenced?: true;
};

export function noEffects(): Effects {
  return {
    rows: new Map(),
    signals: [],
    decisions: [],
    timeline: [],
    fields: [],
    verdicts: [],
    audits: [],
    changes: [],
    heldBack: [],
  };
}

/** Where a person's report stands in the queue until a machine or a person says otherwise: at the threshold, by its level. */
export const reportedSeverity: Readonly<Record<TriageLevel, number>> = { 1: 0.9, 2: 0.95, 3: 0.99 };

/** Who changes something, when, and why. */
export type Change = { readonly atMs: number; readonly actor: string; readonly because: string };

/** Fields whose every value is kept, under the names that readers know. */
const tracked: Readonly<Record<string, (row: IncidentRow) => JsonValue>> = {
  state: (row) => row.state,
  level: (row) => row.level,
  category: (row) => row.category,
  summary: (row) => row.summary,
  zoneId: (row) => row.zoneId,
  occurredAt: (row) => new Date(row.occurredAtMs).toISOString(),
  severity: (row) => row.severity,
  machineSeverity: (row) => row.machineSeverity,
  confidence: (row) => row.confidence,
  override: (row) => row.override,
  verdict: (row) => row.verdict,
  reporter: (row) => row.reporter,
  ownerToken: (row) => row.ownerToken,
  valueLostMinor: (row) => row.valueLostMinor,
  valueRecoveredMinor: (row) => row.valueRecoveredMinor,
  currency: (row) => row.currency,
  peopleInvolved: (row) => row.peopleInvolved,
  attention: (row) => row.attention,
};

/** The tracked fields of a row, by the names that the history uses. */
export function fieldsOf(row: IncidentRow): Readonly<Record<string, JsonValue>> {
  return Object.fromEntries(Object.entries(tracked).map(([name, read]) => [name, read(row)]));
}

/**
 * The row with a change made, its version risen by one; what differs in tracked fields goes into the history. The queue's
 * severity follows from override and machine value and cannot be set by itself.
 */
export function changed(effects: Effects, row: IncidentRow, edit: Partial<IncidentRow> & { readonly change: Change }) {
  const { change, ...values } = edit;
  const edited = { ...row, ...values };
  const next: IncidentRow = {
    ...edited,
    severity: edited.override?.severity ?? edited.machineSeverity ?? reportedSeverity[edited.level],
    updatedAtMs: Math.max(row.updatedAtMs, change.atMs),
    version: row.version + 1,
  };
  const at = new Date(change.atMs).toISOString();
  const before = fieldsOf(row);
  for (const [field, after] of Object.entries(fieldsOf(next))) {
    const old = before[field] ?? null;
    if (JSON.stringify(old) === JSON.stringify(after)) continue;
    const { actor, because } = change;
    effects.fields.push({ incidentId: row.id, field, before: old, after, at, actor, because });
  }
  effects.rows.set(next.id, next);
  return next;
}
