import { sql } from "kysely";
import type { Signal } from "@tillwatch/wire";
import type { DbOrTx, Tx } from "./schema.ts";

/** The right to work on a partition. `token` rises with every lease: an older holder's commit is refused. */
export type Lease = { readonly partition: number; readonly token: number; readonly cursor: number };

export type LoggedSignal = { readonly seq: number; readonly signal: Signal };

/** Another worker took the partition: this batch's transaction must roll back. */
export class LeaseLost extends Error {
  override readonly name = "LeaseLost";
  readonly code = "lease_lost";
}

/** Takes every partition that is free or already ours, and renews. */
export async function takeLeases(db: DbOrTx, owner: string, leaseSeconds: number): Promise<readonly Lease[]> {
  const { rows } = await sql<Lease>`
    update log_cursor set
      lease_token = case when lease_owner = ${owner} and lease_until > now() then lease_token else lease_token + 1 end,
      lease_owner = ${owner},
      lease_until = now() + make_interval(secs => ${leaseSeconds})
    where lease_until is null or lease_until < now() or lease_owner = ${owner}
    returning partition, lease_token as token, cursor`.execute(db);
  return rows;
}

/** Gives up what we hold, so that another process need not wait for the lease to run out. */
export async function giveUpLeases(db: DbOrTx, owner: string): Promise<void> {
  await sql`update log_cursor set lease_until = null, lease_owner = null where lease_owner = ${owner}`.execute(db);
}

/** The partitions among these that have something to do. */
export async function partitionsWithWork(db: DbOrTx, partitions: readonly number[]): Promise<readonly number[]> {
  const { rows } = await sql<{ partition: number }>`
    select c.partition from log_cursor c join log_partition p on p.partition = c.partition
    where c.partition = any(${partitions}::int2[]) and p.head > c.cursor order by c.partition`.execute(db);
  return rows.map((row) => row.partition);
}

/** The next signals after `cursor`, in log order. Uses the primary key. */
export async function nextSignals(
  db: DbOrTx,
  at: { partition: number; cursor: number },
  limit: number,
): Promise<readonly LoggedSignal[]> {
  const { rows } = await sql<{ seq: number; body: Signal }>`
    select seq, body from signal where partition = ${at.partition} and seq > ${at.cursor} order by seq limit ${limit}`.execute(
    db,
  );
  return rows.map(({ seq, body }) => ({ seq, signal: body }));
}

/** A page of what was already decided on, newest first, for rebuilding windows. */
export async function signalsBefore(
  db: DbOrTx,
  at: { partition: number; seq: number },
  limit: number,
): Promise<readonly LoggedSignal[]> {
  const { rows } = await sql<{ seq: number; body: Signal }>`
    select seq, body from signal where partition = ${at.partition} and seq <= ${at.seq} order by seq desc limit ${limit}`.execute(
    db,
  );
  return rows.map(({ seq, body }) => ({ seq, signal: body }));
}

/**
 * Moves the cursor as the last statement of a batch's transaction. Throws LeaseLost where the lease was taken over or the cursor is
 * not where this worker left it: then nothing of the batch may commit.
 */
export async function commitCursor(tx: Tx, lease: Lease, to: { seq: number; leaseSeconds: number }): Promise<void> {
  const { rows } = await sql<{ partition: number }>`
    update log_cursor set cursor = ${to.seq}, lease_until = now() + make_interval(secs => ${to.leaseSeconds})
    where partition = ${lease.partition} and lease_token = ${lease.token} and cursor = ${lease.cursor}
    returning partition`.execute(tx);
  if (rows.length === 0) throw new LeaseLost(`partition ${lease.partition} was taken over`);
}

/**
 * The head as of now, waiting for an appender that holds it, so that every row up to it is visible. Order of locks: partition row,
 * then cursor row; appenders take only the first.
 */
export async function headOf(tx: Tx, partition: number): Promise<number> {
  const { rows } = await sql<{ head: number }>`
    select head from log_partition where partition = ${partition} for share`.execute(tx);
  return rows[0]?.head ?? 0;
}

export async function logIsEmpty(db: DbOrTx): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`select exists (select from signal) as found`.execute(db);
  return rows[0]?.found !== true;
}
