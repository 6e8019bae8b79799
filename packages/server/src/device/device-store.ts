import { sql } from "kysely";
import { sealInto } from "../platform/keys/vault-mark.ts";
import type { DbOrTx, Tx } from "../schema.ts";
import type { DeviceName } from "./device-name.ts";

/** What a device proves itself with, as recorded. Times in milliseconds. */
export type Credential = {
  readonly id: string;
  readonly organisationId: string;
  readonly siteId: string;
  readonly deviceId: string;
  readonly kind: "certificate" | "key";
  readonly name: string; // certificate: serial, upper-case hex; key: RFC 7638 thumbprint
  readonly proof: Uint8Array; // certificate: SHA-256 of its DER; key: the public key's 32 bytes
  readonly replaces: string | null;
  readonly expiresAtMs: number;
  readonly retiresAtMs: number | null;
  readonly revokedAtMs: number | null;
  readonly lastUsedAtMs: number | null;
  readonly organisationEnded: boolean;
};

export type NewCredential = DeviceName &
  Pick<Credential, "id" | "organisationId" | "kind" | "name" | "proof" | "replaces" | "expiresAtMs"> & {
    readonly enrolmentId: string | null;
  };

export type Enrolment = DeviceName & {
  readonly id: string;
  readonly organisationId: string;
  readonly expiresAtMs: number;
  readonly usedAtMs: number | null;
  readonly endedAtMs: number | null; // also where its organisation ended
};

const at = (atMs: number) => new Date(atMs).toISOString();

/** A newer code takes the older ones of the same device back. */
export async function saveEnrolment(
  tx: Tx,
  enrolment: Pick<Enrolment, "id" | "organisationId" | "siteId" | "deviceId" | "expiresAtMs">,
  made: { readonly codeSha256: Uint8Array; readonly by: string; readonly atMs: number },
): Promise<void> {
  await endEnrolments(tx, enrolment, made.atMs);
  await sql`
    insert into device_enrolment (id, organisation_id, site_id, device_id, code_sha256, created_by, created_at, expires_at)
    values (${enrolment.id}, ${enrolment.organisationId}, ${enrolment.siteId}, ${enrolment.deviceId}, ${made.codeSha256},
      ${made.by}, ${at(made.atMs)}, ${at(enrolment.expiresAtMs)})`.execute(tx);
}

export async function endEnrolments(tx: Tx, { siteId, deviceId }: DeviceName, nowMs: number): Promise<void> {
  await sql`
    update device_enrolment set ended_at = ${at(nowMs)}
    where site_id = ${siteId} and device_id = ${deviceId} and used_at is null and ended_at is null`.execute(tx);
}

/** The enrolment of a code, locked until the transaction ends: of two that come with one code, the second sees it used. */
export async function enrolmentOfCode(tx: Tx, codeSha256: Uint8Array): Promise<Enrolment | null> {
  const { rows } = await sql<Enrolment>`
    select id, organisation_id as "organisationId", site_id as "siteId", device_id as "deviceId",
      ${ms("expires_at")} as "expiresAtMs", ${ms("used_at")} as "usedAtMs",
      coalesce(${ms("ended_at")}, (select ${ms("o.ended_at")} from organisation o where o.id = organisation_id)) as "endedAtMs"
    from device_enrolment where code_sha256 = ${codeSha256} for update`.execute(tx);
  return rows[0] ?? null;
}

export async function markEnrolmentUsed(tx: Tx, id: string, nowMs: number): Promise<void> {
  await sql`update device_enrolment set used_at = ${at(nowMs)} where id = ${id}`.execute(tx);
}

export async function saveCredential(tx: Tx, made: NewCredential, nowMs: number): Promise<void> {
  await sql`
    insert into device_credential (id, organisation_id, site_id, device_id, kind, name, proof, enrolment_id, replaces, issued_at, expires_at)
    values (${made.id}, ${made.organisationId}, ${made.siteId}, ${made.deviceId}, ${made.kind}, ${made.name}, ${made.proof},
      ${made.enrolmentId}, ${made.replaces}, ${at(nowMs)}, ${at(made.expiresAtMs)})`.execute(tx);
}

