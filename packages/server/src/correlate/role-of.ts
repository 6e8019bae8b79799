import type { DetectedSignal } from "../flow.ts";
import type { Arrival } from "./correlate.ts";
import type { CorrelationPolicy } from "./correlation-policy.ts";

/** What a signal is to a situation: by what was detected, else by its class. */
export function roleOf(signal: DetectedSignal, policy: CorrelationPolicy): Arrival["role"] {
  return signal.detections.length > 0 ? "evidence" : roleWithoutDetection(signal, policy);
}

export function roleWithoutDetection(signal: DetectedSignal, policy: CorrelationPolicy): Arrival["role"] {
  if (signal.explains.length > 0) return "exculpatory";
  return policy.contextTypes.has(signal.signal.type) ? "context" : "nothing";
}

/** Whether a signal can be part of a situation at all. */
export function mayJoin(signal: DetectedSignal, policy: CorrelationPolicy): boolean {
  return roleOf(signal, policy) !== "nothing";
}
