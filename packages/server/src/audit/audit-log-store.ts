import { sql } from "kysely";
import type { Db, Tx } from "../schema.ts";

/** The one row of audit_log. `next` leaves were handed out, `published` of them stand under a signed checkpoint. */
export type LogRow = {
  readonly origin: string | null;
  readonly vkey: string | null;
  readonly next: number;
  readonly published: number;
  readonly note: string | null;
  readonly publishedAt: Date | null;
  readonly fence: number;
  /** Entries of earlier leaves may say in clear what people typed. */
  readonly publicFrom: number;
};

const columns = sql.raw(
  `origin, vkey, next_index as next, published_size as published, published_note as note, published_at as "publishedAt", fence,
    public_from as "publicFrom"`,
);

export async function readLogRow(db: Db | Tx): Promise<LogRow> {
  const { rows } = await sql<LogRow>`select ${columns} from audit_log where id = 1`.execute(db);
  if (rows[0] === undefined) throw new Error("the audit_log row is gone");
  return rows[0];
}

/** The same, locked until the transaction ends: whoever holds it is the only one who hands out leaves or publishes. */
export async function lockLogRow(tx: Tx): Promise<LogRow> {
  const { rows } = await sql<LogRow>`select ${columns} from audit_log where id = 1 for update`.execute(tx);
  if (rows[0] === undefined) throw new Error("the audit_log row is gone");
  return rows[0];
}

/**
 * Takes the right to integrate, or takes it over once it has run out (at once with `force`, where nobody else can be running).
 * Answers the fence of this holding, or null while another holds it.
 */
export async function takeLease(
  db: Db,
  lease: { readonly holder: string; readonly seconds: number; readonly force: boolean },
): Promise<number | null> {
  const { rows } = await sql<{ fence: number }>`
    update audit_log set holder = ${lease.holder}, fence = fence + 1,
      lease_until = now() + make_interval(secs => ${lease.seconds})
    where id = 1 and (holder is null or lease_until < now() or ${lease.force})
    returning fence`.execute(db);
  return rows[0]?.fence ?? null;
}

export async function renewLease(
  db: Db | Tx,
  lease: { readonly fence: number; readonly seconds: number },
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update audit_log set lease_until = now() + make_interval(secs => ${lease.seconds})
    where id = 1 and fence = ${lease.fence}`.execute(db);
  return numAffectedRows === 1n;
}

export async function releaseLease(db: Db, fence: number): Promise<void> {
  await sql`update audit_log set holder = null, lease_until = '-infinity' where id = 1 and fence = ${fence}`.execute(
    db,
  );
}

export async function nameLog(tx: Tx, name: { readonly origin: string; readonly vkey: string }): Promise<void> {
  await sql`update audit_log set origin = ${name.origin}, vkey = ${name.vkey} where id = 1`.execute(tx);
}

/** Hands the next leaves to waiting entries in the order of their appending, at most `limit`. Answers how many. */
export async function assignLeaves(tx: Tx, from: number, limit: number): Promise<number> {
  // The index audit_entry_waiting holds exactly the rows that wait.
  const { numAffectedRows } = await sql`
    with waiting as (
      select id, row_number() over (order by appended) - 1 as n
      from (select id, appended from audit_entry where leaf_index is null order by appended limit ${limit}) as first)
    update audit_entry set leaf_index = ${from}::int8 + waiting.n from waiting where audit_entry.id = waiting.id`.execute(
    tx,
  );
  const assigned = Number(numAffectedRows ?? 0n);
  if (assigned > 0) await sql`update audit_log set next_index = ${from + assigned} where id = 1`.execute(tx);
  return assigned;
}

export async function anyWaiting(db: Db): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`
    select exists (select 1 from audit_entry where leaf_index is null) as found`.execute(db);
  return rows[0]?.found === true;
}

/** Log entries from leaf `from` on, in order, at most `limit`. The caller checks that none is missing. */
export async function entriesFrom(
  db: Db | Tx,
  from: number,
  limit: number,
): Promise<readonly { readonly index: number; readonly entry: Uint8Array }[]> {
  const { rows } = await sql<{ index: number; entry: Uint8Array }>`
    select leaf_index as index, entry from audit_entry where leaf_index >= ${from} order by leaf_index limit ${limit}`.execute(
    db,
  );
  return rows;
}

/** How many rows have a leaf, and the highest one (-1: none). */
export async function leavesHeld(db: Db): Promise<{ readonly rows: number; readonly highest: number }> {
  const { rows } = await sql<{ rows: number; highest: number | null }>`
    select count(*) as rows, max(leaf_index) as highest from audit_entry where leaf_index is not null`.execute(db);
  return { rows: rows[0]?.rows ?? 0, highest: rows[0]?.highest ?? -1 };
}

export async function savePublished(
  tx: Tx,
  published: { readonly size: number; readonly note: string; readonly atMs: number },
): Promise<void> {
  await sql`
    update audit_log set published_size = ${published.size}, published_note = ${published.note},
      published_at = ${new Date(published.atMs).toISOString()}::timestamptz
    where id = 1`.execute(tx);
}
