import { sql } from "kysely";
import type { JsonObject } from "@tillwatch/wire";
import type { DbOrTx } from "../schema.ts";

export type DirectoryEntry = {
  readonly kind: "site" | "device" | "product" | "period";
  readonly siteId: string; // "" unless it is a device
  readonly id: string;
  readonly body: JsonObject;
};

export async function saveDirectoryEntry(
  db: DbOrTx,
  entry: DirectoryEntry,
  by: { readonly actor: string; readonly atMs: number; readonly organisationId: string },
): Promise<void> {
  await sql`
    insert into directory_entry (kind, site_id, id, body, updated_at, updated_by, organisation_id)
    values (${entry.kind}, ${entry.siteId}, ${entry.id}, ${JSON.stringify(entry.body)}::json,
      ${new Date(by.atMs).toISOString()}::timestamptz, ${by.actor}, ${by.organisationId})
    on conflict (kind, site_id, id) do update
      set body = excluded.body, updated_at = excluded.updated_at, updated_by = excluded.updated_by`.execute(db);
}

/** False: there was none. */
export async function removeDirectoryEntry(
  db: DbOrTx,
  { kind, siteId, id }: Omit<DirectoryEntry, "body">,
): Promise<boolean> {
  const { rows } = await sql`
    delete from directory_entry where kind = ${kind} and site_id = ${siteId} and id = ${id} returning id`.execute(db);
  return rows.length > 0;
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
