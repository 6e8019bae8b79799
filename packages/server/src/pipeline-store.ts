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

/** The same of several partitions in one question. */
export async function nextOfEach(
  db: DbOrTx,
  from: readonly { readonly partition: number; readonly cursor: number }[],
  limitEach: number,
): Promise<ReadonlyMap<number, readonly LoggedSignal[]>> {
  const { rows } = await sql<{ partition: number; seq: number; body: Signal }>`
    select s.partition, s.seq, s.body
    from json_to_recordset(${JSON.stringify(from)}::json) as f (partition int2, cursor int8)
    cross join lateral (
      select partition, seq, body from signal
      where partition = f.partition and seq > f.cursor order by seq limit ${limitEach}
    ) as s order by s.partition, s.seq`.execute(db);
  const found = Map.groupBy(rows, (row) => row.partition);
  return new Map(
    from.map(({ partition }) => [
      partition,
      (found.get(partition) ?? []).map(({ seq, body }) => ({ seq, signal: body })),
    ]),
  );
}

/**
 * Where replay must begin so that a window holds everything received less than `horizonMs` before the newest signal up to `seq`:
 * the last number that is too old, 0 where none is. Walks the primary key backwards, no further than the horizon.
 */
export async function lastBeforeHorizon(
  db: DbOrTx,
  at: { readonly partition: number; readonly seq: number },
  horizonMs: number,
): Promise<number> {
  const { rows } = await sql<{ seq: number }>`
    select seq from signal where partition = ${at.partition} and seq <= ${at.seq} and received_at < (
      select received_at from signal where partition = ${at.partition} and seq <= ${at.seq} order by seq desc limit 1
    ) - make_interval(secs => ${horizonMs / 1000}) order by seq desc limit 1`.execute(db);
  return rows[0]?.seq ?? 0;
}

/** `commitCursor` for the partitions of one transaction, in one statement. */
export async function commitCursors(
  tx: Tx,
  moved: readonly { readonly lease: Lease; readonly seq: number }[],
  leaseSeconds: number,
): Promise<void> {
  const wanted = JSON.stringify(
    moved.map(({ lease: { partition, token, cursor }, seq }) => ({ partition, token, cursor, seq })),
  );
  // Locked in ascending order first: two workers that disagree about leases must not wait for each other.
  const { rows } = await sql<{ partition: number }>`
    with wanted as (
      select * from json_to_recordset(${wanted}::json) as w (partition int2, token int8, cursor int8, seq int8)
    ), locked as materialized (
      select partition from log_cursor where partition in (select partition from wanted) order by partition for update
    )
    update log_cursor c set cursor = w.seq, lease_until = now() + make_interval(secs => ${leaseSeconds})
    from wanted w join locked l on l.partition = w.partition
    where c.partition = w.partition and c.lease_token = w.token and c.cursor = w.cursor
    returning c.partition`.execute(tx);
  if (rows.length === moved.length) return;
  const kept = new Set(rows.map((row) => row.partition));
  const lost = moved.filter(({ lease }) => !kept.has(lease.partition)).map(({ lease }) => lease.partition);
  throw new LeaseLost(`partitions ${lost.join(", ")} were taken over`);
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
