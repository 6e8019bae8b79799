import type { IncidentId, IncidentState, IncidentSummary } from "@tillwatch/wire";
import type { IncidentChange } from "../flow.ts";

export const webhookEvents = [
  "incident.opened",
  "incident.changed",
  "access.alarm",
  "silence.ended",
  "misuse.flagged",
  "control.failed",
  "control.passed",
  "packet.released",
  "packet.release_withdrawn",
] as const;
export type WebhookEvent = (typeof webhookEvents)[number];

/** What is sent. Tokens and codes only: nothing about a person, no free text. Well under the advised 20 kB. */
export type WebhookPayload = {
  readonly type: WebhookEvent | "webhook.test";
  readonly timestamp: string; // when it happened, RFC 3339
  readonly data: Readonly<Record<string, string | number | null>>;
};

export type Announcement = {
  readonly incidentId: IncidentId;
  readonly siteId: string;
  readonly event: WebhookEvent;
  readonly body: string;
};

/** Below the threshold nobody outside is told. */
const untold: ReadonlySet<IncidentState> = new Set(["watch", "aged_out"]);

/**
 * Nothing of what is silenced. At most one announcement an incident and batch: the opening if there was one, with what is known at the end of the batch.
 */
export function announcements(changes: readonly IncidentChange[]): readonly Announcement[] {
  const told = changes.filter((change) => change.silenced !== true && !untold.has(change.incident.state));
  const opened = new Set(told.filter(isOpening).map((change) => change.incident.id));
  const last = new Map(told.map((change) => [change.incident.id, change]));
  return [...last.values()].map(({ incident, at }) => {
    const event = opened.has(incident.id) ? "incident.opened" : "incident.changed";
    const payload: WebhookPayload = { type: event, timestamp: at, data: payloadData(incident) };
    return { incidentId: incident.id, siteId: incident.siteId, event, body: JSON.stringify(payload) };
  });
}

function isOpening(change: IncidentChange): boolean {
  return change.kind === "incident_opened" || change.kind === "promoted";
}

function payloadData(incident: IncidentSummary): WebhookPayload["data"] {
  const { id, ref, state, level, severity, category, siteId, zoneId, version } = incident;
  return { id, ref, state, level, severity, category, siteId, zoneId, version };
}

export type AttemptCode =
  | "webhook_timeout"
  | "webhook_unreachable"
  | "webhook_address_refused"
  | "webhook_redirected"
  | "webhook_status_refused"
  | "webhook_gone";

export type AttemptOutcome =
  | { readonly kind: "delivered"; readonly status: number }
  | { readonly kind: "failed"; readonly status: number | null; readonly code: AttemptCode };

/** Standard Webhooks: any 2xx is taken; a redirect is a failure; 410 means "never again". */
export function judgeStatus(status: number): AttemptOutcome {
  if (status >= 200 && status < 300) return { kind: "delivered", status };
  if (status === 410) return { kind: "failed", status, code: "webhook_gone" };
  return {
    kind: "failed",
    status,
    code: status >= 300 && status < 400 ? "webhook_redirected" : "webhook_status_refused",
  };
}

/** Seconds to wait after the first, second, ... failed attempt; after the last one the message is a dead letter. */
export type Schedule = readonly number[];

// The shape that Standard Webhooks recommends: soon at first, then patient for about three days.
export const defaultSchedule: Schedule = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

export type NextStep =
  | { readonly kind: "done" }
  | { readonly kind: "retry"; readonly delaySeconds: number }
  | { readonly kind: "dead"; readonly because: "attempts_used_up" | "endpoint_gone" };

/** `attemptsBefore`: attempts of this round that had failed before this one. */
export function nextStep(outcome: AttemptOutcome, attemptsBefore: number, schedule: Schedule): NextStep {
  if (outcome.kind === "delivered") return { kind: "done" };
  if (outcome.code === "webhook_gone") return { kind: "dead", because: "endpoint_gone" };
  const delaySeconds = schedule[attemptsBefore];
  return delaySeconds === undefined ? { kind: "dead", because: "attempts_used_up" } : { kind: "retry", delaySeconds };
}

/** The instants of the attempts that will follow if all of them fail, the next one first. */
export function plannedAttempts(nextAtMs: number, attemptsBefore: number, schedule: Schedule): readonly number[] {
  const planned = [nextAtMs];
  for (const delaySeconds of schedule.slice(attemptsBefore)) planned.push((planned.at(-1) ?? 0) + delaySeconds * 1_000);
  return planned;
}
