import type { Detection } from "@tillwatch/wire";
import type { SituationMember } from "../flow.ts";
import type { RuleWords, Weights } from "./weights.ts";

/** A detection with what it counts so far. `order` is the member's place in the situation. */
export type Weighed = {
  readonly detection: Detection;
  readonly member: SituationMember;
  readonly order: number;
  readonly explained: boolean;
  readonly points: number;
};

/** The only rounding of the score: half away from zero. `share` in thousandths. */
export function part(points: number, share: number): number {
  return Math.sign(points) * Math.floor((Math.abs(points) * share + 500) / 1000);
}

/** Steps 1 to 4 of docs/formats/score.md: what each detection counts after confidence and repeats. */
export function weighDetections(
  members: readonly SituationMember[],
  weights: Weights,
  words: ReadonlyMap<string, RuleWords>,
): readonly Weighed[] {
  const explained = explainedSignals(members);
  const enough = enoughTogether(members, weights);
  const single = members.flatMap((member, order) => {
    const weighed = member.detections.map((detection) => ({
      detection,
      member,
      order,
      explained: explained.has(member.signalId),
      points: enough.has(`${detection.ruleId} ${member.signalId}`)
        ? part(ownPoints(detection, member, { weights, words }), confidenceShare(member.confidence, weights))
        : 0,
    }));
    return withShares(weighed.toSorted(byPointsThenRule), weights.repeats.same_signal);
  });
  return [...groupBy(single, (entry) => entry.detection.ruleId).values()].flatMap((sameRule) =>
    weighRepeats(sameRule, weights),
  );
}

function explainedSignals(members: readonly SituationMember[]): ReadonlySet<string> {
  const named = members
    .filter((member) => member.role === "exculpatory")
    .flatMap((member) => {
      const context = member.view["context"];
      const explains =
        typeof context === "object" && context !== null && "explains" in context ? context["explains"] : [];
      return Array.isArray(explains) ? explains.filter((id) => typeof id === "string") : [];
    });
  return new Set(named);
}

const minuteMs = 60_000;

/**
 * The detections that count at all, as "rule signal": all of a rule without `after`; of a rule with it those that lie with so many
 * signals of the same rule in a span of so many minutes (half-open).
 */
function enoughTogether(members: readonly SituationMember[], weights: Weights): ReadonlySet<string> {
  const entries = members.flatMap((member) => member.detections.map(({ ruleId }) => ({ ruleId, member })));
  return new Set(
    [...groupBy(entries, ({ ruleId }) => ruleId).entries()].flatMap(([ruleId, sameRule]) => {
      const sorted = sameRule.map(({ member }) => member).toSorted((a, b) => a.correctedAtMs - b.correctedAtMs);
      const counting = sorted.filter((member, index) => {
        const after = ruleWeightOf(ruleId, member, weights)?.after;
        return after === undefined || isInRun(sorted, index, after);
      });
      return counting.map((member) => `${ruleId} ${member.signalId}`);
    }),
  );
}

/** What the weights say of a rule in the period of the trading calendar in which the signal was, else at any time. */
function ruleWeightOf(ruleId: string, member: SituationMember, weights: Weights) {
  return shiftAt(member, weights)?.rule_weights?.[ruleId] ?? weights.rule_weights[ruleId];
}

/** What the period of the trading calendar in which the signal was asks for; undefined: there is none, or it asks for nothing. */
export function shiftAt(member: SituationMember, weights: Weights) {
  const name = periodOf(member);
  return name !== null && Object.hasOwn(weights.calendar, name) ? weights.calendar[name] : undefined;
}

export function periodOf({ view }: SituationMember): string | null {
  const time = view["time"];
  const period = typeof time === "object" && time !== null && "calendar" in time ? time["calendar"] : null;
  return typeof period === "string" ? period : null;
}

/** Whether `signals` consecutive members around `index` fit into the span. */
function isInRun(
  sorted: readonly SituationMember[],
  index: number,
  after: { readonly signals: number; readonly minutes: number },
): boolean {
  for (let first = Math.max(0, index - after.signals + 1); first <= index; first++) {
    const last = sorted[first + after.signals - 1];
    const begin = sorted[first];
    if (last === undefined || begin === undefined) continue;
    if (last.correctedAtMs - begin.correctedAtMs < after.minutes * minuteMs) return true;
  }
  return false;
}

function ownPoints(
  detection: Detection,
  member: SituationMember,
  { weights, words }: { readonly weights: Weights; readonly words: ReadonlyMap<string, RuleWords> },
): number {
  const ruled = ruleWeightOf(detection.ruleId, member, weights)?.points ?? words.get(detection.ruleId)?.points;
  return ruled ?? weights.points_by_level[detection.ruleLevel];
}

function confidenceShare(confidence: number | null, weights: Weights): number {
  if (confidence === null) return weights.confidence.unstated;
  return weights.confidence.bands.find((band) => confidence >= band.from)?.share ?? 0;
}

/** The n-th gets the n-th share; beyond the list's end, the last. */
function withShares(entries: readonly Weighed[], shares: readonly number[]): readonly Weighed[] {
  return entries.map((entry, index) => ({ ...entry, points: part(entry.points, shareAt(shares, index)) }));
}

function shareAt(shares: readonly number[], index: number): number {
  return shares[Math.min(index, shares.length - 1)] ?? 0;
}

function weighRepeats(sameRule: readonly Weighed[], weights: Weights): readonly Weighed[] {
  const groups = [...groupBy(sameRule, (entry) => entry.member.source).entries()].map(([source, entries]) => {
    const weighed = withShares(entries.toSorted(byPointsThenTime), weights.repeats.same_rule_same_source);
    return { source, weighed, sum: sumPoints(weighed) };
  });
  const inOrder = groups.toSorted((a, b) => b.sum - a.sum || compareText(a.source, b.source));
  return inOrder.flatMap(({ weighed }, index) => {
    const share = shareAt(weights.repeats.same_rule_other_source, index);
    return weighed.map((entry) => ({ ...entry, points: part(entry.points, share) }));
  });
}

function byPointsThenRule(a: Weighed, b: Weighed): number {
  return b.points - a.points || compareText(a.detection.ruleId, b.detection.ruleId);
}

function byPointsThenTime(a: Weighed, b: Weighed): number {
  return (
    b.points - a.points ||
    a.member.correctedAtMs - b.member.correctedAtMs ||
    compareText(a.member.signalId, b.member.signalId)
  );
}

export function sumPoints(entries: readonly { readonly points: number }[]): number {
  return entries.reduce((sum, entry) => sum + entry.points, 0);
}

/** By UTF-16 code units, the same on every machine. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function groupBy<T>(entries: readonly T[], keyOf: (entry: T) => string): ReadonlyMap<string, readonly T[]> {
  return Map.groupBy(entries, keyOf);
}
