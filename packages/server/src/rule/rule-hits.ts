import type { OpenedTexts } from "../detect/detect.ts";
import { detect, matchedBy } from "../detect/detect.ts";
import type { FilterEffect } from "@tillwatch/sigma";
import type { SiteCounts } from "../detect/site-counts.ts";
import type { DetectedSignal } from "../flow.ts";
import type { RunningRules } from "./running-rules.ts";

/** One rule matched one signal; one filter kept a rule from matching it. `number` 0: as shipped with the pack. */
export type RuleHit = {
  readonly ruleId: string;
  readonly number: number;
  readonly shadow: boolean;
  readonly signalId: string;
  readonly siteId: string;
  readonly atMs: number; // of the signal, by our clock
};

export type WatchInputs = {
  readonly texts: OpenedTexts;
  /** Of every site of the signals: the windows of what watches, never of what runs. null: nothing watches. */
  readonly watchedOf: (siteId: string) => SiteCounts | null;
};

/**
 * What the rules of a batch matched: those that run from what was detected, those that watch by asking them of the same signals, in the same
 * order, with windows of their own. What watches goes nowhere else: into no situation, no score and no message.
 */
export function ruleHits(
  detected: readonly DetectedSignal[],
  running: RunningRules,
  { texts, watchedOf }: WatchInputs,
): readonly RuleHit[] {
  const { numbers, shadow, filters } = running;
  const windows = new Set<SiteCounts>();
  const hits = detected.flatMap((signal) => {
    const { id: signalId, siteId } = signal.signal;
    const at = { signalId, siteId, atMs: signal.correctedAtMs };
    const live = ruleIdsOf(signal).map((ruleId) => ({
      ruleId,
      number: numbers.get(ruleId) ?? 0,
      shadow: false,
      ...at,
    }));
    const kept = filters.flatMap(({ id, number, shadow: isWatching, effect }) =>
      keepsOut(signal, effect, texts) ? [{ ruleId: id, number, shadow: isWatching, ...at }] : [],
    );
    const counts = watchedOf(siteId);
    if (shadow === null || counts === null) return [...live, ...kept];
    windows.add(counts);
    const watched = ruleIdsOf(detect(signal, { rules: shadow.rules, counts, texts })).flatMap((ruleId) => {
      const number = shadow.numbers.get(ruleId);
      return number === undefined ? [] : [{ ruleId, number, shadow: true, ...at }];
    });
    return [...live, ...kept, ...watched];
  });
  for (const counts of windows) counts.forget();
  return hits;
}

/** Each once: a correlation may find several groups with one signal, and that is one match. */
function ruleIdsOf({ detections }: Pick<DetectedSignal, "detections">): readonly string[] {
  return [...new Set(detections.map(({ ruleId }) => ruleId))];
}

/** Whether some rule would match the signal, were it not for the filter. */
function keepsOut(signal: DetectedSignal, effect: FilterEffect, texts: OpenedTexts): boolean {
  const { service, view } = signal;
  const without = matchedBy(effect.without, { service, view }, texts);
  if (without.length === 0) return false;
  const left = new Set(matchedBy(effect.with, { service, view }, texts));
  return without.some((ruleId) => !left.has(ruleId));
}
