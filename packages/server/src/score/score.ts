import type { Addition, Score, SignalId, TriageLevel } from "@tillwatch/wire";
import type { SituationMember } from "../flow.ts";
import { loweringsOf, type Dismissals } from "../noise/dismissals.ts";
import { hush, type Hushed, type Silence } from "../noise/silence.ts";
import {
  compareText,
  groupBy,
  periodOf,
  shiftAt,
  sumPoints,
  weighDetections,
  type Weighed,
} from "./detection-points.ts";
import type { Condition, Factor, RuleWords, Weights } from "./weights.ts";

export type ScoreInputs = {
  readonly members: readonly SituationMember[]; // in order of corrected time, ties by signal id
  readonly weights: Weights;
  readonly words: ReadonlyMap<string, RuleWords>; // by rule id
  readonly weightsVersion: string;
  readonly rulesVersion: string;
  readonly silences?: readonly Silence[]; // of the site, over the time of the members
  readonly dismissals?: readonly Dismissals[]; // of the rules of the members, at the place of the situation
};

export type Scored = {
  readonly score: Score;
  readonly threshold: number;
  readonly watchFloor: number;
  readonly hushed?: Hushed;
  readonly shift?: ThresholdShift; // absent: the threshold is the usual one
};

/**
 * What a situation's evidence adds up to, after docs/formats/score.md: integers until the last line, no clock, no chance.
 * The same inputs give the same bytes on every machine. Silences change nothing of it: beside it stands what it would be without what they
 * cover, and whether that keeps it from opening an incident.
 */
export function scoreSituation(inputs: ScoreInputs): Scored {
  const whole = scoreEvidence(inputs);
  const hushed = hush({ members: inputs.members, silences: inputs.silences ?? [], level: whole.score.level });
  if (hushed === null) return whole;
  const { members, silences, signalIds } = hushed;
  const left = scoreEvidence({ ...inputs, members });
  const hides = whole.score.severity >= whole.threshold && left.score.severity < left.threshold;
  const silenced = { by: silences.map(({ id }) => id), severity: left.score.severity, hides };
  return { ...whole, score: { ...whole.score, silenced }, hushed: { silences, signalIds } };
}

function scoreEvidence(inputs: ScoreInputs): Scored {
  const { members, weights } = inputs;
  const weighed = weighDetections(members, weights, inputs.words);
  const standing = weighed.filter((entry) => !entry.explained);
  const additions = [
    ...detectionAdditions(weighed, inputs.words),
    ...kindLimits(standing, weights),
    ...corroboration(standing, weights),
    ...(standing.length === 0 ? [] : factorAdditions(weights.context, "context", { members, standing })),
    ...saleExplains(weighed, inputs),
    ...(isAlarm(standing) ? [] : factorAdditions(weights.exculpatory.factors, "exculpatory", { members, standing })),
  ].filter((entry) => entry.milliLogOdds !== 0);
  const baseRate = addition("base_rate", {
    code: "base_rate",
    points: weights.base_rate,
    says: weights.base_rate_says,
    of: [],
  });
  const { level, category } = levelAndCategory(standing.length > 0 ? standing : weighed, weights);
  const { threshold, shift } = thresholdOf(members, standing, weights);
  const lowered = dismissed(inputs, { standing, level, threshold, plain: sumOf([...additions, baseRate]) });
  const ordered = [...[...additions, ...lowered].toSorted(bySize), baseRate];
  const total = sumOf(ordered);
  const score = {
    severity: severityOf(total),
    confidence: confidenceOf(standing, weights),
    level,
    category,
    totalMilliLogOdds: total,
    additions: ordered,
    weightsVersion: inputs.weightsVersion,
    rulesVersion: inputs.rulesVersion,
  };
  const scored = { score, threshold, watchFloor: weights.watch_floor };
  return shift === null ? scored : { ...scored, shift };
}

// Nobody is ever certain: a machine that says 1 has stopped listening.
const severityMin = 0.001;
const severityMax = 0.999;

function sumOf(additions: readonly Addition[]): number {
  return additions.reduce((sum, entry) => sum + entry.milliLogOdds, 0);
}

type Plain = {
  readonly standing: readonly Weighed[];
  readonly level: TriageLevel;
  readonly threshold: number;
  readonly plain: number; // the total without dismissals
};

/**
 * What people dismissed again and again at this place counts less there: it ranks lower, and neither leaves the list on which it would be nor
 * misses its threshold for that.
 */
