import { sql } from "kysely";
import type { DbOrTx, Tx } from "../schema.ts";

export type EndpointState = "active" | "disabled" | "removed";

export type NewEndpoint = {
  readonly id: string;
  readonly url: string;
  readonly secret: string;
  readonly events: readonly string[];
  readonly createdAtMs: number;
  readonly createdBy: string;
};

export async function insertEndpoint(tx: Tx, endpoint: NewEndpoint): Promise<void> {
  await sql`
    insert into webhook_endpoint (id, url, secret, events, state, because, created_at, created_by)
    values (${endpoint.id}::uuid, ${endpoint.url}, ${endpoint.secret}, ${endpoint.events}::text[], 'active', 'added',
      ${iso(endpoint.createdAtMs)}::timestamptz, ${endpoint.createdBy})`.execute(tx);
}

/** Active endpoints that want one of these events. Uses index webhook_endpoint_active. */
export async function endpointsFor(
  tx: Tx,
  events: readonly string[],
): Promise<readonly { readonly id: string; readonly events: readonly string[] }[]> {
  const { rows } = await sql<{ id: string; events: string[] }>`
    select id, events from webhook_endpoint
    where state = 'active' and events && ${events}::text[]
    order by created_at limit 1000`.execute(tx);
  return rows;
}

/** Changes the state of an endpoint that is not removed; answers whether there was one. Removing forgets the secret. */
export async function setEndpointState(
  tx: Tx,
  change: { readonly id: string; readonly to: EndpointState; readonly because: string },
): Promise<boolean> {
  const { rows } = await sql`
    update webhook_endpoint
    set state = ${change.to}, because = ${change.because}, secret = case when ${change.to} = 'removed' then null else secret end
    where id = ${change.id}::uuid and state <> 'removed'
    returning id`.execute(tx);
  return rows.length > 0;
}

export type NewDelivery = {
  readonly id: string;
  readonly endpointId: string;
  readonly event: string;
  readonly body: string;
};

export async function insertDeliveries(tx: Tx, deliveries: readonly NewDelivery[], nowMs: number): Promise<void> {
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
};

/** A delivery that still waits for the attempt that this job stands for; null where the job is stale or the endpoint off. */
export async function dueDelivery(
  db: DbOrTx,
  job: { readonly deliveryId: string; readonly attempt: number },
): Promise<DueDelivery | null> {
  const { rows } = await sql<DueDelivery>`
    select d.id, d.endpoint_id as "endpointId", e.url, e.secret, d.body, d.attempts, d.round_attempts as "roundAttempts"
    from webhook_delivery d join webhook_endpoint e on e.id = d.endpoint_id
    where d.id = ${job.deliveryId}::uuid and d.state = 'waiting' and d.attempts = ${job.attempt}
      and e.state = 'active' and e.secret is not null`.execute(db);
  return rows[0] ?? null;
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
