import type { SourceSummary } from "@tillwatch/wire";

const silentFromMs = 60_000;
const usualGaps = 3;

/**
 * `silent`: nothing for longer than three usual gaps and at least a minute; `skewed`: its clock differs by more than a minute.
 * Silence comes first: a source that is gone needs somebody sooner than one whose clock is off.
 */
export function sourceState(
  source: {
    readonly lastReceivedAtMs: number;
    readonly usualGapMs: number | null;
    readonly clockOffsetMs: number | null;
  },
  nowMs: number,
): SourceSummary["state"] {
  const patienceMs = Math.max(silentFromMs, usualGaps * (source.usualGapMs ?? 0));
  if (nowMs - source.lastReceivedAtMs > patienceMs) return "silent";
  return source.clockOffsetMs === null ? "ok" : "skewed";
}
