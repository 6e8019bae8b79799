import { sql } from "kysely";
import type { FieldVault } from "../../platform/keys/field-vault.ts";
import type { DbOrTx, Tx } from "../../schema.ts";
import type { Role } from "../principal.ts";
import { normalLogin, tokenOf, type Account, type AccountOrigin, type AccountState, type Places } from "./account.ts";

export type NewAccount = Places & {
  readonly id: string;
  readonly organisationId: string;
  readonly name: string; // in clear; sealed here
  readonly login: string;
  readonly roles: readonly Role[];
  readonly state: AccountState;
  readonly origin: AccountOrigin;
  readonly externalId?: string | null;
  readonly because: string;
  readonly endsAtMs?: number | null;
};

/** The keyed digest that a login is found by. */
export function loginIndexOf(vault: FieldVault, login: string): Uint8Array {
  return vault.blindIndex("login", normalLogin(login));
}

const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const listOf = (list: readonly string[] | null) => (list === null ? null : [...list]);

/** Keeps a new account, its name and login sealed under its token. False: the organisation has an account with this login. */
export async function insertAccount(
  tx: Tx,
  account: NewAccount,
  given: { readonly vault: FieldVault; readonly nowMs: number },
): Promise<boolean> {
  const token = tokenOf(account.id);
  const [name, login] = await given.vault.sealMany(tx, [
    { subject: token, text: account.name },
    { subject: token, text: account.login.trim() },
  ]);
  const now = new Date(given.nowMs);
  const endsAt = account.endsAtMs == null ? null : new Date(account.endsAtMs);
  const { rows } = await sql`
    insert into account (id, token, organisation_id, name, login, login_index, roles, sites, regions, state, origin, external_id,
      because, created_at, updated_at, ends_at)
    values (${account.id}::uuid, ${token}, ${account.organisationId}, ${name}, ${login},
      decode(${hexOf(loginIndexOf(given.vault, account.login))}, 'hex'), ${[...account.roles]}::text[],
      ${listOf(account.sites)}::text[], ${listOf(account.regions)}::text[], ${account.state}, ${account.origin},
      ${account.externalId ?? null}, ${account.because}, ${now}::timestamptz, ${now}::timestamptz, ${endsAt}::timestamptz)
    on conflict do nothing returning id`.execute(tx);
  return rows.length === 1;
}

const columns = sql`id, token, organisation_id as "organisationId", name, login, roles, sites, regions, state, origin, because,
  created_at as "createdAt", updated_at as "updatedAt", last_seen_at as "lastSeenAt", ends_at as "endsAt", version`;

/** One account; null: there is none. */
export async function accountById(db: DbOrTx, id: string): Promise<Account | null> {
  const { rows } = await sql<Account>`select ${columns} from account where id = ${id}::uuid`.execute(db);
  return rows[0] ?? null;
}

/** The same, held until the transaction ends: two administrators who change one person follow each other. */
export async function accountForUpdate(tx: Tx, id: string): Promise<Account | null> {
  const { rows } = await sql<Account>`select ${columns} from account where id = ${id}::uuid for update`.execute(tx);
  return rows[0] ?? null;
}

/** Accounts with this login in any organisation, or in one; at most four, oldest first. Uses index account_login_anywhere. */
export async function accountsByLogin(
  db: DbOrTx,
  asked: { readonly login: string; readonly organisationId: string | null },
  vault: FieldVault,
): Promise<readonly Account[]> {
  const { rows } = await sql<Account>`
    select ${columns} from account
    where login_index = decode(${hexOf(loginIndexOf(vault, asked.login))}, 'hex')
      and (${asked.organisationId}::text is null or organisation_id = ${asked.organisationId})
    order by created_at, id limit 4`.execute(db);
  return rows;
}

/** Accounts of an organisation, oldest first, after `afterId`; ended ones last because they are the oldest news. */
export async function accountsOf(
  db: DbOrTx,
  organisationId: string,
  page: { readonly after: string | null; readonly limit: number },
): Promise<readonly Account[]> {
  const { rows } = await sql<Account>`
    select ${columns} from account a
    where a.organisation_id = ${organisationId}
      and (${page.after}::uuid is null
        or (a.created_at, a.id) > (select b.created_at, b.id from account b where b.id = ${page.after}::uuid))
    order by a.created_at, a.id limit ${page.limit}`.execute(db);
  return rows;
}

