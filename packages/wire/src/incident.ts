import type { KeptDescription, KeptText } from "./description.ts";
import type { AcceptedDraft } from "./draft.ts";
import type { ExhibitId, IncidentId, PacketId, SignalId, SiteId, ZoneId } from "./ids.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import type { Score, TriageLevel } from "./score.ts";
import type { MediaReference, SignalShape } from "./signal.ts";

/**
 * The life of a piece of work. `watch` waits below the threshold; it is promoted to `open`, ages out, or is closed by a person.
 * The allowed jumps stand in `packages/server/src/incident/transitions.ts`; any other jump is refused.
 */
export const incidentStates = [
  "watch",
  "open",
  "acknowledged",
  "investigating",
  "handed_over",
  "closed",
  "aged_out",
] as const;
export type IncidentState = (typeof incidentStates)[number];

export const verdicts = ["true", "false", "unsure"] as const;
export type Verdict = (typeof verdicts)[number];

/** What a level weighs in the queue: violence goes before tampering, tampering before theft, unless it is much less likely. */
export const harmOfLevel: Readonly<Record<TriageLevel, number>> = { 1: 1, 2: 2, 3: 4 };

/** The queue's order: severity times the harm of the level. */
export function riskOf(work: { readonly severity: number; readonly level: TriageLevel }): number {
  return work.severity * harmOfLevel[work.level];
}

/** A row of the queue. `topReasons` are the three largest additions in words; `rank` explains the order it came in. */
export type IncidentSummary = {
  readonly id: IncidentId;
  readonly ref: string; // TW-2026-000123; watch items have one too, so that people can talk about them
  readonly state: IncidentState;
  readonly level: TriageLevel;
  readonly category: string;
  readonly categoryTitle: string;
  readonly title: string;
  readonly siteId: SiteId;
  readonly siteName: string;
  readonly zoneId: ZoneId | null;
  readonly zoneName: string | null;
  readonly severity: number; // half of what the queue sorts by (riskOf): the override where there is one, else the machine's value
  readonly machineSeverity: number | null; // null: reported by a person, not scored
  readonly confidence: number | null;
  readonly verdict: Verdict | null;
  readonly openedAt: string;
  readonly updatedAt: string;
  readonly lastSignalAt: string | null;
  readonly signalCount: number;
  readonly completeness: number; // 0..1
  readonly topReasons: readonly string[];
  readonly rank: string; // one sentence: why it stands where it stands
  readonly version: number; // rises with every change
  readonly silenced?: true; // a silence keeps it on the watch list; absent: none does
  readonly attention?: string; // why somebody should look again (signals after it was closed ...); absent: nothing
};

export type IncidentPage = {
  readonly items: readonly IncidentSummary[];
  readonly nextCursor: string | null;
};

/** One line of the timeline. `at` is the corrected instant; `originalAt` what the device wrote, where that differs. */
export type TimelineEntry = {
  readonly id: string;
  readonly at: string;
  readonly originalAt: string | null;
  readonly clockOffsetMs: number | null;
  readonly late: boolean;
  readonly kind:
    | "signal"
    | "detection"
    | "score"
    | "state"
    | "note"
    | "verdict"
    | "override"
    | "exhibit"
    | "packet"
    | "response"
    | "field";
  readonly says: string;
  readonly actor: string; // token of a person, "machine", or the source of a signal
  readonly signalId: SignalId | null;
  readonly detail: JsonObject;
};

export type Completeness = {
  readonly value: number; // 0..1
  readonly ruleVersion: string;
  readonly items: readonly {
    readonly code: string;
    readonly title: string;
    readonly present: boolean;
    readonly howToGet: string;
  }[];
};

/** Where facts that we added to a signal come from (D17): which fields, from what, in which version of it, looked up when. */
export type Enrichment = {
  readonly fields: readonly string[]; // dotted, as rules see them; a group ends in ".*"
  readonly from: string;
  readonly version: string | null;
  readonly at: string;
};

export type IncidentSignal = {
  readonly id: SignalId;
  readonly type: string;
  readonly source: string;
  readonly shape: SignalShape;
  readonly deviceId: string | null;
  readonly zoneId: string | null;
  readonly occurredAt: string;
  readonly correctedAt: string;
  readonly receivedAt: string;
  readonly clockOffsetMs: number | null;
  readonly late: boolean;
  readonly joinedBecause: string;
  readonly enrichment: readonly Enrichment[];
  readonly media: readonly MediaReference[];
  readonly data: JsonObject;
};

