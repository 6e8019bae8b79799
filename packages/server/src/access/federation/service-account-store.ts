import { sql } from "kysely";
import { sealInto } from "../../platform/keys/vault-mark.ts";
import type { DbOrTx, Tx } from "../../schema.ts";
import type { ApiKey, ServiceAccount } from "./service-account-tables.ts";

/** Answers false where an active account of the organisation has the name already. */
export async function insertServiceAccount(tx: Tx, account: ServiceAccount): Promise<boolean> {
  const purpose = await sealInto(tx, serviceSubject(account.id), account.purpose);
  const { rows } = await sql<{ id: string }>`
    insert into service_account (id, token, organisation_id, name, purpose, roles, scopes, sites, regions, state, because,
      created_at, created_by, updated_at)
    values (${account.id}::uuid, ${account.token}, ${account.organisationId}, ${account.name}, ${purpose},
      ${account.roles}::text[], ${account.scopes}::text[], ${account.sites}::text[], ${account.regions}::text[],
      ${account.state}, ${account.because}, ${account.createdAt}::timestamptz, ${account.createdBy}, ${account.createdAt}::timestamptz)
    on conflict (organisation_id, lower(name)) where state = 'active' do nothing
    returning id::text`.execute(tx);
  return rows.length > 0;
}

/** Whose key seals why a program is here and why it went. */
function serviceSubject(id: string): string {
  return `service:${id}`;
}

type Ending = {
  readonly id: string;
  readonly organisationId: string;
  readonly because: string;
  readonly atMs: number;
};

/** Ends an active account; its keys hold no longer. Answers false where there is none. */
export async function endServiceAccount(tx: Tx, ending: Ending): Promise<boolean> {
  const because = await sealInto(tx, serviceSubject(ending.id), ending.because);
  const { rows } = await sql<{ id: string }>`
    update service_account set state = 'ended', because = ${because}, updated_at = ${new Date(ending.atMs)}::timestamptz
    where id = ${ending.id}::uuid and organisation_id = ${ending.organisationId} and state = 'active'
    returning id::text`.execute(tx);
  return rows.length > 0;
}

/** Holds the account's row until the transaction ends, so that two people cannot add a third key at the same time. */
export async function lockServiceAccount(tx: Tx, id: string): Promise<void> {
  await sql`select id from service_account where id = ${id}::uuid for update`.execute(tx);
}

export async function insertApiKey(
  tx: Tx,
  key: Omit<ApiKey, "revokedAt" | "lastUsedAt"> & { sha256: string },
): Promise<void> {
  const because = await sealInto(tx, serviceSubject(key.serviceAccountId), key.because);
  await sql`
    insert into api_key (id, service_account_id, sha256, created_at, created_by, expires_at, because)
    values (${key.id}, ${key.serviceAccountId}::uuid, ${key.sha256}, ${key.createdAt}::timestamptz, ${key.createdBy},
      ${key.expiresAt}::timestamptz, ${because})`.execute(tx);
}

/** Brings the end of a key forward, never back. */
export async function shortenApiKey(tx: Tx, id: string, expiresAt: Date): Promise<void> {
  await sql`
    update api_key set expires_at = least(expires_at, ${expiresAt}::timestamptz) where id = ${id}`.execute(tx);
}

/** Revokes a key of the organisation; answers whose it is, or null where there is none that is not revoked. */
export async function revokeApiKey(tx: Tx, ending: Ending): Promise<string | null> {
  const because = await sealInto(tx, `api_key:${ending.id}`, ending.because);
  const { rows } = await sql<{ account: string }>`
    update api_key k set revoked_at = ${new Date(ending.atMs)}::timestamptz, because = ${because}
    from service_account a
    where k.id = ${ending.id} and a.id = k.service_account_id and a.organisation_id = ${ending.organisationId}
      and k.revoked_at is null
    returning a.token as account`.execute(tx);
  return rows[0]?.account ?? null;
}

/** Notes a use, unless one was noted less than a minute before. */
export async function noteKeyUse(db: DbOrTx, id: string, nowMs: number): Promise<void> {
  await sql`
    update api_key set last_used_at = ${new Date(nowMs)}::timestamptz
    where id = ${id} and (last_used_at is null or last_used_at <= ${new Date(nowMs - 60_000)}::timestamptz)`.execute(
    db,
  );
}
