import { sql } from "kysely";
import type { StatedGround } from "@tillwatch/wire";
import type { FieldVault } from "../../platform/keys/field-vault.ts";
import type { Db, Tx } from "../../schema.ts";
import { nothingStated, type Stated } from "../ask.ts";
import type { Facts } from "../facts.ts";
import type { Principal } from "../principal.ts";

export type NewGround = {
  readonly id: string;
  readonly organisationId: string;
  readonly actor: string;
  readonly incidentId: string;
  readonly purpose: string;
  readonly ground: string;
  readonly note: string | null;
  readonly statedAtMs: number;
  readonly expiresAtMs: number;
};

/** Keeps why somebody looks; what he wrote about it is sealed. */
export async function saveGround(tx: Tx, fields: FieldVault, ground: NewGround): Promise<void> {
  const { id, organisationId, actor, incidentId, purpose, statedAtMs, expiresAtMs } = ground;
  const note = ground.note === null ? null : await fields.seal(tx, `ground:${id}`, ground.note);
  await sql`
    insert into access_ground (id, organisation_id, actor, incident_id, purpose, ground, note, stated_at, expires_at)
    values (${id}, ${organisationId}, ${actor}, ${incidentId}, ${purpose}, ${ground.ground}, ${note},
      ${at(statedAtMs)}::timestamptz, ${at(expiresAtMs)}::timestamptz)`.execute(tx);
}

type GroundRow = {
  id: string;
  incident_id: string;
  purpose: string;
  ground: string;
  stated_at: Date;
  expires_at: Date;
};

/** What this person stated and still holds, latest first. Uses access_ground_in_force. */
export async function groundsOf(db: Db, actor: string, nowMs: number): Promise<readonly StatedGround[]> {
  const { rows } = await sql<GroundRow>`
    select id, incident_id, purpose, ground, stated_at, expires_at from access_ground
    where actor = ${actor} and expires_at > ${at(nowMs)}::timestamptz order by stated_at desc, id limit 500`.execute(
    db,
  );
  return rows.map((row) => ({
    id: row.id,
    incidentId: row.incident_id,
    purpose: row.purpose,
    ground: row.ground,
    statedAt: row.stated_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
  }));
}

type StatedRow = {
  purpose: string | null;
  ground: string | null;
  granted: boolean;
  broken: boolean;
};

/** What was stated for this case, granted and broken for this principal, now. One query; none for who needs none. */
export async function statedFor(
  db: Db,
  principal: Principal,
  { facts, nowMs }: { readonly facts: Facts; readonly nowMs: number },
): Promise<Stated> {
  if (principal.kind !== "person" && principal.kind !== "service") return nothingStated;
  const place = placeOf(facts);
  if (place === null) return nothingStated;
  const now = sql`${at(nowMs)}::timestamptz`;
  const { rows } = await sql<StatedRow>`
    with stated as (
      select purpose, ground from access_ground
      where actor = ${principal.token} and incident_id = ${place.incidentId}::uuid and expires_at > ${now}
      order by stated_at desc, id limit 1
    ), opened as (
      select kind from access_grant
      where actor = ${principal.token} and state = 'active' and ends_at > ${now}
        and organisation_id = ${place.organisationId}
        and (incident_id = ${place.incidentId}::uuid or site_id = ${place.siteId})
    )
    select (select purpose from stated) as purpose, (select ground from stated) as ground,
      exists (select 1 from opened where kind = 'granted') as granted,
      exists (select 1 from opened where kind = 'break_glass') as broken`.execute(db);
  const [row] = rows;
  if (row === undefined) return nothingStated;
  return { purpose: row.purpose, ground: row.ground, granted: row.granted, breakGlass: row.broken };
}

function placeOf(facts: Facts) {
  switch (facts.kind) {
    case "incident":
    case "exhibit":
    case "packet":
      return { incidentId: facts.incidentId, siteId: facts.site.id, organisationId: facts.site.organisationId };
    case "site":
      return { incidentId: null, siteId: facts.site.id, organisationId: facts.site.organisationId };
    case "platform":
    case "organisation":
    case "own":
    case "account":
    case "grant":
      return null;
  }
}

/** Sites that were opened for this principal, approved or in an emergency, and not over. */
export async function openedSitesOf(db: Db, principal: Principal, nowMs: number): Promise<readonly string[]> {
  if (principal.kind !== "person") return [];
  const { rows } = await sql<{ site_id: string }>`
    select distinct site_id from access_grant
    where actor = ${principal.token} and state = 'active' and ends_at > ${at(nowMs)}::timestamptz
      and organisation_id = ${principal.organisationId} and site_id is not null
    order by site_id limit 1000`.execute(db);
  return rows.map((row) => row.site_id);
}

function at(ms: number): string {
  return new Date(ms).toISOString();
}
