import type { SourceSummary } from "@tillwatch/wire";

// Devices that only speak of events (a gate, a panic button) are quiet for hours, and that is good news: a source is called silent
// only where it has a rhythm and broke it clearly. Connectors that must be heard of sooner send a heartbeat.
const silentFromMs = 15 * 60_000;
const usualGaps = 10;
const rhythmSignalsMin = 10;

/**
 * `silent`: after ten signals or more, nothing for ten usual gaps and at least a quarter of an hour; `skewed`: its clock differs by
 * more than a minute.
 * Silence comes first: a source that is gone needs somebody sooner than one whose clock is off.
 */
export function sourceState(
  source: {
    readonly lastReceivedAtMs: number;
    readonly usualGapMs: number | null;
    readonly signalsTotal: number;
    readonly clockOffsetMs: number | null;
  },
  nowMs: number,
): SourceSummary["state"] {
  const hasRhythm = source.usualGapMs !== null && source.signalsTotal >= rhythmSignalsMin;
  const patienceMs = Math.max(silentFromMs, usualGaps * (source.usualGapMs ?? 0));
  if (hasRhythm && nowMs - source.lastReceivedAtMs > patienceMs) return "silent";
  return source.clockOffsetMs === null ? "ok" : "skewed";
}
