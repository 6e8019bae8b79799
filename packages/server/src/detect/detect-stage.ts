import type { DetectedSignal, EnrichedSignal } from "../flow.ts";
import { detect, type LoadedRules, type OpenedTexts } from "./detect.ts";
import type { SiteCounts } from "./site-counts.ts";

export type DetectStageInputs = {
  readonly rules: LoadedRules;
  readonly texts: OpenedTexts;
  readonly countsOf: (siteId: string) => SiteCounts; // of every site of the signals
};

/** Stage 3: rules over each signal, in order, and what correlations count of them. No I/O; the windows are handed in. */
export function detectStage() {
  return (
    enriched: readonly EnrichedSignal[],
    { rules, texts, countsOf }: DetectStageInputs,
  ): readonly DetectedSignal[] => {
    const detected = enriched.map((one) => detect(one, { rules, texts, counts: countsOf(one.signal.siteId) }));
    if (rules.correlations.size > 0) {
      for (const counts of new Set(enriched.map(({ signal }) => countsOf(signal.siteId)))) counts.forget();
    }
    return detected;
  };
}
