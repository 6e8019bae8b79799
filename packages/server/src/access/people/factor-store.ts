import { sql } from "kysely";
import type { DbOrTx, Tx } from "../../schema.ts";

export type Passkey = {
  readonly id: string;
  readonly accountId: string;
  readonly credentialId: string; // base64url
  readonly publicKey: Uint8Array; // COSE
  readonly counter: number;
  readonly transports: readonly string[];
  readonly name: string; // sealed
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
};

type PasskeyRow = Omit<Passkey, "publicKey"> & { readonly publicKey: string };

const passkeyColumns = sql`id, account_id as "accountId", credential_id as "credentialId", encode(public_key, 'hex') as "publicKey",
  counter, transports, name, created_at as "createdAt", last_used_at as "lastUsedAt"`;

function passkeyOf(row: PasskeyRow): Passkey {
  return { ...row, publicKey: new Uint8Array(Buffer.from(row.publicKey, "hex")) };
}

export async function passkeysOf(db: DbOrTx, accountId: string): Promise<readonly Passkey[]> {
  const { rows } = await sql<PasskeyRow>`
    select ${passkeyColumns} from passkey where account_id = ${accountId}::uuid order by created_at, id`.execute(db);
  return rows.map(passkeyOf);
}

export async function passkeyByCredential(db: DbOrTx, credentialId: string): Promise<Passkey | null> {
  const { rows } = await sql<PasskeyRow>`
    select ${passkeyColumns} from passkey where credential_id = ${credentialId}`.execute(db);
  return rows[0] === undefined ? null : passkeyOf(rows[0]);
}

/** False: this authenticator's credential is known already. */
export async function insertPasskey(tx: Tx, passkey: Omit<Passkey, "lastUsedAt">): Promise<boolean> {
  const { rows } = await sql`
    insert into passkey (id, account_id, credential_id, public_key, counter, transports, name, created_at)
    values (${passkey.id}::uuid, ${passkey.accountId}::uuid, ${passkey.credentialId},
      decode(${Buffer.from(passkey.publicKey).toString("hex")}, 'hex'), ${passkey.counter}, ${[...passkey.transports]}::text[],
      ${passkey.name}, ${passkey.createdAt}::timestamptz)
    on conflict (credential_id) do nothing returning id`.execute(tx);
  return rows.length === 1;
}

/** Notes the use and the authenticator's counter. False: the counter did not grow although it counts, so there may be a copy. */
export async function usePasskey(
  db: DbOrTx,
  id: string,
  used: { readonly counter: number; readonly nowMs: number },
): Promise<boolean> {
  const { rows } = await sql`
    update passkey set counter = ${used.counter}, last_used_at = ${new Date(used.nowMs)}::timestamptz
    where id = ${id}::uuid and (counter < ${used.counter} or (counter = 0 and ${used.counter}::int8 = 0)) returning id`.execute(
    db,
  );
  return rows.length === 1;
}

export async function removePasskey(tx: Tx, accountId: string, id: string): Promise<boolean> {
  const { rows } = await sql`
    delete from passkey where id = ${id}::uuid and account_id = ${accountId}::uuid returning id`.execute(tx);
  return rows.length === 1;
}

/** A challenge that was answered; false: it was answered before. */
export async function spendChallenge(db: DbOrTx, sha256: string, expiresAtMs: number): Promise<boolean> {
  const { rows } = await sql`
    insert into spent_challenge (sha256, expires_at) values (${sha256}, ${new Date(expiresAtMs)}::timestamptz)
    on conflict do nothing returning sha256`.execute(db);
  return rows.length === 1;
}

export async function passwordOf(db: DbOrTx, accountId: string): Promise<string | null> {
  const { rows } = await sql<{ phc: string }>`
    select phc from account_password where account_id = ${accountId}::uuid`.execute(db);
  return rows[0]?.phc ?? null;
}

export async function savePassword(db: DbOrTx, accountId: string, to: { phc: string; nowMs: number }): Promise<void> {
  await sql`
    insert into account_password (account_id, phc, changed_at)
    values (${accountId}::uuid, ${to.phc}, ${new Date(to.nowMs)}::timestamptz)
    on conflict (account_id) do update set phc = excluded.phc, changed_at = excluded.changed_at`.execute(db);
}

export async function removePassword(tx: Tx, accountId: string): Promise<boolean> {
  const { rows } = await sql`
    delete from account_password where account_id = ${accountId}::uuid returning account_id`.execute(tx);
  return rows.length === 1;
}

