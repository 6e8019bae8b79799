import { sql } from "kysely";
import type { Chance } from "../../platform/chance.ts";
import type { DbOrTx, Tx } from "../../schema.ts";
import { digestOf } from "../credential.ts";

/** set_up, invitation and recovery end in a new way to sign in; sign_in (of the demo) opens a session and nothing else. */
export type LinkUse = "set_up" | "invitation" | "recovery" | "sign_in";

export type OneTimeLink = { readonly accountId: string; readonly use: LinkUse; readonly expiresAt: Date };

export const linkLivesMs = 24 * 3_600_000;
const secretBytes = 32;

/** Makes a link for an account and answers its secret, which is kept nowhere. Links that the account had before open nothing any more. */
export async function makeLink(
  tx: Tx,
  link: { readonly accountId: string; readonly use: LinkUse; readonly by: string; readonly nowMs: number },
  chance: Chance,
): Promise<{ readonly secret: string; readonly expiresAtMs: number }> {
  const secret = Buffer.from(chance.bytes(secretBytes)).toString("base64url");
  const expiresAtMs = link.nowMs + linkLivesMs;
  const now = new Date(link.nowMs);
  await sql`delete from one_time_link where account_id = ${link.accountId}::uuid or expires_at <= ${now}::timestamptz`.execute(
    tx,
  );
  await sql`
    insert into one_time_link (sha256, account_id, use, created_at, created_by, expires_at)
    values (${digestOf(secret)}, ${link.accountId}::uuid, ${link.use}, ${now}::timestamptz, ${link.by},
      ${new Date(expiresAtMs)}::timestamptz)`.execute(tx);
  return { secret, expiresAtMs };
}

/** The link of a secret while it can be used; null: unknown, spent or expired, and nobody is told which. */
export async function readLink(db: DbOrTx, secret: string, nowMs: number): Promise<OneTimeLink | null> {
  const { rows } = await sql<OneTimeLink>`
    select account_id as "accountId", use, expires_at as "expiresAt" from one_time_link
    where sha256 = ${digestOf(secret)} and spent_at is null and expires_at > ${new Date(nowMs)}::timestamptz`.execute(
    db,
  );
  return rows[0] ?? null;
}

/** Takes the link: true exactly once, also for two who come at the same moment. */
export async function spendLink(tx: Tx, secret: string, nowMs: number): Promise<boolean> {
  const now = new Date(nowMs);
  const { rows } = await sql`
    update one_time_link set spent_at = ${now}::timestamptz
    where sha256 = ${digestOf(secret)} and spent_at is null and expires_at > ${now}::timestamptz returning sha256`.execute(
    tx,
  );
  return rows.length === 1;
}

/** Links of an account that was suspended or ended open nothing. */
export async function dropLinks(tx: Tx, accountId: string): Promise<void> {
  await sql`delete from one_time_link where account_id = ${accountId}::uuid`.execute(tx);
}
