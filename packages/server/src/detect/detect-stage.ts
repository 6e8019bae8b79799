import type { DetectedSignal, EnrichedSignal } from "../flow.ts";
import { detect, type LoadedRules } from "./detect.ts";

/** Stage 3: rules over each signal. No state, no I/O. */
export function detectStage() {
  return (enriched: readonly EnrichedSignal[], rules: LoadedRules): readonly DetectedSignal[] =>
    enriched.map((signal) => detect(signal, rules));
}
