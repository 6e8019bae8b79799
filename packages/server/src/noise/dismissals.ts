import type { TriageLevel, Verdict } from "@tillwatch/wire";

/** The last verdict on one case that a rule was part of, at one site. */
export type RuleVerdict = {
  readonly ruleId: string;
  readonly zoneId: string | null;
  readonly verdict: Verdict;
  readonly atMs: number;
};

/**
 * How often people dismissed what a rule found at one place, as a decision records it. `weight`: thousandths of a dismissal, each counting whole
 * when it is new and nothing when it is `days` old. `judged` counts every verdict of these days.
 */
export type Dismissals = {
  readonly ruleId: string;
  readonly dismissed: number;
  readonly judged: number;
  readonly weight: number;
};

/** `dismissals` of score.yaml. Shares in thousandths of what the rule adds. */
export type DismissalSettings = {
  readonly days: number;
  readonly from: number;
  readonly share_each: number;
  readonly share_max: number;
};

const dayMs = 86_400_000;

/**
 * What is known of these rules at a place at an instant of event time, in order of rule; verdicts that were given later are not. One true
 * verdict takes back every dismissal before it.
 */
export function dismissalsAt(
  verdicts: readonly RuleVerdict[],
  at: { readonly zoneId: string | null; readonly ruleIds: ReadonlySet<string>; readonly atMs: number },
  { days }: Pick<DismissalSettings, "days">,
): readonly Dismissals[] {
  const spanMs = days * dayMs;
  const here = verdicts.filter(
    ({ ruleId, zoneId, atMs }) =>
      at.ruleIds.has(ruleId) && zoneId === at.zoneId && atMs <= at.atMs && at.atMs - atMs < spanMs,
  );
  return [...Map.groupBy(here, ({ ruleId }) => ruleId)]
    .map(([ruleId, judged]) => {
      const lastTrueMs = Math.max(
        -Infinity,
        ...judged.filter(({ verdict }) => verdict === "true").map(({ atMs }) => atMs),
      );
      const dismissed = judged.filter(({ verdict, atMs }) => verdict === "false" && atMs > lastTrueMs);
      const weight = dismissed.reduce((sum, one) => sum + 1000 - Math.floor((1000 * (at.atMs - one.atMs)) / spanMs), 0);
      return { ruleId, dismissed: dismissed.length, judged: judged.length, weight };
    })
    .filter(({ dismissed }) => dismissed > 0)
    .toSorted((a, b) => (a.ruleId < b.ruleId ? -1 : 1));
}

/** How much of a rule's points dismissals take, in thousandths; 0 where there are too few. */
export function shareOf({ dismissed, weight }: Dismissals, settings: DismissalSettings): number {
  if (dismissed < settings.from) return 0;
  return Math.min(settings.share_max, Math.floor((weight * settings.share_each) / 1000));
}

export type Counted = { readonly ruleId: string; readonly points: number; readonly signalIds: readonly string[] };
export type Lowering = Counted & { readonly dismissed: number; readonly judged: number };

type Given = {
  readonly dismissals: readonly Dismissals[];
  readonly settings: DismissalSettings | undefined; // undefined: the weights have none
  readonly counted: readonly Counted[]; // what each rule adds so far
  readonly level: TriageLevel;
  readonly isAlarm: boolean;
  /** Points that may go without the situation falling under its threshold, or under the floor of the watch list. */
  readonly room: number;
};

/** What dismissals take from a score, by rule; `points` are negative. Never of level 2 or 3, never of an alarm, never more than there is room. */
export function loweringsOf({ dismissals, settings, counted, level, isAlarm, room }: Given): readonly Lowering[] {
  if (settings === undefined || level > 1 || isAlarm) return [];
  let left = room;
  return dismissals.flatMap((known) => {
    const own = counted.find(({ ruleId }) => ruleId === known.ruleId);
    if (own === undefined || own.points <= 0) return [];
    const wanted = Math.floor((own.points * shareOf(known, settings)) / 1000);
    const points = Math.min(wanted, left);
    if (points <= 0) return [];
    left -= points;
    const { dismissed, judged } = known;
    return [{ ruleId: known.ruleId, points: -points, signalIds: own.signalIds, dismissed, judged }];
  });
}
