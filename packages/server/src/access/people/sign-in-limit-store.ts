import { sql } from "kysely";
import type { DbOrTx } from "../../schema.ts";

/** How often something guessable may be tried: `free` times, then after a wait that doubles from `firstMs` to `mostMs`. */
export type AttemptRules = {
  readonly free: number;
  readonly firstMs: number;
  readonly mostMs: number;
  readonly forgetMs: number; // so long after the last attempt the count begins anew
};

/**
 * By account: five tries, then 2 s, 4 s ... 15 min: about a hundred guesses a day at most. A passkey is no guess and is never held up, so
 * that nobody can be locked out by somebody else's guessing who has one.
 */
export const byAccount: AttemptRules = { free: 5, firstMs: 2_000, mostMs: 15 * 60_000, forgetMs: 24 * 3_600_000 };

/** By address: a shop behind one address signs in without waiting, a list of stolen passwords does not. */
export const byAddress: AttemptRules = { free: 30, firstMs: 2_000, mostMs: 15 * 60_000, forgetMs: 3_600_000 };

type Taken = { readonly allowed: boolean; readonly blocked_until: Date | null };

/**
 * Counts an attempt BEFORE it is answered, so that a hundred at once are not a hundred free ones. Answers null: go on; else how many
 * milliseconds to wait. Attempts while one has to wait do not prolong it.
 */
export async function takeAttempt(
  db: DbOrTx,
  key: Uint8Array,
  given: { readonly rules: AttemptRules; readonly nowMs: number },
): Promise<number | null> {
  const { rules, nowMs } = given;
  const now = sql`${new Date(nowMs)}::timestamptz`;
  const forgotten = sql`${new Date(nowMs - rules.forgetMs)}::timestamptz`;
  const count = sql`case when t.last_at < ${forgotten} then 1 else t.count + 1 end`;
  // Half a million years of doubling would overflow; 30 doublings of 2 s are 68 years.
  const waitMs = sql`least(${rules.mostMs}::float8, ${rules.firstMs}::float8 * power(2, least(${count} - ${rules.free}::int, 30)))`;
  const { rows } = await sql<Taken>`
    insert into sign_in_attempt as t (key, count, last_at, blocked_until, allowed)
    values (decode(${Buffer.from(key).toString("hex")}, 'hex'), 1, ${now}, null, true)
    on conflict (key) do update set
      count = case when t.blocked_until > ${now} then t.count else ${count} end,
      last_at = case when t.blocked_until > ${now} then t.last_at else ${now} end,
      blocked_until = case when t.blocked_until > ${now} then t.blocked_until
        when ${count} >= ${rules.free}::int then ${now} + ${waitMs} * interval '1 millisecond' end,
      allowed = coalesce(t.blocked_until <= ${now}, true)
    returning allowed, blocked_until`.execute(db);
  const row = rows[0];
  if (row === undefined || row.allowed || row.blocked_until === null) return null;
  return row.blocked_until.getTime() - nowMs;
}

/** It was the right person: the account's count begins anew. */
export async function forgetAttempts(db: DbOrTx, key: Uint8Array): Promise<void> {
  await sql`delete from sign_in_attempt where key = decode(${Buffer.from(key).toString("hex")}, 'hex')`.execute(db);
}

/**
 * A success takes back its own attempt from the address: a busy shop is not a guesser. Who is over the limit stays over it, or one right
 * password between two guesses would make guessing free.
 */
export async function giveAttemptBack(db: DbOrTx, key: Uint8Array): Promise<void> {
  await sql`
    update sign_in_attempt set count = greatest(count - 1, 0),
      blocked_until = case when count - 1 < ${byAddress.free}::int then null else blocked_until end
    where key = decode(${Buffer.from(key).toString("hex")}, 'hex')`.execute(db);
}

/** Sweeps what nobody needs any more. */
export async function sweepAttempts(db: DbOrTx, nowMs: number): Promise<void> {
  const longAgo = new Date(nowMs - byAccount.forgetMs * 2);
  await sql`delete from sign_in_attempt where last_at < ${longAgo}::timestamptz`.execute(db);
  await sql`delete from spent_challenge where expires_at < ${new Date(nowMs)}::timestamptz`.execute(db);
}