function dismissed(inputs: ScoreInputs, { standing, level, threshold, plain }: Plain): readonly Addition[] {
  const { dismissals = [], weights, words } = inputs;
  if (dismissals.length === 0) return [];
  const keeps = [threshold, weights.watch_floor].find((least) => severityOf(plain) >= least);
  const counted = [...groupBy(standing, ({ detection }) => detection.ruleId)].map(([ruleId, entries]) => ({
    ruleId,
    points: sumPoints(entries),
    signalIds: entries.toSorted((a, b) => a.order - b.order).map(({ member }) => member.signalId),
  }));
  const room = keeps === undefined ? 0 : plain - leastTotal(keeps);
  const settings = weights.dismissals;
  return loweringsOf({ dismissals, settings, counted, level, isAlarm: isAlarm(standing), room }).map((one) => ({
    kind: "exculpatory",
    code: `dismissed.${one.ruleId}`,
    milliLogOdds: one.points,
    says: (settings?.says ?? "")
      .replaceAll("{dismissed}", String(one.dismissed))
      .replaceAll("{judged}", String(one.judged))
      .replaceAll("{days}", String(settings?.days))
      .replaceAll("{rule}", words.get(one.ruleId)?.says ?? one.ruleId),
    signalIds: [...new Set(one.signalIds)] as SignalId[],
  }));
}

/** The smallest total whose severity reaches this. */
function leastTotal(severity: number): number {
  const bounded = Math.min(severityMax, Math.max(severityMin, severity));
  let total = Math.floor(1000 * Math.log(bounded / (1 - bounded))) - 20;
  while (severityOf(total) < severity) total++;
  return total;
}

function severityOf(total: number): number {
  const rounded = Math.round((1 / (1 + Math.exp(-total / 1000))) * 10_000) / 10_000;
  return Math.min(severityMax, Math.max(severityMin, rounded));
}

type AdditionParts = {
  readonly code: string;
  readonly points: number;
  readonly says: string;
  readonly of: readonly SituationMember[];
};

function addition(kind: Addition["kind"], parts: AdditionParts): Addition {
  const signalIds = [...new Set(parts.of.map((member) => member.signalId as SignalId))];
  return { kind, code: parts.code, milliLogOdds: parts.points, says: parts.says, signalIds };
}

function detectionAdditions(weighed: readonly Weighed[], words: ReadonlyMap<string, RuleWords>): readonly Addition[] {
  return [...groupBy(weighed, (entry) => entry.detection.ruleId).entries()].map(([code, entries]) => {
    const inOrder = entries.toSorted((a, b) => a.order - b.order);
    const says = words.get(code)?.says ?? inOrder[0]?.detection.ruleTitle ?? code;
    const times = entries.length > 1 ? ` (${entries.length} times)` : "";
    const kind = entries.every((entry) => entry.member.service === "person") ? "person_report" : "detection";
    return addition(kind, {
      code,
      points: sumPoints(entries),
      says: says + times,
      of: inOrder.map((entry) => entry.member),
    });
  });
}

function kindLimits(standing: readonly Weighed[], weights: Weights): readonly Addition[] {
  return [...groupBy(standing, (entry) => entry.member.service).entries()].flatMap(([kind, entries]) => {
    const stated = weights.kind_limit[kind];
    if (stated === undefined) return [];
    const limit = Math.max(stated, ...entries.map((entry) => entry.points));
    const sum = sumPoints(entries);
    if (sum <= limit) return [];
    const says = weights.kind_limit_says.replaceAll("{kind}", kindInWords(kind));
    const of = entries.toSorted((a, b) => a.order - b.order).map((entry) => entry.member);
    return [addition("corroboration", { code: `kind_limit.${kind}`, points: limit - sum, says, of })];
  });
}

function corroboration(standing: readonly Weighed[], weights: Weights): readonly Addition[] {
  const { from, points, says } = weights.corroboration;
  const kinds = [...groupBy(standing, (entry) => entry.member.service).entries()]
    .filter(([, entries]) => sumPoints(entries) >= from)
    .toSorted(([a], [b]) => compareText(a, b));
  if (kinds.length < 2) return [];
  const total = kinds.slice(1).reduce((sum, _, index) => sum + (points[Math.min(index, points.length - 1)] ?? 0), 0);
  const of = kinds.flatMap(([, entries]) => entries).toSorted((a, b) => a.order - b.order);
  const sentence = says
    .replaceAll("{count}", String(kinds.length))
    .replaceAll("{kinds}", kinds.map(([kind]) => kindInWords(kind)).join(", "));
  return [
    addition("corroboration", {
      code: "independent_kinds",
      points: total,
      says: sentence,
      of: of.map((entry) => entry.member),
    }),
  ];
}

function kindInWords(kind: string): string {
  return kind.replaceAll("_", " ");
}

type Known = { readonly members: readonly SituationMember[]; readonly standing: readonly Weighed[] };

