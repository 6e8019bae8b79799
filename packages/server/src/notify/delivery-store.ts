import { sql } from "kysely";
import type { JsonObject } from "@tillwatch/wire";
import { appendAudit } from "../audit/audit-append.ts";
import type { Chance } from "../platform/chance.ts";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import type { NewJob } from "../platform/jobs.ts";
import type { DbOrTx, Tx } from "../schema.ts";
import { webhookSubject } from "../subjects.ts";

export const deliverQueue = "webhook_deliver";

/** The part of platform/jobs.ts that is needed here. */
export type DeliverJobs = {
  readonly enqueueAll: (tx: Tx, queue: string, jobs: readonly NewJob[]) => Promise<void>;
};

export type NewDelivery = {
  readonly id: string;
  readonly endpointId: string;
  readonly event: string;
  readonly body: string;
  /** Whose it is, and what case it tells of. */
  readonly organisationId?: string;
  readonly incidentId?: string;
};

type Queue = {
  readonly jobs: DeliverJobs;
  readonly fields: FieldVault;
  readonly chance: Chance;
  readonly nowMs: number;
};

/**
 * Writes the deliveries, their first jobs and their entries in the record; all of it exists if and only if `tx` commits. What leaves the
 * house without an entry is refused by the database.
 */
export async function queueDeliveries(
  tx: Tx,
  deliveries: readonly NewDelivery[],
  { jobs, fields, chance, nowMs }: Queue,
): Promise<void> {
  if (deliveries.length === 0) return;
  const bodies = await fields.sealMany(
    tx,
    deliveries.map(({ endpointId, body }) => ({ subject: webhookSubject(endpointId), text: body })),
  );
  const sealed = deliveries.map((delivery, at) => ({ ...delivery, body: bodies[at] ?? "" }));
  await insertDeliveries(tx, sealed, nowMs);
  await appendAudit(
    tx,
    deliveries.map(({ id, endpointId, event, organisationId, incidentId }) => ({
      kind: "webhook.queued",
      actor: "machine",
      subject: { kind: "webhook_delivery", id },
      because: "a receiver asked for such events",
      atMs: nowMs,
      body: { endpoint: endpointId, event, ...(incidentId === undefined ? {} : { incidentId }) },
      ...(organisationId === undefined ? {} : { organisationId }),
    })),
    chance,
  );
  const data = deliveries.map(({ id }) => ({ data: jobData(id, 0) }));
  await jobs.enqueueAll(tx, deliverQueue, data);
}

/** `attempt` is the number of attempts made before: a job that was overtaken finds another number and does nothing. */
export function jobData(deliveryId: string, attempt: number): JsonObject {
  return { deliveryId, attempt };
}

async function insertDeliveries(tx: Tx, deliveries: readonly NewDelivery[], nowMs: number): Promise<void> {
  await sql`
    insert into webhook_delivery (id, endpoint_id, event, body, state, because, next_attempt_at, created_at)
    select id, "endpointId", event, body, 'waiting', 'queued', ${iso(nowMs)}::timestamptz, ${iso(nowMs)}::timestamptz
    from json_to_recordset(${JSON.stringify(deliveries)}::json) as row (
      id uuid, "endpointId" uuid, event text, body text)`.execute(tx);
}

export type DueDelivery = {
  readonly id: string;
  readonly endpointId: string;
  readonly url: string;
  readonly secret: string;
  readonly body: string;
  readonly attempts: number;
  readonly roundAttempts: number;
  /** Of an organisation that takes part no longer: it is told nothing any more, not even what happened before. */
  readonly organisationEnded: boolean;
};

/** A delivery that still waits for the attempt that this job stands for; null where the job is stale or the endpoint off. */
export async function dueDelivery(
  { db, fields }: { readonly db: DbOrTx; readonly fields: FieldVault },
  job: { readonly deliveryId: string; readonly attempt: number },
): Promise<DueDelivery | null> {
  const { rows } = await sql<DueDelivery>`
    select d.id, d.endpoint_id as "endpointId", e.url, e.secret, d.body, d.attempts, d.round_attempts as "roundAttempts",
      exists (select from organisation o where o.id = e.organisation_id and o.ended_at is not null) as "organisationEnded"
    from webhook_delivery d join webhook_endpoint e on e.id = d.endpoint_id
    where d.id = ${job.deliveryId}::uuid and d.state = 'waiting' and d.attempts = ${job.attempt}
      and e.state = 'active' and e.secret is not null`.execute(db);
  const [due] = rows;
  if (due === undefined) return null;
  const [url = null, secret = null, body = null] = await fields.openKept(db, [due.url, due.secret, due.body]);
  // Erased with the receiver's key: there is nothing to send any more, nor anybody to send it to.
  return url === null || secret === null || body === null ? null : { ...due, url, secret, body };
}

export type AttemptRow = {
  readonly deliveryId: string;
  readonly attempt: number; // 0-based over all rounds
  readonly atMs: number;
  readonly tookMs: number;
  readonly status: number | null;
  readonly code: string | null;
};

export async function insertAttempt(tx: Tx, row: AttemptRow): Promise<void> {
  await sql`
    insert into webhook_attempt (delivery_id, attempt, at, took_ms, status, code)
    values (${row.deliveryId}::uuid, ${row.attempt}, ${iso(row.atMs)}::timestamptz, ${row.tookMs}, ${row.status}, ${row.code})
  `.execute(tx);
}

export type AfterAttempt = {
  readonly id: string;
  readonly attempt: number;
  readonly state: "waiting" | "delivered" | "dead";
  readonly because: string;
  readonly nextAtMs: number | null;
};

/** Moves a delivery on after its attempt; answers false where another worker was first. */
export async function advanceDelivery(tx: Tx, after: AfterAttempt): Promise<boolean> {
  const nextAt = after.nextAtMs === null ? null : iso(after.nextAtMs);
  const { rows } = await sql`
    update webhook_delivery
    set state = ${after.state}, because = ${after.because}, attempts = attempts + 1, round_attempts = round_attempts + 1,
      next_attempt_at = ${nextAt}::timestamptz
    where id = ${after.id}::uuid and state = 'waiting' and attempts = ${after.attempt}
    returning id`.execute(tx);
  return rows.length > 0;
}

/** Everything that still waits for an endpoint becomes a dead letter. Uses index webhook_delivery_by_endpoint. */
export async function killWaiting(tx: Tx, endpointId: string, because: string): Promise<void> {
  await sql`
    update webhook_delivery set state = 'dead', because = ${because}, next_attempt_at = null
    where endpoint_id = ${endpointId}::uuid and state = 'waiting'`.execute(tx);
}

/** Dead letters of active endpoints wait again, with a fresh schedule; oldest first, at most `limit`. `id` null means all. */
export async function reviveDead(
  tx: Tx,
  which: { readonly id: string | null; readonly limit: number },
  nowMs: number,
): Promise<readonly { readonly id: string; readonly attempts: number }[]> {
  const { rows } = await sql<{ id: string; attempts: number }>`
    update webhook_delivery
    set state = 'waiting', because = 'redriven', round = round + 1, round_attempts = 0,
      next_attempt_at = ${iso(nowMs)}::timestamptz
    where id in (
      select d.id from webhook_delivery d join webhook_endpoint e on e.id = d.endpoint_id
      where d.state = 'dead' and e.state = 'active' and (${which.id}::uuid is null or d.id = ${which.id}::uuid)
      order by d.created_at, d.id limit ${which.limit})
    returning id, attempts`.execute(tx);
  return rows;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