export type AccountChange = {
  readonly state: AccountState;
  readonly because: string;
  readonly roles: readonly Role[];
} & Places;

/** Writes what may change; answers the new version. The caller holds the row (accountForUpdate). */
export async function updateAccount(
  tx: Tx,
  id: string,
  to: { readonly change: AccountChange; readonly nowMs: number },
): Promise<number> {
  const { state, because, roles, sites, regions } = to.change;
  const { rows } = await sql<{ version: number }>`
    update account set state = ${state}, because = ${because}, roles = ${[...roles]}::text[], sites = ${listOf(sites)}::text[],
      regions = ${listOf(regions)}::text[], updated_at = ${new Date(to.nowMs)}::timestamptz, version = version + 1
    where id = ${id}::uuid returning version`.execute(tx);
  return rows[0]?.version ?? 0;
}

/** Writes name and login, sealed. False: another account of the organisation has this login. */
export async function renameAccount(
  tx: Tx,
  account: Pick<Account, "id" | "token" | "organisationId">,
  to: { readonly name: string; readonly login: string; readonly vault: FieldVault; readonly nowMs: number },
): Promise<boolean> {
  const [name, login] = await to.vault.sealMany(tx, [
    { subject: account.token, text: to.name },
    { subject: account.token, text: to.login.trim() },
  ]);
  const index = hexOf(loginIndexOf(to.vault, to.login));
  const { rows } = await sql`
    update account set name = ${name}, login = ${login}, login_index = decode(${index}, 'hex'),
      updated_at = ${new Date(to.nowMs)}::timestamptz, version = version + 1
    where id = ${account.id}::uuid and not exists (
      select from account other where other.organisation_id = ${account.organisationId}
        and other.login_index = decode(${index}, 'hex') and other.id <> ${account.id}::uuid)
    returning id`.execute(tx);
  return rows.length === 1;
}

/** Whether the organisation keeps an administrator who can act, were this account not one any more. */
export async function hasOtherAdministrator(tx: Tx, account: Pick<Account, "id" | "organisationId">): Promise<boolean> {
  const { rows } = await sql`
    select from account where organisation_id = ${account.organisationId} and id <> ${account.id}::uuid
      and state = 'active' and 'administrator' = any(roles) limit 1`.execute(tx);
  return rows.length === 1;
}

/** The administrator whom a lost set-up link is made for: one who has not come yet before one who has, the oldest first. */
export async function firstAdministrator(tx: Tx, organisationId: string): Promise<Account | null> {
  const { rows } = await sql<Account>`
    select ${columns} from account
    where organisation_id = ${organisationId} and 'administrator' = any(roles) and state in ('invited', 'active')
    order by state = 'active', created_at, id limit 1 for update`.execute(tx);
  return rows[0] ?? null;
}

/** Whether nobody was ever given an account. Holds the table, so that two processes that start at once make one administrator. */
export async function noAccountYet(tx: Tx): Promise<boolean> {
  await sql`lock table account in share row exclusive mode`.execute(tx);
  const { rows } = await sql`select from account limit 1`.execute(tx);
  return rows.length === 0;
}

export async function noteSeen(db: DbOrTx, id: string, nowMs: number): Promise<void> {
  await sql`update account set last_seen_at = ${new Date(nowMs)}::timestamptz where id = ${id}::uuid`.execute(db);
}

export type OrganisationRow = {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly endedAt: Date | null;
};

export async function organisationById(db: DbOrTx, id: string): Promise<OrganisationRow | null> {
  const { rows } = await sql<OrganisationRow>`
    select id, name, kind, ended_at as "endedAt" from organisation where id = ${id}`.execute(db);
  return rows[0] ?? null;
}

/** Organisations that have not ended, the installation's own first. */
export async function livingOrganisations(db: DbOrTx): Promise<readonly OrganisationRow[]> {
  const { rows } = await sql<OrganisationRow>`
    select id, name, kind, ended_at as "endedAt" from organisation where ended_at is null
    order by id <> 'home', created_at, id limit 100`.execute(db);
  return rows;
}

/** The first site of an organisation that the directory lists; null: none. */
export async function siteOf(db: DbOrTx, organisationId: string): Promise<string | null> {
  const { rows } = await sql<{ id: string }>`
    select id from site where organisation_id = ${organisationId} and listed order by id limit 1`.execute(db);
  return rows[0]?.id ?? null;
}
