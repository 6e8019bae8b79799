import { correlationIdOf, type SigmaCorrelation } from "@tillwatch/sigma";
import type { CountedSignal, Detection, MatchedOn } from "@tillwatch/wire";
import type { CorrelationFound } from "../flow.ts";
import type { RuleMeaning } from "./detect.ts";

/** Enough to tell the story; the condition says how many there were. */
const listedMax = 50;
const valueLengthMax = 200;

const holds = {
  gt: (value: number, bound: number) => value > bound,
  gte: (value: number, bound: number) => value >= bound,
  lt: (value: number, bound: number) => value < bound,
  lte: (value: number, bound: number) => value <= bound,
  eq: (value: number, bound: number) => value === bound,
  neq: (value: number, bound: number) => value !== bound,
} as const;

/**
 * Whether what was recorded is what the rule asks for: its condition on the value, everything within the window, and no more events
 * listed than were counted. A replay of a decision asks again.
 */
export function stands(found: CorrelationFound, correlation: SigmaCorrelation): boolean {
  const { value, count, made, atMs } = found;
  return (
    correlation.condition.bounds.every(({ comparison, value: bound }) => holds[comparison](value, bound)) &&
    made.length <= count &&
    made.every((one) => one.atMs <= atMs && one.atMs >= atMs - correlation.timespanMs) &&
    (correlation.type !== "event_count" || value === count)
  );
}

/** What people read of a finding: it stands with the signal at which the condition began to hold. */
export function detectionOf(
  found: CorrelationFound,
  known: {
    readonly signalId: Detection["signalId"];
    readonly correlation: SigmaCorrelation;
    readonly meaning: RuleMeaning;
    readonly titles: ReadonlyMap<string, string>; // of everything that is counted, by id
  },
): Detection {
  const { correlation, meaning, signalId, titles } = known;
  const counted = found.made.slice(-listedMax).map(({ ref, atMs, ruleId }): CountedSignal => ({
    // A correlation that counts another names what that found, which is no signal.
    signalId: ref.startsWith("[") ? null : ref,
    atMs,
    ruleTitle: titles.get(ruleId) ?? ruleId,
  }));
  return {
    signalId,
    ruleId: correlationIdOf(correlation),
    ruleTitle: correlation.title,
    ruleLevel: correlation.level ?? "medium",
    category: meaning.category,
    triageLevel: meaning.triageLevel,
    because: [conditionOf(found, correlation), ...groupOf(found)],
    counted,
  };
}

const measureWords: Readonly<Record<SigmaCorrelation["type"], string>> = {
  event_count: "number of signals",
  value_count: "number of different values of",
  value_sum: "sum of",
  value_avg: "average of",
  temporal: "number of rules that matched",
  temporal_ordered: "number of rules that matched in order",
};

const boundWords = {
  gt: "over",
  gte: "at least",
  lt: "under",
  lte: "at most",
  eq: "exactly",
  neq: "other than",
} as const;

function conditionOf({ value }: CorrelationFound, { type, condition, timespanMs }: SigmaCorrelation): MatchedOn {
  const bounds = condition.bounds.map((bound) => `${boundWords[bound.comparison]} ${bound.value}`).join(" and ");
  return {
    selection: "condition",
    field: [measureWords[type], condition.fields.join(", ")].filter((part) => part !== "").join(" "),
    value: String(value),
    pattern: `${bounds} within ${spanWords(timespanMs)}`,
  };
}

function groupOf({ group, count }: CorrelationFound): readonly MatchedOn[] {
  return Object.entries(group).map(([field, value]) => ({
    selection: "group-by",
    field,
    value: value.slice(0, valueLengthMax),
    pattern: `the same in all ${count}`,
  }));
}

function spanWords(ms: number): string {
  const units = [
    ["days", 86_400_000],
    ["hours", 3_600_000],
    ["minutes", 60_000],
  ] as const;
  const [words, size] = units.find(([, unit]) => ms >= 2 * unit && ms % unit === 0) ?? (["seconds", 1_000] as const);
  return `${ms / size} ${words}`;
}
