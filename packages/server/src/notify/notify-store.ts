import { sql } from "kysely";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import type { Tx } from "../schema.ts";
import { webhookSubject } from "../subjects.ts";

export type EndpointState = "active" | "disabled" | "removed";

export type NewEndpoint = {
  readonly id: string;
  readonly url: string;
  readonly secret: string;
  readonly events: readonly string[];
  readonly createdAtMs: number;
  readonly createdBy: string;
};

/** The address and the secret are sealed: an address may carry a password of the receiver's making. */
export async function insertEndpoint(tx: Tx, endpoint: NewEndpoint, fields: FieldVault): Promise<void> {
  const subject = webhookSubject(endpoint.id);
  const [url, secret] = await fields.sealMany(
    tx,
    [endpoint.url, endpoint.secret].map((text) => ({ subject, text })),
  );
  await sql`
    insert into webhook_endpoint (id, url, secret, events, state, because, created_at, created_by)
    values (${endpoint.id}::uuid, ${url}, ${secret}, ${endpoint.events}::text[], 'active', 'added',
      ${iso(endpoint.createdAtMs)}::timestamptz, ${endpoint.createdBy})`.execute(tx);
}

/** Active endpoints of living organisations that want one of these events. Uses index webhook_endpoint_active. */
export async function endpointsFor(
  tx: Tx,
  events: readonly string[],
): Promise<readonly { readonly id: string; readonly organisationId: string; readonly events: readonly string[] }[]> {
  const { rows } = await sql<{ id: string; organisationId: string; events: string[] }>`
    select id, organisation_id as "organisationId", events from webhook_endpoint
    where state = 'active' and events && ${events}::text[]
      and not exists (select from organisation o where o.id = webhook_endpoint.organisation_id and o.ended_at is not null)
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

/** Which of these are about a colleague: who reads a webhook's messages is not known here, so nothing is told of them. */
export async function handledByOthers(tx: Tx, incidentIds: readonly string[]): Promise<ReadonlySet<string>> {
  if (incidentIds.length === 0) return new Set();
  const { rows } = await sql<{ id: string }>`
    select id::text as id from incident where handlers is not null
      and id in (select value::uuid from json_array_elements_text(${JSON.stringify(incidentIds)}::json))`.execute(tx);
  return new Set(rows.map(({ id }) => id));
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