export type ExhibitSummary = {
  readonly id: ExhibitId;
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: number | null; // null: a pointer whose holder did not state it
  readonly sha256: string | null; // of the plain bytes, lower-case hex; null as above
  readonly capturedAt: string | null;
  readonly receivedAt: string;
  readonly kind: "original" | "derivative" | "pointer";
  readonly source: string;
  readonly disposedAt?: string | null; // since when its content is destroyed; digest and custody stay
};

export type PacketSummary = {
  readonly id: PacketId;
  readonly state: "building" | "ready" | "failed";
  readonly requestedAt: string;
  readonly readyAt: string | null;
  readonly bytes: number | null;
  readonly sha256: string | null;
  readonly problem: string | null;
  readonly disposedAt?: string | null; // since when its content is destroyed
  readonly contents?: "copies" | "originals" | "none"; // what of pictures and clips is in it
};

/** A playbook that applies, in the version that was in force when it first did. `because` is a sentence; `steps` are for people. */
export type AppliedPlaybook = {
  readonly id: string;
  readonly title: string;
  readonly because: string;
  readonly version: string;
  readonly steps: readonly string[];
};

export type FieldChange = {
  readonly field: string;
  readonly before: JsonValue;
  readonly after: JsonValue;
  readonly at: string;
  readonly actor: string;
  readonly because: string;
};

/** The whole record, as `GET /api/v1/incidents/{id}` answers and as `record.json` in a packet holds it. */
export type IncidentRecord = IncidentSummary & {
  readonly taxonomyVersion: string;
  readonly occurredAt: string;
  readonly summary: string;
  readonly reporter: string | null;
  readonly ownerToken: string | null;
  readonly asset: { readonly owner: string | null; readonly criticality: string | null };
  readonly score: Score | null;
  readonly override: {
    readonly severity: number;
    readonly because: string;
    readonly actor: string;
    readonly at: string;
  } | null;
  readonly value: {
    readonly lostMinor: number | null;
    readonly recoveredMinor: number | null;
    readonly currency: string | null;
  };
  readonly completenessDetail: Completeness;
  readonly signals: readonly IncidentSignal[];
  readonly timeline: readonly TimelineEntry[];
  readonly exhibits: readonly ExhibitSummary[];
  readonly packets: readonly PacketSummary[];
  readonly playbooks: readonly AppliedPlaybook[];
  readonly sop: readonly string[];
  readonly history: readonly FieldChange[];
  readonly allowedTransitions: readonly IncidentState[];
  readonly decisionIds: readonly string[];
  readonly description?: KeptDescription | null; // absent: made before people were described by picking
  readonly keptTexts?: readonly KeptText[];
  readonly drafted?: readonly AcceptedDraft[]; // texts that a program drafted and a person accepted; absent: made before there were drafts
  /** The personal parts are not in here, and what to do about it; absent: they are. */
  readonly withheld?: { readonly code: string; readonly says: string };
  /** What whoever asked may do with it, as names of actions, also where a purpose or a second proof is asked first. Never in a packet. */
  readonly may?: readonly string[];
};

/** What `GET /api/v1/events` sends as JSON in `data:`; `event:` is the kind. Readers fetch what they need; nothing personal travels. */
export type LiveEvent =
  | { readonly kind: "incident"; readonly id: IncidentId; readonly version: number; readonly summary: IncidentSummary }
  | {
      readonly kind: "packet";
      readonly incidentId: IncidentId;
      readonly id: PacketId;
      readonly state: PacketSummary["state"];
    }
  /** A program handed in a draft for the case, or a person did something with one. */
  | { readonly kind: "drafts"; readonly incidentId: IncidentId }
  | { readonly kind: "dead_letters"; readonly waiting: number }
  | { readonly kind: "sources"; readonly changed: readonly string[] }
  | { readonly kind: "checkpoint"; readonly size: number }
  | {
      readonly kind: "access_alarm";
      readonly alarm: "break_glass" | "review_overdue";
      readonly grantId: string;
      readonly organisationId: string; // whose people are told
    }
  /** To a partner: what is shared with it is no longer what it was. */
  | { readonly kind: "shares" }
  /** To a whole organisation: what somebody of it may see may be another now. Of which case and for whom is not told. */
  | { readonly kind: "access_changed" }
  | { readonly kind: "stats"; readonly signalsPerMinute: number; readonly acceptedSinceStart: number }
  /** Only to the readers of that session, and nothing follows it. `says` is the reason, for its person. */
  | { readonly kind: "session_ended"; readonly sessionId: string; readonly says: string }
  /** Only to the readers of that session: what its person may see has changed; the stream ends and is to be opened anew. */
  | { readonly kind: "session_changed"; readonly sessionId: string };
