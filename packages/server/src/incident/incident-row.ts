import type { IncidentState, Score, TriageLevel, Verdict } from "@tillwatch/wire";

/** One piece of work as stored: a watch item or an incident. Nullable means unknown or never set. */
export type IncidentRow = {
  readonly id: string;
  readonly ref: string;
  readonly situationId: string | null; // null: a person opened it
  readonly state: IncidentState;
  readonly level: TriageLevel;
  readonly category: string;
  readonly taxonomyVersion: string;
  readonly summary: string | null; // null: nobody wrote one; readers get the score's reasons
  readonly siteId: string;
  readonly zoneId: string | null;
  readonly deviceId: string | null; // of the heaviest evidence
  readonly occurredAtMs: number; // corrected
  readonly openedAtMs: number;
  readonly updatedAtMs: number;
  readonly lastSignalAtMs: number | null; // corrected
  readonly incidentSinceMs: number | null; // null: never was more than a watch item
  readonly severity: number; // the queue's order
  readonly machineSeverity: number | null;
  readonly confidence: number | null;
  readonly score: Score | null;
  readonly override: Override | null;
  readonly verdict: Verdict | null;
  readonly reporter: string | null;
  readonly ownerToken: string | null;
  readonly valueLostMinor: number | null;
  readonly valueRecoveredMinor: number | null;
  readonly currency: string | null;
  readonly peopleInvolved: number | null;
  readonly signalCount: number;
  readonly evidence: readonly string[]; // EvidenceFact or covers:<code>, sorted
  readonly personFields: readonly string[]; // what a person set and the machine leaves alone
  readonly attention: string | null;
  readonly version: number;
};

export type Override = {
  readonly severity: number;
  readonly because: string;
  readonly actor: string;
  readonly at: string;
};
