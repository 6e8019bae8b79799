import { sql } from "kysely";
import type { DbOrTx } from "../schema.ts";
import type { EndpointState } from "./notify-store.ts";

export type EndpointView = {
  readonly id: string;
  readonly url: string;
  readonly events: readonly string[];
  readonly state: EndpointState;
  readonly because: string;
  readonly createdAt: Date;
};

/** Endpoints that are not removed, oldest first. The secret is never read back. */
export async function listEndpoints(db: DbOrTx): Promise<readonly EndpointView[]> {
  const { rows } = await sql<EndpointView>`
    select id, url, events, state, because, created_at as "createdAt"
    from webhook_endpoint where state <> 'removed' order by created_at, id limit 1000`.execute(db);
  return rows;
}

/** Null where there never was one; a removed one is answered as such. */
export async function endpointState(db: DbOrTx, id: string): Promise<EndpointState | null> {
  const { rows } = await sql<{ state: EndpointState }>`
    select state from webhook_endpoint where id = ${id}::uuid`.execute(db);
  return rows[0]?.state ?? null;
}

export type DeliveryView = {
  readonly id: string;
  readonly endpointId: string;
  readonly url: string;
  readonly event: string;
  readonly state: "waiting" | "delivered" | "dead";
  readonly because: string;
  readonly createdAt: Date;
  readonly nextAttemptAt: Date | null;
  readonly roundAttempts: number;
  readonly attempts: readonly AttemptView[];
};

export type AttemptView = {
  readonly at: string;
  readonly tookMs: number;
  readonly status: number | null;
  readonly code: string | null;
};

export type DeliveryQuery = {
  readonly state: string | null;
  readonly endpointId: string | null;
  readonly beforeId: string | null; // the last row of the page before
  readonly limit: number;
};

/** Deliveries, newest first, each with its attempts in order. Uses index webhook_delivery_by_state. */
export async function listDeliveries(db: DbOrTx, query: DeliveryQuery): Promise<readonly DeliveryView[]> {
  const { rows } = await sql<DeliveryView>`
    with page as (
      select d.id, d.endpoint_id, d.event, d.state, d.because, d.created_at, d.next_attempt_at, d.round_attempts
      from webhook_delivery d
      where (${query.state}::text is null or d.state = ${query.state}::text)
        and (${query.endpointId}::uuid is null or d.endpoint_id = ${query.endpointId}::uuid)
        and (${query.beforeId}::uuid is null or (d.created_at, d.id) < (
          select b.created_at, b.id from webhook_delivery b where b.id = ${query.beforeId}::uuid))
      order by d.created_at desc, d.id desc limit ${query.limit})
    select p.id, p.endpoint_id as "endpointId", e.url, p.event, p.state, p.because, p.created_at as "createdAt",
      p.next_attempt_at as "nextAttemptAt", p.round_attempts as "roundAttempts",
      coalesce((
        select json_agg(json_build_object('at', a.at, 'tookMs', a.took_ms, 'status', a.status, 'code', a.code) order by a.attempt)
        from webhook_attempt a where a.delivery_id = p.id), '[]'::json) as attempts
    from page p join webhook_endpoint e on e.id = p.endpoint_id
    order by p.created_at desc, p.id desc`.execute(db);
  return rows;
}

/** A message's state and that of its endpoint; null where there is none. */
export async function deliveryState(
  db: DbOrTx,
  id: string,
): Promise<{ readonly state: DeliveryView["state"]; readonly endpoint: EndpointState } | null> {
  const { rows } = await sql<{ state: DeliveryView["state"]; endpoint: EndpointState }>`
    select d.state, e.state as endpoint
    from webhook_delivery d join webhook_endpoint e on e.id = d.endpoint_id
    where d.id = ${id}::uuid`.execute(db);
  return rows[0] ?? null;
}
