import { sql } from "kysely";
import type { Signal } from "@tillwatch/wire";
import type { Db, DbOrTx } from "../schema.ts";
import { partitionOf } from "./partition.ts";

/** The sites at which a source of this name signalled, as far as `db` shows them: one, but for the installation's own token. */
export async function sitesOfSource(db: DbOrTx, source: string): Promise<readonly string[]> {
  const { rows } = await sql<{ siteId: string }>`
    select distinct site_id as "siteId" from source where source = ${source} order by site_id`.execute(db);
  return rows.map(({ siteId }) => siteId);
}

// The log has no index by source, since every index costs each signal. What is older than this is asked of the record, not of a page.
const numbersLookedAt = 50_000;

/** The newest signals of a source at these sites, newest first, among the last of each site's partition. `db` is not scoped: the caller asks first. */
export async function latestSignals(
  db: Db,
  wanted: { readonly source: string; readonly sites: readonly string[]; readonly limit: number },
): Promise<readonly Signal[]> {
  const { source, sites, limit } = wanted;
  const partitions = [...new Set(sites.map(partitionOf))];
  const { rows } = await sql<{ body: Signal }>`
    select s.body from log_partition p
    join lateral (
      select body, received_at, seq from signal
      where partition = p.partition and seq > p.head - ${numbersLookedAt} and source = ${source} and site_id = any(${sites}::text[])
      order by seq desc limit ${limit}) s on true
    where p.partition = any(${partitions}::int2[])
    order by s.received_at desc, s.seq desc limit ${limit}`.execute(db);
  return rows.map(({ body }) => body);
}
