import { sql } from "kysely";
import type { DbOrTx, Tx } from "../schema.ts";

export type OrganisationKind = "retailer" | "police" | "insurer" | "vendor";

/** A tenant. Partners (police, insurers, vendors) have no sites: they see what is shared with them. */
export type Organisation = {
  readonly id: string;
  readonly name: string;
  readonly kind: OrganisationKind;
  readonly sitePrefix: string | null; // ids of its sites begin so; null: the installation's own, or a partner
  readonly referenceLetters: string | null; // its incidents are LETTERS-2026-000001; null: it has no incidents
  readonly createdAt: Date;
  readonly endedAt: Date | null;
};

/** A site with whose it is. `listed`: in the directory as of now. */
export type PlacedSite = {
  readonly id: string;
  readonly organisationId: string;
  readonly region: string | null;
  readonly country: string | null;
  readonly listed: boolean;
};

const columns = sql.raw(`id, name, kind, site_prefix as "sitePrefix", reference_letters as "referenceLetters",
  created_at as "createdAt", ended_at as "endedAt"`);

const organisationsMax = 10_000;

/** The organisations that the asker's scope shows: all of them outside of one. */
export async function organisations(db: DbOrTx): Promise<readonly Organisation[]> {
  const { rows } = await sql<Organisation>`
    select ${columns} from organisation order by created_at, id limit ${organisationsMax}`.execute(db);
  return rows;
}

export async function placedSites(db: DbOrTx): Promise<readonly PlacedSite[]> {
  const { rows } = await sql<PlacedSite>`
    select id, organisation_id as "organisationId", region, country, listed from site order by id`.execute(db);
  return rows;
}

/** False: an organisation with this id, prefix or letters is there already. */
export async function insertOrganisation(
  tx: Tx,
  organisation: Omit<Organisation, "createdAt" | "endedAt">,
  nowMs: number,
) {
  const { id, name, kind, sitePrefix, referenceLetters } = organisation;
  const { rows } = await sql`
    insert into organisation (id, name, kind, site_prefix, reference_letters, created_at)
    values (${id}, ${name}, ${kind}, ${sitePrefix}, ${referenceLetters}, ${new Date(nowMs)}::timestamptz)
    on conflict do nothing returning id`.execute(tx);
  return rows.length > 0;
}

/** Calls an organisation so from now on. */
export async function nameOrganisation(tx: Tx, id: string, name: string): Promise<void> {
  await sql`update organisation set name = ${name} where id = ${id} and name <> ${name}`.execute(tx);
}

/** False: there is no such organisation, or it ended before. Its rows stay: they are a record. */
export async function endOrganisation(tx: Tx, id: string, nowMs: number): Promise<boolean> {
  const { rows } = await sql`
    update organisation set ended_at = ${new Date(nowMs)}::timestamptz where id = ${id} and ended_at is null returning id`.execute(
    tx,
  );
  return rows.length > 0;
}

/**
 * Brings the table up to the directory. What left the directory stays, unlisted. Answers the sites that stand there as another
 * organisation's: they are left as they are, because a site never changes hands.
 */
export async function saveSites(tx: Tx, sites: readonly Omit<PlacedSite, "listed">[]): Promise<readonly string[]> {
  const given = JSON.stringify(
    sites.map(({ id, organisationId, region, country }) => ({ id, organisation_id: organisationId, region, country })),
  );
  await sql`
    insert into site (id, organisation_id, region, country, listed)
    select id, organisation_id, region, country, true
    from json_to_recordset(${given}::json) as given (id text, organisation_id text, region text, country text)
    order by id
    on conflict (id) do update set region = excluded.region, country = excluded.country, listed = true
      where site.organisation_id = excluded.organisation_id and
        (site.region, site.country, site.listed) is distinct from (excluded.region, excluded.country, true)`.execute(
    tx,
  );
  await sql`
    update site set listed = false
    where listed and id not in (select id from json_to_recordset(${given}::json) as given (id text))`.execute(tx);
  const { rows } = await sql<{ id: string }>`
    select site.id from site join json_to_recordset(${given}::json) as given (id text, organisation_id text) on given.id = site.id
    where given.organisation_id <> site.organisation_id order by site.id`.execute(tx);
  return rows.map(({ id }) => id);
}