export type Totp = { readonly secret: string; readonly lastStep: number };

export async function totpOf(db: DbOrTx, accountId: string): Promise<Totp | null> {
  const { rows } = await sql<Totp>`
    select secret, last_step as "lastStep" from account_totp where account_id = ${accountId}::uuid`.execute(db);
  return rows[0] ?? null;
}

/** Records the step of a code; false: that code, or a younger one, was taken already, be it this very moment. */
export async function takeTotpStep(db: DbOrTx, accountId: string, step: number): Promise<boolean> {
  const { rows } = await sql`
    update account_totp set last_step = ${step} where account_id = ${accountId}::uuid and last_step < ${step}
    returning account_id`.execute(db);
  return rows.length === 1;
}

export async function saveTotp(
  tx: Tx,
  accountId: string,
  totp: { readonly secret: string; readonly lastStep: number; readonly nowMs: number },
): Promise<void> {
  await sql`
    insert into account_totp (account_id, secret, last_step, created_at)
    values (${accountId}::uuid, ${totp.secret}, ${totp.lastStep}, ${new Date(totp.nowMs)}::timestamptz)
    on conflict (account_id) do update
      set secret = excluded.secret, last_step = excluded.last_step, created_at = excluded.created_at`.execute(tx);
  await sql`delete from totp_enrolment where account_id = ${accountId}::uuid`.execute(tx);
}

export async function removeTotp(tx: Tx, accountId: string): Promise<boolean> {
  const { rows } = await sql`
    delete from account_totp where account_id = ${accountId}::uuid returning account_id`.execute(tx);
  return rows.length === 1;
}

export async function saveEnrolment(
  db: DbOrTx,
  accountId: string,
  enrolment: { readonly secret: string; readonly expiresAtMs: number },
): Promise<void> {
  await sql`
    insert into totp_enrolment (account_id, secret, expires_at)
    values (${accountId}::uuid, ${enrolment.secret}, ${new Date(enrolment.expiresAtMs)}::timestamptz)
    on conflict (account_id) do update set secret = excluded.secret, expires_at = excluded.expires_at`.execute(db);
}

export async function enrolmentOf(db: DbOrTx, accountId: string, nowMs: number): Promise<string | null> {
  const { rows } = await sql<{ secret: string }>`
    select secret from totp_enrolment
    where account_id = ${accountId}::uuid and expires_at > ${new Date(nowMs)}::timestamptz`.execute(db);
  return rows[0]?.secret ?? null;
}

/** Puts new recovery codes in the place of all earlier ones. */
export async function saveRecoveryCodes(
  tx: Tx,
  accountId: string,
  codes: { readonly sha256s: readonly string[]; readonly nowMs: number },
): Promise<void> {
  await sql`delete from recovery_code where account_id = ${accountId}::uuid`.execute(tx);
  await sql`
    insert into recovery_code (sha256, account_id, created_at)
    select digest, ${accountId}::uuid, ${new Date(codes.nowMs)}::timestamptz from unnest(${[...codes.sha256s]}::text[]) as digest`.execute(
    tx,
  );
}

/** Takes a recovery code: true once. */
export async function takeRecoveryCode(
  db: DbOrTx,
  accountId: string,
  code: { readonly sha256: string; readonly nowMs: number },
): Promise<boolean> {
  const { rows } = await sql`
    update recovery_code set used_at = ${new Date(code.nowMs)}::timestamptz
    where sha256 = ${code.sha256} and account_id = ${accountId}::uuid and used_at is null returning sha256`.execute(db);
  return rows.length === 1;
}

export async function recoveryCodesLeft(db: DbOrTx, accountId: string): Promise<number> {
  const { rows } = await sql<{ left: number }>`
    select count(*)::int as left from recovery_code where account_id = ${accountId}::uuid and used_at is null`.execute(
    db,
  );
  return rows[0]?.left ?? 0;
}

/** Which ways an account has to prove who it is. */
export type Factors = { readonly passkeys: number; readonly password: boolean; readonly totp: boolean };

export async function factorsOf(db: DbOrTx, accountId: string): Promise<Factors> {
  const { rows } = await sql<Factors>`
    select (select count(*)::int from passkey where account_id = ${accountId}::uuid) as passkeys,
      exists (select from account_password where account_id = ${accountId}::uuid) as password,
      exists (select from account_totp where account_id = ${accountId}::uuid) as totp`.execute(db);
  return rows[0] ?? { passkeys: 0, password: false, totp: false };
}
