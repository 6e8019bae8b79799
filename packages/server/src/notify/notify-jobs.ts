import { unreachable, type JsonValue } from "@tillwatch/wire";
import { appendAudit } from "../audit/audit-append.ts";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import type { QueuedJob, QueueRules } from "../platform/jobs.ts";
import type { Db, Tx } from "../schema.ts";
import {
  advanceDelivery,
  deliverQueue,
  dueDelivery,
  insertAttempt,
  jobData,
  killWaiting,
  type DeliverJobs,
  type DueDelivery,
} from "./delivery-store.ts";
import { setEndpointState } from "./notify-store.ts";
import { defaultSchedule, nextStep, type AttemptOutcome, type NextStep, type Schedule } from "./notify.ts";
import type { Sender } from "./webhook-send-http.ts";

export type WebhookJobs = DeliverJobs & {
  readonly define: (name: string, rules: QueueRules) => Promise<void>;
  readonly work: (queue: string, handler: (job: QueuedJob) => Promise<void>, concurrency?: number) => Promise<void>;
};

export type WebhookJobsDeps = {
  readonly db: Db;
  readonly fields: FieldVault;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly sender: Sender;
  readonly schedule?: Schedule;
};

// The schedule of attempts is ours (it is shown to people); the queue's own retries only cover a crash in the middle of one.
const queueRules: QueueRules = { retries: 20, firstDelaySeconds: 5, delaySecondsMax: 600, runSecondsMax: 120 };

/** Sent at once at most, so that receivers that do not answer hold up few others. */
const concurrency = 16;

/**
 * Defines and starts the queue `webhook_deliver`. A message may arrive twice (a crash between sending and writing that down);
 * it then has the same `webhook-id`.
 */
export async function defineWebhookJobs(jobs: WebhookJobs, deps: WebhookJobsDeps): Promise<void> {
  await jobs.define(deliverQueue, queueRules);
  await jobs.work(deliverQueue, (job) => attemptDelivery(job, jobs, deps), concurrency);
}

async function attemptDelivery(job: QueuedJob, jobs: DeliverJobs, deps: WebhookJobsDeps): Promise<void> {
  const { deliveryId, attempt } = job.data;
  if (!isText(deliveryId) || typeof attempt !== "number") throw new TypeError("a webhook job names its delivery");
  const due = await dueDelivery(deps, { deliveryId, attempt });
  if (due === null) return;
  if (due.organisationEnded) return endOfOrganisation(due, deps);
  const startedMs = deps.clock();
  const message = { id: `msg_${due.id}`, timestampSeconds: Math.floor(startedMs / 1_000), body: due.body };
  const outcome = await deps.sender.send(due, message);
  const endedMs = deps.clock();
  const step = nextStep(outcome, due.roundAttempts, deps.schedule ?? defaultSchedule);
  await deps.db.transaction().execute(async (tx) => {
    const isOurs = await advanceDelivery(tx, {
      id: due.id,
      attempt: due.attempts,
      nextAtMs: step.kind === "retry" ? endedMs + step.delaySeconds * 1_000 : null,
      ...stateAfter(step, outcome),
    });
    if (!isOurs) return;
    await insertAttempt(tx, {
      deliveryId: due.id,
      attempt: due.attempts,
      atMs: startedMs,
      tookMs: Math.max(0, endedMs - startedMs),
      status: outcome.status,
      code: outcome.kind === "failed" ? outcome.code : null,
    });
    if (step.kind === "retry") {
      await jobs.enqueueAll(tx, deliverQueue, [
        { data: jobData(due.id, due.attempts + 1), delaySeconds: step.delaySeconds },
      ]);
    }
    if (step.kind === "dead" && step.because === "endpoint_gone")
      await disable(tx, due, { deps, atMs: endedMs, why: gone });
  });
}

type StateAfter = { readonly state: "waiting" | "delivered" | "dead"; readonly because: string };

function stateAfter(step: NextStep, outcome: AttemptOutcome): StateAfter {
  const code = outcome.kind === "failed" ? outcome.code : "delivered";
  switch (step.kind) {
    case "done":
      return { state: "delivered", because: code };
    case "retry":
      return { state: "waiting", because: code };
    case "dead":
      return { state: "dead", because: step.because };
    default:
      return unreachable(step);
  }
}

/** What was queued before the end is not sent after it; the first message that is due says so on the record. */
async function endOfOrganisation(due: DueDelivery, deps: WebhookJobsDeps): Promise<void> {
  const why = { code: "organisation_ended", says: "its organisation has ended" };
  await deps.db.transaction().execute((tx) => disable(tx, due, { deps, atMs: deps.clock(), why }));
}

type Why = { readonly code: string; readonly says: string };
const gone: Why = { code: "endpoint_gone", says: "the receiver answered 410 Gone" };

async function disable(
  tx: Tx,
  due: DueDelivery,
  when: { readonly deps: WebhookJobsDeps; readonly atMs: number; readonly why: Why },
): Promise<void> {
  const { code, says } = when.why;
  const change = { id: due.endpointId, to: "disabled" as const, because: code };
  if (!(await setEndpointState(tx, change))) return;
  await killWaiting(tx, due.endpointId, code);
  const record = {
    kind: "webhook.disabled",
    actor: "machine",
    subject: { kind: "webhook", id: due.endpointId },
    because: says,
    atMs: when.atMs,
    body: { delivery: due.id },
  };
  await appendAudit(tx, [record], when.deps.chance);
}

function isText(value: JsonValue | undefined): value is string {
  return typeof value === "string";
}
