import { sql } from "kysely";
import type { DeadLetter, Signal } from "@tillwatch/wire";
import { appendAudit } from "../audit/audit-append.ts";
import type { Chance } from "../platform/chance.ts";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import { asMachine } from "../platform/database/scoped.ts";
import type { Db, DbOrTx, Tx } from "../schema.ts";
import { takeNumbers } from "./log-append-store.ts";
import { originalOf } from "./signal-shapes.ts";

export type DeadLetterPage = { readonly items: readonly DeadLetter[]; readonly nextCursor: string | null };

export type WaitingLetter = { readonly id: string; readonly arrived: number; readonly signal: Signal | null };

export type Settlement = {
  readonly state: "redriven" | "discarded";
  readonly actor: string;
  readonly because: string;
  readonly inOwnWords: boolean; // then the reason may name somebody, and is sealed
  readonly atMs: number;
};

/** Reasons for what was done with letters, many at once, are nobody's in particular. */
const reasonSubject = "dead_letters";

/** Newest first, before `cursor` (the `arrived` of the last one seen). Uses dead_letter_by_arrival or dead_letter_waiting. */
export async function listDeadLetters(
  { db, fields }: { readonly db: DbOrTx; readonly fields: FieldVault },
  page: { state: DeadLetter["state"] | null; cursor: number | null; limit: number },
): Promise<DeadLetterPage> {
  type Row = Omit<DeadLetter, "receivedAt"> & { received: Date; arrived: number; raw: Uint8Array | null };
  const { rows } = await sql<Row>`
    select id, arrived, received_at as received, source, code, message, signal, raw, state from dead_letter
    where (${page.state}::text is null or state = ${page.state}) and (${page.cursor}::int8 is null or arrived < ${page.cursor})
    order by arrived desc limit ${page.limit + 1}`.execute(db);
  const shown = rows.slice(0, page.limit);
  const bytes = await openRaw(db, fields, shown);
  const items = shown.map(({ received, arrived: _arrived, raw: _raw, signal, ...letter }) => {
    const raw = bytes.get(letter.id);
    const receivedAt = received.toISOString();
    if (raw !== undefined) return { ...letter, receivedAt, signal: shownRaw(raw), original: null };
    return { ...letter, receivedAt, signal, original: isSignal(signal) ? originalOf(signal) : null };
  });
  const last = rows[page.limit - 1];
  return { items, nextCursor: rows.length > page.limit && last !== undefined ? String(last.arrived) : null };
}

// What stands in the table was written by this program: only what was no signal at all has no shape.
function isSignal(signal: unknown): signal is Signal {
  return typeof signal === "object" && signal !== null && "shape" in signal;
}

/** The bytes that were not understood, by the letter; those of a letter that was erased are none. */
async function openRaw(
  db: DbOrTx,
  fields: FieldVault,
  letters: readonly { readonly id: string; readonly raw: Uint8Array | null }[],
): Promise<ReadonlyMap<string, Uint8Array>> {
  const kept = letters.flatMap(({ id, raw }) => (raw === null ? [] : [{ id, raw, text: Buffer.from(raw).toString() }]));
  const sealed = kept.filter(({ text }) => fields.isSealed(text));
  const opened = await fields.openMany(
    db,
    sealed.map(({ text }) => text),
  );
  const byId = new Map<string, Uint8Array>(kept.map(({ id, raw }) => [id, raw]));
  for (const [at, { id }] of sealed.entries()) byId.set(id, Buffer.from(opened[at] ?? "", "base64"));
  return byId;
}

const rawShownMax = 2_000;

// For people: what is not UTF-8 shows as the replacement character; the bytes themselves stay in the table.
function shownRaw(raw: Uint8Array): { readonly bytes: number; readonly text: string } {
  return { bytes: raw.length, text: new TextDecoder().decode(raw.subarray(0, rawShownMax)) };
}

export async function deadLetterById(
  db: DbOrTx,
  id: string,
): Promise<{ readonly state: DeadLetter["state"]; readonly signal: Signal | null } | null> {
  const { rows } = await sql<{ state: DeadLetter["state"]; signal: Signal | null }>`
    select state, signal from dead_letter where id = ${id}::uuid`.execute(db);
  return rows[0] ?? null;
}

