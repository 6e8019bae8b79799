import type { JsonObject } from "../json.ts";
import type { Place } from "../problem.ts";
import type { FieldNames, SigmaLevel, SigmaStatus } from "./rule-model.ts";

/** The correlations of Sigma 2.1 that are understood. value_percentile has no percentile in the specification, and is refused. */
export const correlationTypes = [
  "event_count",
  "value_count",
  "value_sum",
  "value_avg",
  "temporal",
  "temporal_ordered",
] as const;
export type CorrelationType = (typeof correlationTypes)[number];

export const comparisons = ["gt", "gte", "lt", "lte", "eq", "neq"] as const;

/** All given bounds hold together: `gt: 100` with `lte: 200` is a range. */
export type CorrelationCondition = {
  readonly bounds: readonly { readonly comparison: (typeof comparisons)[number]; readonly value: number }[];
  /** Whose values are counted (value_count: tuples of them) or summed up (one field); empty for the other types. */
  readonly fields: readonly string[];
};

/** A correlation as its file says it. */
export type SigmaCorrelation = {
  readonly file: string;
  readonly line: number; // on which its document begins, from 1
  readonly id: string | null;
  readonly name: string | null;
  readonly title: string;
  readonly status: SigmaStatus | null;
  readonly level: SigmaLevel | null;
  readonly description: string | null;
  readonly tags: readonly string[];
  readonly falsepositives: readonly string[];
  readonly type: CorrelationType;
  /** Ids or names of the rules and correlations whose matches are counted, each once, with where the file names them. */
  readonly rules: readonly { readonly name: string; readonly place: Place }[];
  readonly groupBy: readonly string[];
  /** Alias to (rule's id or name to the field's names): a name in group-by or condition.field that differs from rule to rule. */
  readonly aliases: ReadonlyMap<string, ReadonlyMap<string, FieldNames>>;
  readonly timespanMs: number;
  readonly condition: CorrelationCondition;
  /** Whether the counted rules speak for themselves as well. */
  readonly generate: boolean;
  /** Top-level keys that Sigma does not define, `tillwatch` among them. */
  readonly custom: JsonObject;
  readonly tests: CorrelationTests;
};

/**
 * Events that a correlation carries to prove itself. Each step comes `afterMs` after the one before and `repeat` times at once;
 * `{n}` in a text of the event stands for the number of the event, so that values can differ.
 */
export type CorrelationStep = { readonly afterMs: number; readonly repeat: number; readonly event: JsonObject };
export type CorrelationTestCase = { readonly title: string; readonly steps: readonly CorrelationStep[] };
export type CorrelationTests = {
  readonly match: readonly CorrelationTestCase[];
  readonly noMatch: readonly CorrelationTestCase[];
};
