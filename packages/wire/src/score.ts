import type { SignalId } from "./ids.ts";
import type { Silenced } from "./silence.ts";

export const sigmaLevels = ["informational", "low", "medium", "high", "critical"] as const;
export type SigmaLevel = (typeof sigmaLevels)[number];

/** A rule that matched one signal, with what it matched on; or a correlation whose condition began to hold at it. */
export type Detection = {
  readonly signalId: SignalId;
  readonly ruleId: string;
  readonly ruleTitle: string;
  readonly ruleLevel: SigmaLevel;
  readonly category: string; // taxonomy code
  readonly triageLevel: TriageLevel;
  readonly because: readonly MatchedOn[];
  /** Of a correlation the newest 50 signals that it counted, in order of time. */
  readonly counted?: readonly CountedSignal[];
  readonly model?: DetectionModel; // a model found it, no rule
};

/**
 * What a model made of one window. `contributions` are in bits, in the order of the model's features, rounded to a millionth; with
 * `baselineBits` they add up to log2 of `anomaly`, but for that rounding. Positive: this value made the window odder.
 */
export type DetectionModel = {
  readonly id: string;
  readonly version: string;
  readonly sha256: string; // of the model's content
  readonly anomaly: number; // 0..1
  readonly threshold: number; // from which it counts as odd
  readonly windowEndsAt: string;
  readonly baselineBits: number;
  readonly contributions: readonly {
    readonly feature: string;
    readonly says: string;
    readonly unit: string;
    readonly value: number;
    readonly usualMax: number | null; // 95 in 100 windows of the training had no more; null: the model does not say
    readonly bits: number;
  }[];
};

/** `signalId` null: not a signal but what another correlation found. */
export type CountedSignal = { readonly signalId: string | null; readonly atMs: number; readonly ruleTitle: string };

export type MatchedOn = {
  readonly selection: string;
  readonly field: string | null; // null: a keyword found anywhere in the event
  readonly value: string; // as text, at most 200 characters
  readonly pattern: string;
};

/** 1 local follow-up, 2 tampering, 3 coordinated or violent. */
export type TriageLevel = 1 | 2 | 3;

/**
 * One piece of evidence and what it adds. `milliLogOdds` is an integer: thousandths of a natural log-odds unit, so that the
 * additions of a score sum to its total exactly, on every machine.
 */
export type Addition = {
  readonly kind: "base_rate" | "detection" | "corroboration" | "context" | "exculpatory" | "person_report";
  readonly code: string; // rule id or factor name, stable
  readonly milliLogOdds: number;
  readonly says: string; // one sentence that a shop manager understands
  readonly signalIds: readonly SignalId[];
};

/**
 * A situation's score. `severity` is the logistic of `totalMilliLogOdds / 1000`, rounded to four decimals; `additions` are in
 * order of size, largest effect first (the base rate last), and sum exactly to `totalMilliLogOdds`.
 */
export type Score = {
  readonly severity: number; // 0..1
  readonly confidence: number; // 0..1: how sure we are of what was observed
  readonly level: TriageLevel;
  readonly category: string;
  readonly totalMilliLogOdds: number;
  readonly additions: readonly Addition[];
  readonly weightsVersion: string;
  readonly rulesVersion: string;
  readonly silenced?: Silenced; // absent: no silence covers any of it
};
