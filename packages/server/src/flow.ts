import type {
  DecisionId,
  Detection,
  Enrichment,
  IncidentState,
  IncidentSummary,
  JsonObject,
  JsonValue,
  Score,
  Signal,
  SituationId,
} from "@tillwatch/wire";
import type { Dismissals } from "./noise/dismissals.ts";
import type { Hushed } from "./noise/silence.ts";

/**
 * What one stage hands to the next, in the order of pipeline.ts. Stages know these types and not each other.
 */

/** The next signals of one partition in log order. `nowMs` is the one clock reading that the whole batch decides with. */
export type Batch = { readonly partition: number; readonly nowMs: number; readonly signals: readonly Signal[] };

/** A known article in a signal; `valueMinor` is its list price, null where the directory does not know it. */
export type KnownItem = {
  readonly sku: string | null;
  readonly epc: string | null;
  readonly valueMinor: number | null;
  readonly quantity: number;
};

/**
 * A signal with what we know. `correctedAtMs` is the instant by our clock (source clock minus its measured offset); correlation
 * and the timeline use it. `view` is the object that rules read (docs/formats/signals.md), `service` its Sigma logsource service.
 */
export type EnrichedSignal = {
  readonly signal: Signal;
  readonly correctedAtMs: number;
  readonly clockOffsetMs: number | null;
  readonly late: boolean;
  readonly service: string;
  readonly view: JsonObject;
  readonly enrichment: readonly Enrichment[]; // where the facts of `view` come from that the source did not state
  readonly items: readonly KnownItem[];
  readonly explains: readonly string[]; // ids of exit signals whose items this sale pays for
};

/**
 * What the windows of a correlation rule held when its condition began to hold, `value` of `count` events. Windows are not recorded
 * with a decision, so this is: a replay decides from it.
 */
export type CorrelationFound = {
  readonly ruleId: string;
  readonly group: Readonly<Record<string, string>>;
  readonly atMs: number;
  readonly value: number;
  readonly count: number;
  /** The newest of them, at most 256, by time; `ref` is the signal's id, or names what a counted correlation found. */
  readonly made: readonly { readonly atMs: number; readonly ref: string; readonly ruleId: string }[];
};

/** `found`: what correlations found at this signal; undefined: nothing. */
export type DetectedSignal = EnrichedSignal & {
  readonly detections: readonly Detection[];
  readonly found?: readonly CorrelationFound[];
};

/** Why a signal belongs to a situation. Stored with it, shown on the incident page, put into the packet. */
export type JoinedBecause =
  | "opened_it"
  | "same_zone_and_time"
  | "adjacent_zone_and_time"
  | "same_device"
  | "same_terminal"
  | "same_item"
  | "same_person_track"
  | "sale_explains_exit";

/**
 * A signal as part of a situation, as stored. `traits` is what correlation ties by (correlate/traits.ts);
 */
export type SituationMember = {
  readonly signalId: string;
  readonly type: string;
  readonly service: string;
  readonly source: string;
  readonly deviceId: string | null;
  readonly zoneId: string | null;
  readonly correctedAtMs: number;
  readonly late: boolean;
  readonly confidence: number | null;
  readonly role: "evidence" | "exculpatory" | "context";
  readonly because: JoinedBecause;
  readonly detections: readonly Detection[];
  readonly found?: readonly CorrelationFound[]; // not there where there is none: digests of members of before stay as they are
  readonly view: JsonObject;
  readonly enrichment: readonly Enrichment[];
  readonly traits: JsonValue;
};

/**
 * Members in order of corrected time, ties by id. `memberDigests` are those of the stored members in the order in which they
 * joined: a decision names its members by them.
 */
export type Situation = {
  readonly id: SituationId;
  readonly siteId: string;
  readonly zoneId: string | null;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  readonly members: readonly SituationMember[];
  readonly memberDigests: readonly string[];
};

/** How one signal came to a situation: what correlation was given and what it decided. Goes into the decision record. */
export type JoinTrace = {
  readonly signalId: string;
  readonly correlation: { readonly arrival: JsonValue; readonly candidates: JsonValue; readonly decision: JsonValue };
};

export type SituationChange = {
  readonly kind: "opened" | "extended";
  readonly situation: Situation;
  readonly addedSignalIds: readonly string[];
  readonly joins: readonly JoinTrace[];
};

/**
 * `threshold` is the severity from which a situation is an incident, `watchFloor` the one below which it is not even shown on
 * the watch list, both as the weights of this score say.
 */
export type ScoredSituation = SituationChange & {
  readonly score: Score;
  readonly threshold: number;
  readonly watchFloor: number;
  /** Which period of the trading calendar asks for this threshold, and what it is without; absent: it is the usual one. */
  readonly shift?: { readonly period: string; readonly from: number; readonly says: string | null };
  readonly decisionId: DecisionId;
  readonly hushed?: Hushed; // what silences cover of it; absent: nothing
  readonly dismissals?: readonly Dismissals[]; // that the score read; absent: there are none
};

/** What happened to a piece of work in this batch; respond, notify and the live feed read it. */
export type IncidentChange = {
  readonly kind: "watch_opened" | "incident_opened" | "promoted" | "extended" | "changed_by_person" | "aged_out";
  readonly from: IncidentState | null;
  readonly incident: IncidentSummary;
  readonly at: string;
  readonly silenced?: true; // all that is new is silenced: nobody outside is told
};
