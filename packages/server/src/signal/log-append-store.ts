import { sql } from "kysely";
import type { Signal } from "@tillwatch/wire";
import type { CopyInto } from "../platform/database/bulk-writer.ts";
import type { DbOrTx, Tx } from "../schema.ts";
import { logColumns, type LogRow } from "./log-row.ts";

/** A signal whose place the directory does not know, or bytes that are none. */
export type NewDeadLetter = {
  readonly id: string;
  readonly organisationId: string; // who sent it
  readonly receivedAtMs: number;
  readonly source: string;
  readonly code: string;
  readonly message: string;
  readonly signal: Signal | null;
  readonly raw: Uint8Array | null;
};

/**
 * Locks the partitions' rows in ascending order (no two appenders can wait for each other), hands out `count` numbers each, and
 * answers the last number before them. The lock is held to the commit: numbers become visible in their order.
 */
export async function takeNumbers(
  tx: DbOrTx,
  counts: ReadonlyMap<number, number>,
): Promise<ReadonlyMap<number, number>> {
  const wanted = JSON.stringify([...counts].map(([partition, count]) => ({ partition, count })));
  const { rows } = await sql<{ partition: number; before: number }>`
    with locked as materialized (
      select partition from log_partition where partition = any(${[...counts.keys()]}::int2[]) order by partition for update
    )
    update log_partition p set head = p.head + w.count
    from locked, json_to_recordset(${wanted}::json) as w (partition int2, count int8)
    where p.partition = locked.partition and w.partition = locked.partition
    returning p.partition, p.head - w.count as before`.execute(tx);
  return new Map(rows.map((row) => [row.partition, row.before]));
}

/** COPY: faster than each insert that was tried (docs/decisions/0005-log-append.md), but fails whole where an id is there already. */
export async function copyRows(
  copyInto: CopyInto,
  rows: readonly LogRow[],
  before: ReadonlyMap<number, number>,
): Promise<void> {
  const next = new Map(before);
  let text = "";
  for (const row of rows) {
    const seq = (next.get(row.partition) ?? 0) + 1;
    next.set(row.partition, seq);
    text += `${row.partition}\t${seq}${row.rest}`;
  }
  await copyInto(logColumns, text);
}

/** Those of the ids that the log has. Uses signal_by_id. */
export async function idsInLog(db: DbOrTx, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const { rows } = await sql<{ id: string }>`select id from signal where id = any(${ids}::uuid[])`.execute(db);
  return new Set(rows.map((row) => row.id));
}

/** Keeps what is new among them, neither in the log nor kept before; answers the ids of the new ones. */
export async function keepDeadLetters(tx: Tx, letters: readonly NewDeadLetter[]): Promise<ReadonlySet<string>> {
  if (letters.length === 0) return new Set();
  const given = letters.map(({ raw, receivedAtMs, ...letter }, n) => ({
    ...letter,
    n,
    received_at: new Date(receivedAtMs).toISOString(),
    raw: raw === null ? null : Buffer.from(raw).toString("hex"),
  }));
  const { rows } = await sql<{ id: string }>`
    insert into dead_letter (id, organisation_id, received_at, source, code, message, signal, raw)
    select id, "organisationId", received_at, source, code, message, signal, decode(raw, 'hex')
    from json_to_recordset(${JSON.stringify(given)}::json) as d (n int, id uuid, "organisationId" text, received_at timestamptz, source text, code text,
      message text, signal json, raw text)
    where not exists (select from signal s where s.id = d.id)
    order by n
    on conflict (id) do nothing
    returning id`.execute(tx);
  return new Set(rows.map((row) => row.id));
}
