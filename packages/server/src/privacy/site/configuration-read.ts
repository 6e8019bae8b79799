import { sql } from "kysely";
import { homeOrganisation } from "../../access/principal.ts";
import type { DbOrTx } from "../../schema.ts";

/** Whether a site is an organisation's; one that no row names yet is of the installation's own. */
export async function siteOwnership(db: DbOrTx): Promise<(siteId: string, organisationId: string) => boolean> {
  const { rows } = await sql<{ id: string; organisation_id: string }>`select id, organisation_id from site`.execute(db);
  const owners = new Map(rows.map((row) => [row.id, row.organisation_id]));
  return (siteId, organisationId) => (owners.get(siteId) ?? homeOrganisation) === organisationId;
}

/** What an entry of the watch list must know of its incident; null: the organisation has none with this id. */
export async function incidentBrief(
  db: DbOrTx,
  id: string,
  organisationId: string,
): Promise<{ readonly siteId: string; readonly state: string; readonly verdict: string | null } | null> {
  const { rows } = await sql<{ site_id: string; state: string; verdict: string | null }>`
    select site_id, state, verdict from incident where id = ${id}::uuid and organisation_id = ${organisationId}
  `.execute(db);
  return rows[0] === undefined ? null : { siteId: rows[0].site_id, state: rows[0].state, verdict: rows[0].verdict };
}

/** Outside systems that are told of incidents: host names, not addresses, which may hold secrets. */
export async function webhookHosts(db: DbOrTx, organisationId: string): Promise<readonly string[]> {
  const { rows } = await sql<{ url: string }>`
    select url from webhook_endpoint where state = 'active' and organisation_id = ${organisationId} order by created_at
  `.execute(db);
  return [
    ...new Set(rows.map(({ url }) => (URL.canParse(url) ? new URL(url).host : "an address that cannot be read"))),
  ].sort();
}

export async function watchEntriesInForce(db: DbOrTx, organisationId: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int4 as count from watch_entry where state = 'active' and organisation_id = ${organisationId}
  `.execute(db);
  return rows[0]?.count ?? 0;
}