export async function credentialNamed(db: DbOrTx, kind: Credential["kind"], name: string): Promise<Credential | null> {
  const { rows } = await sql<Credential>`
    select ${credentialColumns} from device_credential where kind = ${kind} and name = ${name}`.execute(db);
  return rows[0] ?? null;
}

/** Ends what the device holds: everything, one kind, or one credential. Answers the ids that were ended now. */
export async function revokeCredentials(
  tx: Tx,
  what: DeviceName & { readonly id?: string; readonly kind?: Credential["kind"] },
  how: { readonly by: string; readonly because: string; readonly atMs: number },
): Promise<readonly { readonly id: string; readonly kind: string; readonly name: string }[]> {
  const because = await sealInto(tx, `device:${what.siteId}/${what.deviceId}`, how.because);
  const { rows } = await sql<{ id: string; kind: string; name: string }>`
    update device_credential set revoked_at = ${at(how.atMs)}, revoked_by = ${how.by}, revoked_because = ${because}
    where site_id = ${what.siteId} and device_id = ${what.deviceId} and revoked_at is null
      and (${what.id ?? null}::uuid is null or id = ${what.id ?? null}::uuid)
      and (${what.kind ?? null}::text is null or kind = ${what.kind ?? null}::text)
    returning id, kind, name`.execute(tx);
  return rows;
}

/** Noted at most once a minute, so that a busy device does not write a row with every signal. */
export async function noteUse(db: DbOrTx, id: string, nowMs: number): Promise<void> {
  await sql`update device_credential set last_used_at = ${at(nowMs)} where id = ${id}`.execute(db);
}

/**
 * A successor is in use: what it replaced ends at `retiresAtMs`, and so does another successor of the same, made by an answer that was
 * lost or by a thief.
 */
export async function retireOthers(
  db: DbOrTx,
  inUse: { readonly id: string; readonly replaces: string },
  retiresAtMs: number,
): Promise<void> {
  await sql`
    update device_credential set retires_at = ${at(retiresAtMs)}
    where (id = ${inUse.replaces} or replaces = ${inUse.replaces}) and id <> ${inUse.id} and retires_at is null`.execute(
    db,
  );
}

/** How many the device could still use. */
export async function usableCredentials(db: DbOrTx, { siteId, deviceId }: DeviceName, nowMs: number): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(*)::int4 as n from device_credential
    where site_id = ${siteId} and device_id = ${deviceId} and revoked_at is null
      and expires_at > ${at(nowMs)} and (retires_at is null or retires_at > ${at(nowMs)})`.execute(db);
  return rows[0]?.n ?? 0;
}

/** False: this token was used before. */
export async function useTokenOnce(
  db: DbOrTx,
  token: { readonly keyName: string; readonly sha256: Uint8Array; readonly expiresAtMs: number },
): Promise<boolean> {
  const { rows } = await sql`
    insert into device_token_used (key_name, token_sha256, expires_at)
    values (${token.keyName}, ${token.sha256}, ${at(token.expiresAtMs)})
    on conflict do nothing returning key_name`.execute(db);
  return rows.length === 1;
}

export async function forgetExpiredTokens(db: DbOrTx, nowMs: number): Promise<void> {
  await sql`delete from device_token_used where expires_at < ${at(nowMs)}`.execute(db);
}

export const credentialColumns = sql`
  id, organisation_id as "organisationId", site_id as "siteId", device_id as "deviceId", kind, name, proof, replaces,
  ${ms("expires_at")} as "expiresAtMs", ${ms("retires_at")} as "retiresAtMs", ${ms("revoked_at")} as "revokedAtMs",
  ${ms("last_used_at")} as "lastUsedAtMs",
  exists (select from organisation o where o.id = device_credential.organisation_id and o.ended_at is not null)
    as "organisationEnded"`;

function ms(column: string) {
  return sql`(extract(epoch from ${sql.ref(column)}) * 1000)::float8`;
}
