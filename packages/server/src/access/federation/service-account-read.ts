import { sql } from "kysely";
import type { DbOrTx } from "../../schema.ts";
import type { ApiKey, ServiceAccount } from "./service-account-tables.ts";

const accountColumns = sql`
  a.id, a.token, a.organisation_id as "organisationId", a.name, a.purpose, a.roles, a.scopes, a.sites, a.regions, a.state, a.because,
  a.created_at as "createdAt", a.created_by as "createdBy"`;
const keyColumns = sql`
  k.id, k.service_account_id as "serviceAccountId", k.created_at as "createdAt", k.created_by as "createdBy",
  k.expires_at as "expiresAt", k.revoked_at as "revokedAt", k.because, k.last_used_at as "lastUsedAt"`;

export type ServiceAccountWithKeys = ServiceAccount & { readonly keys: readonly ApiKey[] };

/** Service accounts of an organisation, those that are active first, by name; each with its keys, newest first. */
export async function serviceAccountsOf(
  db: DbOrTx,
  organisationId: string,
): Promise<readonly ServiceAccountWithKeys[]> {
  const { rows } = await sql<ServiceAccount>`
    select ${accountColumns} from service_account a where a.organisation_id = ${organisationId}
    order by a.state, lower(a.name), a.id limit 1000`.execute(db);
  return withKeys(db, rows);
}

/** Null: not there, or of another organisation. */
export async function serviceAccount(
  db: DbOrTx,
  at: { readonly id: string; readonly organisationId: string },
): Promise<ServiceAccountWithKeys | null> {
  const { rows } = await sql<ServiceAccount>`
    select ${accountColumns} from service_account a
    where a.id = ${at.id}::uuid and a.organisation_id = ${at.organisationId}`.execute(db);
  const [found] = await withKeys(db, rows);
  return found ?? null;
}

async function withKeys(db: DbOrTx, accounts: readonly ServiceAccount[]): Promise<readonly ServiceAccountWithKeys[]> {
  if (accounts.length === 0) return [];
  const { rows } = await sql<ApiKey>`
    select ${keyColumns} from api_key k
    where k.service_account_id = any(${accounts.map((account) => account.id)}::uuid[])
    order by k.created_at desc, k.id limit 10000`.execute(db);
  return accounts.map((account) => ({ ...account, keys: rows.filter((key) => key.serviceAccountId === account.id) }));
}

export type KeyWithAccount = {
  readonly id: string;
  readonly sha256: string;
  readonly expiresAt: Date;
  readonly revokedAt: Date | null;
  readonly lastUsedAt: Date | null;
  readonly account: ServiceAccount;
  readonly organisationEnded: boolean;
};

/** The key of an id, whatever its state, with its account; null: no such key. */
export async function keyWithAccount(db: DbOrTx, id: string): Promise<KeyWithAccount | null> {
  const { rows } = await sql<Omit<KeyWithAccount, "account"> & { accountId: string }>`
    select id, sha256, expires_at as "expiresAt", revoked_at as "revokedAt", last_used_at as "lastUsedAt",
      service_account_id as "accountId"
    from api_key where id = ${id}`.execute(db);
  const key = rows[0];
  if (key === undefined) return null;
  const accounts = await sql<ServiceAccount & { organisationEnded: boolean }>`
    select ${accountColumns}, o.ended_at is not null as "organisationEnded"
    from service_account a join organisation o on o.id = a.organisation_id where a.id = ${key.accountId}::uuid`.execute(
    db,
  );
  const [found] = accounts.rows;
  if (found === undefined) return null;
  const { organisationEnded, ...account } = found;
  return { ...key, account, organisationEnded };
}