function factorAdditions(
  factors: readonly Factor[],
  kind: "context" | "exculpatory",
  known: Known,
): readonly Addition[] {
  const evidence = new Set(known.standing.map((entry) => entry.member.signalId));
  const holding = factors.flatMap((factor, order) => {
    const of = known.members.filter(
      (member) =>
        (factor.signals === "any" || evidence.has(member.signalId)) &&
        factor.when.every((condition) => holds(condition, member)),
    );
    return of.length === 0 ? [] : [{ factor, order, of }];
  });
  const strongest = [...groupBy(holding, ({ factor, order }) => factor.group ?? `#${order}`).values()].flatMap(
    (group) =>
      group.toSorted((a, b) => Math.abs(b.factor.points) - Math.abs(a.factor.points) || a.order - b.order).slice(0, 1),
  );
  return strongest.map(({ factor, of }) =>
    addition(kind, { code: factor.code, points: factor.points, says: factor.says, of }),
  );
}

function holds(condition: Condition, member: SituationMember): boolean {
  const value = fieldOf(member.view, condition.field);
  if ("equals" in condition) return value === condition.equals;
  if ("at_least" in condition) return typeof value === "number" && value >= condition.at_least;
  return condition.one_of.some((wanted) => wanted === value);
}

const pathsSplit = new Map<string, readonly string[]>(); // the weights name some dozen paths, and ask them of every member

/** A dotted path into a view; undefined where it leads nowhere. */
function fieldOf(view: SituationMember["view"], path: string): unknown {
  const names = pathsSplit.get(path) ?? path.split(".");
  pathsSplit.set(path, names);
  let value: unknown = view;
  for (const name of names) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return value;
}

/**
 * A critical rule that stands (a panic button, a weapon, a tampered till) speaks for itself: a badge or a sale beside it does not
 * make it less, nor does a busy season. Otherwise a thief could hide an attack behind a purchase and a member of staff.
 */
function isAlarm(standing: readonly Weighed[]): boolean {
  return standing.some(({ detection, points }) => detection.ruleLevel === "critical" && points > 0);
}

function saleExplains(weighed: readonly Weighed[], inputs: ScoreInputs): readonly Addition[] {
  const explained = weighed.filter((entry) => entry.explained);
  if (explained.length === 0) return [];
  const { sale_explains } = inputs.weights.exculpatory;
  const points = isAlarm(weighed.filter((entry) => !entry.explained)) ? 0 : sale_explains.points;
  const of = inputs.members.filter((member) => member.role === "exculpatory");
  return [
    addition("exculpatory", {
      code: "sale_explains",
      points: points - sumPoints(explained),
      says: sale_explains.says,
      of,
    }),
  ];
}

function bySize(a: Addition, b: Addition): number {
  return Math.abs(b.milliLogOdds) - Math.abs(a.milliLogOdds) || compareText(a.code, b.code);
}

/** Mean of the sources' own confidence, weighted by what each detection counts; in thousandths until the last division. */
function confidenceOf(standing: readonly Weighed[], weights: Weights): number {
  const counted = standing.filter((entry) => entry.points > 0);
  const points = sumPoints(counted);
  if (points <= 0) return 0;
  const sum = counted.reduce((total, { member, points: own }) => {
    const stated =
      member.confidence === null ? weights.confidence.unstated_observation : Math.round(member.confidence * 1000);
    return total + own * stated;
  }, 0);
  return Math.floor((sum + points / 2) / points) / 1000;
}

function levelAndCategory(weighed: readonly Weighed[], weights: Weights): { level: TriageLevel; category: string } {
  const level = weighed.reduce<TriageLevel>(
    (highest, { detection }) => (detection.triageLevel > highest ? detection.triageLevel : highest),
    1,
  );
  const leading = weighed.filter((entry) => entry.detection.triageLevel === level);
  const byCategory = [...groupBy(leading, (entry) => entry.detection.category).entries()]
    .map(([category, entries]) => ({ category, sum: sumPoints(entries) }))
    .toSorted((a, b) => b.sum - a.sum || compareText(a.category, b.category));
  const categories = new Set(weighed.map((entry) => entry.detection.category));
  return weights.level_raises.reduce(
    (so, raise) =>
      raise.level > so.level && raise.categories.every((category) => categories.has(category))
        ? { level: raise.level, category: raise.category }
        : so,
    { level, category: byCategory[0]?.category ?? "other" },
  );
}

/** A threshold that the trading calendar asks for while a period runs, in place of `from`. */
export type ThresholdShift = { readonly period: string; readonly from: number; readonly says: string | null };

function thresholdOf(
  members: readonly SituationMember[],
  standing: readonly Weighed[],
  weights: Weights,
): { readonly threshold: number; readonly shift: ThresholdShift | null } {
  const from = weights.incident_threshold;
  const newest = members.findLast((member) => member.detections.length > 0);
  const shifted = newest === undefined ? undefined : shiftAt(newest, weights);
  const asked = shifted?.incident_threshold ?? from;
  const threshold = isAlarm(standing) ? Math.min(asked, from) : asked;
  const period = newest === undefined ? null : periodOf(newest);
  if (period === null || threshold === from) return { threshold, shift: null };
  return { threshold, shift: { period, from, says: shifted?.says ?? null } };
}
