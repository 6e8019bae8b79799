import { sql } from "kysely";
import type { DbOrTx, Tx } from "../../schema.ts";

/** A person as SCIM keeps it; `attributes` is sealed JSON. */
export type ScimUserRow = {
  readonly id: string;
  readonly token: string;
  readonly state: "invited" | "active" | "suspended" | "ended";
  readonly because: string;
  readonly externalId: string | null;
  readonly attributes: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly version: number;
};

const userColumns = sql`
  a.id::text as id, a.token, a.state, a.because, a.external_id as "externalId", u.attributes, u.created_at as "createdAt",
  u.updated_at as "updatedAt", u.version`;

export async function scimUser(db: DbOrTx, organisationId: string, id: string): Promise<ScimUserRow | null> {
  const { rows } = await sql<ScimUserRow>`
    select ${userColumns} from account a join scim_user u on u.account_id = a.id
    where a.organisation_id = ${organisationId} and a.id = ${id}::uuid`.execute(db);
  return rows[0] ?? null;
}

/** Which people: those of an external id, of a login (by its blind index, hex), or all. */
export type ScimUserQuery = {
  readonly externalId?: string | null;
  readonly loginIndex?: string | null;
  readonly id?: string | null;
  readonly offset: number;
  readonly limit: number;
};

/** One page of people, oldest first, and how many there are in all. */
export async function scimUsers(
  db: DbOrTx,
  organisationId: string,
  query: ScimUserQuery,
): Promise<{ readonly rows: readonly ScimUserRow[]; readonly total: number }> {
  const { externalId = null, loginIndex = null, id = null } = query;
  const where = sql`
    from account a join scim_user u on u.account_id = a.id
    where a.organisation_id = ${organisationId}
      and (${externalId}::text is null or a.external_id = ${externalId})
      and (${loginIndex}::text is null or a.login_index = decode(${loginIndex}, 'hex'))
      and (${id}::text is null or a.id::text = ${id})`;
  const counted = await sql<{ n: number }>`select count(*)::int as n ${where}`.execute(db);
  const { rows } = await sql<ScimUserRow>`
    select ${userColumns} ${where} order by u.created_at, a.id offset ${query.offset} limit ${query.limit}`.execute(db);
  return { rows, total: counted.rows[0]?.n ?? 0 };
}

export async function insertScimUser(
  tx: Tx,
  user: { readonly id: string; readonly attributes: string; readonly nowMs: number },
): Promise<void> {
  const now = new Date(user.nowMs);
  await sql`
    insert into scim_user (account_id, attributes, created_at, updated_at)
    values (${user.id}::uuid, ${user.attributes}, ${now}::timestamptz, ${now}::timestamptz)`.execute(tx);
}

export async function updateScimUser(
  tx: Tx,
  user: {
    readonly id: string;
    readonly attributes: string;
    readonly externalId: string | null;
    readonly nowMs: number;
  },
): Promise<void> {
  await sql`update account set external_id = ${user.externalId} where id = ${user.id}::uuid`.execute(tx);
  await sql`
    update scim_user set attributes = ${user.attributes}, updated_at = ${new Date(user.nowMs)}::timestamptz, version = version + 1
    where account_id = ${user.id}::uuid`.execute(tx);
}

/** False: another person of the organisation has this external id. */
export async function externalIdIsFree(
  tx: Tx,
  at: { readonly organisationId: string; readonly externalId: string; readonly exceptId: string },
): Promise<boolean> {
  const { rows } = await sql`
    select from account where organisation_id = ${at.organisationId} and origin = 'scim' and external_id = ${at.externalId}
      and id <> ${at.exceptId}::uuid`.execute(tx);
  return rows.length === 0;
}

/** Forgets what the provider told of a person, and frees login and external id for whoever comes next. The account stays, ended. */
export async function dropScimUser(
  tx: Tx,
  id: string,
  given: { readonly loginIndex: string; readonly nowMs: number },
): Promise<void> {
  await sql`delete from scim_group_member where account_id = ${id}::uuid`.execute(tx);
  await sql`delete from oidc_identity where account_id = ${id}::uuid`.execute(tx);
  await sql`delete from scim_user where account_id = ${id}::uuid`.execute(tx);
  await sql`
    update account set external_id = null, login_index = decode(${given.loginIndex}, 'hex') where id = ${id}::uuid`.execute(
    tx,
  );
}

export type ScimGroupRow = {
  readonly id: string;
  readonly displayName: string;
  readonly externalId: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly version: number;
};

const groupColumns = sql`
  g.id::text as id, g.display_name as "displayName", g.external_id as "externalId", g.created_at as "createdAt",
  g.updated_at as "updatedAt", g.version`;

