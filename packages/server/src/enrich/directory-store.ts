import { sql } from "kysely";
import type { JsonObject } from "@tillwatch/wire";
import type { DbOrTx } from "../schema.ts";

export type DirectoryEntry = {
  readonly kind: "site" | "device" | "product";
  readonly siteId: string; // "" for sites and products
  readonly id: string;
  readonly body: JsonObject;
};

export async function saveDirectoryEntry(
  db: DbOrTx,
  entry: DirectoryEntry,
  by: { actor: string; atMs: number },
): Promise<void> {
  await sql`
    insert into directory_entry (kind, site_id, id, body, updated_at, updated_by)
    values (${entry.kind}, ${entry.siteId}, ${entry.id}, ${JSON.stringify(entry.body)}::json,
      ${new Date(by.atMs).toISOString()}::timestamptz, ${by.actor})
    on conflict (kind, site_id, id) do update
      set body = excluded.body, updated_at = excluded.updated_at, updated_by = excluded.updated_by`.execute(db);
}

const entriesMax = 100_000;

/** Everything set by API, sites before devices. */
export async function directoryEntries(db: DbOrTx): Promise<readonly DirectoryEntry[]> {
  const { rows } = await sql<{ kind: DirectoryEntry["kind"]; site_id: string; id: string; body: JsonObject }>`
    select kind, site_id, id, body from directory_entry order by kind desc, site_id, id limit ${entriesMax}`.execute(
    db,
  );
  return rows.map(({ kind, site_id, id, body }) => ({ kind, siteId: site_id, id, body }));
}
