import { sql } from "kysely";
import { appendAudit } from "../audit/audit-append.ts";
import type { Chance } from "../platform/chance.ts";
import type { MasterKey } from "../platform/keys/keys.ts";
import { rootName, wrapName } from "../platform/keys/field-vault.ts";
import type { Db, Tx } from "../schema.ts";

/** `from` is the master key of now, `to` the one that takes its place. `between` runs after each batch: tests stop there. */
export type Rotation = {
  readonly db: Db;
  readonly from: MasterKey;
  readonly to: MasterKey;
  readonly chance: Chance;
  readonly nowMs: () => number;
  readonly between?: (rewrapped: number) => Promise<void>;
};

type Wrapped = { readonly id: string; readonly name: string; readonly wrapped: string };

/** Where keys are kept under the master key: what still is under another than `to`, and how one is put back. */
type Place = {
  readonly waiting: (tx: Tx, to: string) => Promise<readonly Wrapped[]>;
  readonly keep: (tx: Tx, to: string, rows: string) => Promise<unknown>;
};

const batchRows = 500;

const places: readonly Place[] = [
  {
    waiting: async (tx, to) => {
      const { rows } = await sql<{ id: string; subject: string; wrapped: string }>`
        select id, subject, encode(wrapped_key, 'hex') as wrapped from vault_key
        where wrapped_key is not null and master_key_id <> ${to} order by id limit ${batchRows} for update`.execute(tx);
      return rows.map((row) => ({ id: row.id, name: wrapName(row), wrapped: row.wrapped }));
    },
    keep: (tx, to, rows) =>
      sql`update vault_key k set wrapped_key = decode(r.wrapped, 'hex'), master_key_id = ${to}
        from json_to_recordset(${rows}::json) as r (id text, wrapped text) where k.id = r.id`.execute(tx),
  },
  {
    waiting: async (tx, to) => {
      const { rows } = await sql<{ id: string; wrapped: string }>`
        select id, encode(wrapped_key, 'hex') as wrapped from exhibit
        where wrapped_key is not null and master_key_id <> ${to} order by id limit ${batchRows} for update`.execute(tx);
      return rows.map((row) => ({ ...row, name: row.id }));
    },
    keep: (tx, to, rows) =>
      sql`update exhibit e set wrapped_key = decode(r.wrapped, 'hex'), master_key_id = ${to}
        from json_to_recordset(${rows}::json) as r (id uuid, wrapped text) where e.id = r.id`.execute(tx),
  },
  {
    waiting: async (tx, to) => {
      const { rows } = await sql<{ id: string; wrapped: string }>`
        select id, encode(wrapped_key, 'hex') as wrapped from packet
        where wrapped_key is not null and master_key_id is distinct from ${to} order by id limit ${batchRows} for update`.execute(
        tx,
      );
      return rows.map((row) => ({ ...row, name: row.id }));
    },
    keep: (tx, to, rows) =>
      sql`update packet p set wrapped_key = decode(r.wrapped, 'hex'), master_key_id = ${to}
        from json_to_recordset(${rows}::json) as r (id uuid, wrapped text) where p.id = r.id`.execute(tx),
  },
  {
    waiting: async (tx, to) => {
      const { rows } = await sql<{ id: string; wrapped: string }>`
        select id, encode(wrapped_key, 'hex') as wrapped from exhibit_copy
        where wrapped_key is not null and master_key_id <> ${to} order by id limit ${batchRows} for update`.execute(tx);
      return rows.map((row) => ({ ...row, name: row.id }));
    },
    keep: (tx, to, rows) =>
      sql`update exhibit_copy c set wrapped_key = decode(r.wrapped, 'hex'), master_key_id = ${to}
        from json_to_recordset(${rows}::json) as r (id uuid, wrapped text) where c.id = r.id`.execute(tx),
  },
];

/**
 * Puts every key that is under `from` under `to`, in batches of a transaction each; may be stopped anywhere and run again. What the keys
 * seal is not touched. Answers how many were put over by this run. Throws KeyFault `key_master_wrong` where a key is under neither.
 */
export async function rotateKeys(rotation: Rotation): Promise<number> {
  const { db, from, to, chance, nowMs, between } = rotation;
  if (from.id === to.id) return 0;
  await db.transaction().execute(async (tx) => {
    const { rows } = await sql`
      insert into key_rotation (to_key_id, from_key_id) values (${to.id}, ${from.id})
      on conflict do nothing returning to_key_id`.execute(tx);
    if (rows.length > 0) await appendAudit(tx, [entryOf("keys.rotation_started", rotation, nowMs())], chance);
  });
  let total = 0;
  for (const place of places) {
    for (let moved = batchRows; moved === batchRows;) {
      moved = await db.transaction().execute((tx) => moveBatch(tx, place, rotation));
      total += moved;
      await between?.(moved);
    }
  }
  await db.transaction().execute(async (tx) => {
    await moveRoot(tx, rotation);
    const { rows } = await sql`
      update key_rotation set finished_at = now() where to_key_id = ${to.id} and finished_at is null
      returning to_key_id`.execute(tx);
    if (rows.length > 0) await appendAudit(tx, [entryOf("keys.rotated", rotation, nowMs())], chance);
  });
  return total;
}

async function moveBatch(tx: Tx, place: Place, { from, to }: Rotation): Promise<number> {
  const waiting = await place.waiting(tx, to.id);
  const rows: { readonly id: string; readonly wrapped: string }[] = [];
  for (const { id, name, wrapped } of waiting) rows.push({ id, wrapped: await over(wrapped, name, { from, to }) });
  if (rows.length > 0) await place.keep(tx, to.id, JSON.stringify(rows));
  return rows.length;
}

/** The root goes last: while it opens with the old key, the old key is the right one. */
async function moveRoot(tx: Tx, { from, to }: Rotation): Promise<void> {
  const { rows } = await sql<{ wrapped: string }>`
    select encode(wrapped_key, 'hex') as wrapped from vault_root where master_key_id <> ${to.id} for update`.execute(
    tx,
  );
  const [root] = rows;
  if (root === undefined) return;
  const wrapped = await over(root.wrapped, rootName, { from, to });
  await sql`update vault_root set wrapped_key = decode(${wrapped}, 'hex'), master_key_id = ${to.id}`.execute(tx);
}

async function over(wrapped: string, name: string, { from, to }: Pick<Rotation, "from" | "to">): Promise<string> {
  const key = await from.unwrap(Buffer.from(wrapped, "hex"), name);
  return Buffer.from(await to.wrap(key, name)).toString("hex");
}

function entryOf(kind: string, { from, to }: Rotation, atMs: number) {
  return {
    kind,
    actor: "user:admin",
    subject: { kind: "master_key", id: to.id },
    because: "asked for at the machine",
    atMs,
    body: { from: from.id, to: to.id },
  };
}
