import { sql } from "kysely";
import type { Tx } from "../schema.ts";

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

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