/** What waits and is a signal, oldest first, after `arrived`. Uses dead_letter_waiting. */
export async function waitingSignals(db: DbOrTx, after: number, limit: number): Promise<readonly WaitingLetter[]> {
  const { rows } = await sql<WaitingLetter>`
    select id, arrived, signal from dead_letter
    where state = 'waiting' and signal is not null and arrived > ${after} order by arrived limit ${limit}`.execute(db);
  return rows;
}

export async function countWaiting(db: DbOrTx): Promise<number> {
  const { rows } = await sql<{ n: number }>`select count(*) as n from dead_letter where state = 'waiting'`.execute(db);
  return rows[0]?.n ?? 0;
}

/** Ends the waiting of these letters, each with its audit entry in the same transaction; answers how many still waited. */
export async function settleDeadLetters(
  { db, fields, chance }: { readonly db: Db; readonly fields: FieldVault; readonly chance: Chance },
  given: { readonly ids: readonly string[]; readonly settlement: Settlement },
): Promise<number> {
  const { ids, settlement } = given;
  const { state, actor, atMs } = settlement;
  return db.transaction().execute(async (tx) => {
    const because = settlement.inOwnWords
      ? await fields.seal(tx, reasonSubject, settlement.because)
      : settlement.because;
    const { rows } = await sql<{ id: string; source: string; code: string }>`
      update dead_letter set state = ${state}, settled_at = ${new Date(atMs).toISOString()}::timestamptz,
        settled_by = ${actor}, settled_because = ${because}
      where id = any(${ids}::uuid[]) and state = 'waiting' returning id, source, code`.execute(tx);
    const failed = rows.filter(({ code }) => state === "redriven" && code === processingFailed.code);
    // The log's own numbers are nobody's: the machine moves them.
    await asMachine(tx, (machine) =>
      queueAgain(
        machine,
        failed.map(({ id }) => id),
      ),
    );
    const records = rows.map(({ id, source, code }) => ({
      kind: `signal.${state}`,
      actor,
      subject: { kind: "dead_letter", id },
      because,
      atMs,
      body: { source, code },
    }));
    await appendAudit(tx, records, chance);
    return rows.length;
  });
}

/**
 * Keeps a signal of the log that the pipeline could not process. It stays in the log; this letter says that nothing was decided
 * about it, and why. A letter that was redriven and failed again waits again.
 */
export async function setAsideSignal(tx: Tx, signal: Signal, fault: string): Promise<void> {
  await sql`
    insert into dead_letter (id, organisation_id, received_at, source, code, message, signal)
    values (${signal.id}::uuid, coalesce(organisation_of_site(${signal.siteId}), 'home'), ${new Date(signal.receivedAtMs).toISOString()}::timestamptz, ${signal.source},
      ${processingFailed.code}, ${fault}, ${JSON.stringify(signal)}::json)
    on conflict (id) do update set code = excluded.code, message = excluded.message, state = 'waiting',
      settled_at = null, settled_by = null, settled_because = null`.execute(tx);
}

const processingFailed = { code: "signal_processing_failed" } as const;

/** Puts signals of the log at the end of their partitions again, so that the pipeline takes them once more. */
async function queueAgain(tx: DbOrTx, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const { rows } = await sql<{ id: string; partition: number }>`
    select id, partition from signal where id = any(${ids}::uuid[]) order by partition, seq`.execute(tx);
  const counts = Map.groupBy(rows, (row) => row.partition);
  const before = await takeNumbers(tx, new Map([...counts].map(([partition, found]) => [partition, found.length])));
  const numbered = [...counts].flatMap(([partition, found]) =>
    found.map(({ id }, index) => ({ id, seq: (before.get(partition) ?? 0) + index + 1 })),
  );
  await sql`
    update signal set seq = n.seq from json_to_recordset(${JSON.stringify(numbered)}::json) as n (id uuid, seq int8)
    where signal.id = n.id`.execute(tx);
}
