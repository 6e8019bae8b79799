import type { OpenedTexts } from "../detect/detect.ts";
import { detectView } from "../detect/detect.ts";
import type { DetectedSignal } from "../flow.ts";
import type { RunningRules } from "./running-rules.ts";

/** One rule matched one signal. `number` 0: as shipped with the pack. */
export type RuleHit = {
  readonly ruleId: string;
  readonly number: number;
  readonly shadow: boolean;
  readonly signalId: string;
  readonly siteId: string;
  readonly atMs: number; // of the signal, by our clock
};

/**
 * What the rules of a batch matched: those that run from what was detected, those that watch by asking them of the same signals. What watches
 * goes nowhere else: into no situation, no score and no message.
 */
export function ruleHits(
  detected: readonly DetectedSignal[],
  running: RunningRules,
  texts: OpenedTexts,
): readonly RuleHit[] {
  const { numbers, shadow } = running;
  return detected.flatMap((signal) => {
    const { id: signalId, siteId } = signal.signal;
    const at = { signalId, siteId, atMs: signal.correctedAtMs };
    const live = signal.detections.map(({ ruleId }) => ({
      ruleId,
      number: numbers.get(ruleId) ?? 0,
      shadow: false,
      ...at,
    }));
    if (shadow === null) return live;
    const { service, view } = signal;
    // A correlation does not watch yet: only what one signal shows is asked here.
    const watched = detectView({ signalId, service, view }, shadow.rules, texts).flatMap(({ ruleId }) => {
      const number = shadow.numbers.get(ruleId);
      return number === undefined ? [] : [{ ruleId, number, shadow: true, ...at }];
    });
    return [...live, ...watched];
  });
}