export async function scimGroup(db: DbOrTx, organisationId: string, id: string): Promise<ScimGroupRow | null> {
  const { rows } = await sql<ScimGroupRow>`
    select ${groupColumns} from scim_group g where g.organisation_id = ${organisationId} and g.id = ${id}::uuid`.execute(
    db,
  );
  return rows[0] ?? null;
}

export async function scimGroups(
  db: DbOrTx,
  organisationId: string,
  query: {
    readonly displayName: string | null;
    readonly externalId: string | null;
    readonly offset: number;
    readonly limit: number;
  },
): Promise<{ readonly rows: readonly ScimGroupRow[]; readonly total: number }> {
  const where = sql`
    from scim_group g where g.organisation_id = ${organisationId}
      and (${query.displayName}::text is null or lower(g.display_name) = lower(${query.displayName}))
      and (${query.externalId}::text is null or g.external_id = ${query.externalId})`;
  const counted = await sql<{ n: number }>`select count(*)::int as n ${where}`.execute(db);
  const { rows } = await sql<ScimGroupRow>`
    select ${groupColumns} ${where} order by g.created_at, g.id offset ${query.offset} limit ${query.limit}`.execute(
    db,
  );
  return { rows, total: counted.rows[0]?.n ?? 0 };
}

type GroupText = {
  readonly id: string;
  readonly displayName: string;
  readonly externalId: string | null;
  readonly nowMs: number;
};

/** False: the organisation has a group of this name. */
export async function insertScimGroup(tx: Tx, organisationId: string, group: GroupText): Promise<boolean> {
  const now = new Date(group.nowMs);
  const { rows } = await sql`
    insert into scim_group (id, organisation_id, display_name, external_id, created_at, updated_at)
    values (${group.id}::uuid, ${organisationId}, ${group.displayName}, ${group.externalId}, ${now}::timestamptz, ${now}::timestamptz)
    on conflict do nothing returning id`.execute(tx);
  return rows.length > 0;
}

/** False: another group of the organisation has this name. */
export async function updateScimGroup(tx: Tx, organisationId: string, group: GroupText): Promise<boolean> {
  const { rows } = await sql`
    update scim_group g set display_name = ${group.displayName}, external_id = ${group.externalId},
      updated_at = ${new Date(group.nowMs)}::timestamptz, version = version + 1
    where g.id = ${group.id}::uuid and g.organisation_id = ${organisationId} and not exists (
      select from scim_group other where other.organisation_id = ${organisationId}
        and lower(other.display_name) = lower(${group.displayName}) and other.id <> g.id)
    returning g.id`.execute(tx);
  return rows.length > 0;
}

export async function deleteScimGroup(tx: Tx, id: string): Promise<void> {
  await sql`delete from scim_group where id = ${id}::uuid`.execute(tx);
}

/** Makes these people, of this organisation and kept by SCIM, the members; others that are named are passed over. Answers who changed. */
export async function setGroupMembers(
  tx: Tx,
  group: { readonly id: string; readonly organisationId: string; readonly members: readonly string[] },
): Promise<readonly string[]> {
  const wanted = [...group.members];
  const gone = await sql<{ id: string }>`
    delete from scim_group_member where group_id = ${group.id}::uuid and account_id <> all(${wanted}::uuid[])
    returning account_id::text as id`.execute(tx);
  const come = await sql<{ id: string }>`
    insert into scim_group_member (group_id, account_id)
    select ${group.id}::uuid, a.id from account a join scim_user u on u.account_id = a.id
    where a.organisation_id = ${group.organisationId} and a.id = any(${wanted}::uuid[])
    on conflict do nothing returning account_id::text as id`.execute(tx);
  return [...gone.rows, ...come.rows].map((row) => row.id);
}

export type Membership = { readonly groupId: string; readonly accountId: string; readonly displayName: string };

/** Who is in which group: of some people, or of some groups. */
export async function memberships(
  db: DbOrTx,
  of: { readonly accounts?: readonly string[]; readonly groups?: readonly string[] },
): Promise<readonly Membership[]> {
  const accounts = of.accounts === undefined ? null : [...of.accounts];
  const groups = of.groups === undefined ? null : [...of.groups];
  const { rows } = await sql<Membership>`
    select m.group_id::text as "groupId", m.account_id::text as "accountId", g.display_name as "displayName"
    from scim_group_member m join scim_group g on g.id = m.group_id
    where (${accounts}::uuid[] is null or m.account_id = any(${accounts}::uuid[]))
      and (${groups}::uuid[] is null or m.group_id = any(${groups}::uuid[]))
    order by g.display_name, m.account_id`.execute(db);
  return rows;
}
