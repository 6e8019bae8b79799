import { sql } from "kysely";
import type { Signal } from "@tillwatch/wire";
import { Directory, type DirectoryData } from "../enrich/directory.ts";
import { enrich, type EnrichPolicy } from "../enrich/enrich.ts";
import { SiteMemory } from "../enrich/site-memory.ts";
import { windowsReachMs } from "../enrich/site-windows.ts";
import type { DbOrTx } from "../schema.ts";
import { RowGatherer, type TrainingRows } from "./training-rows.ts";

const pageSize = 1_000;

export type StoredGiven = {
  readonly directory: DirectoryData;
  readonly policy: EnrichPolicy;
  readonly organisationId: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly sites: readonly string[]; // empty: all of the organisation
};

/**
 * The windows of stored signals that were received in this time, partition by partition in the order of the log, as the pipeline saw
 * them. Those of other organisations are left out. The first half hour fills the windows and gives no rows.
 */
export async function storedRows(db: DbOrTx, given: StoredGiven): Promise<TrainingRows> {
  const directory = new Directory(given.directory);
  const gatherer = new RowGatherer();
  const { rows: partitions } = await sql<{
    partition: number;
  }>`select partition from log_partition order by partition`.execute(db);
  for (const { partition } of partitions) {
    const memory = new SiteMemory(2 * windowsReachMs);
    for await (const signal of signalsOf(db, partition, given)) {
      if (given.sites.length > 0 && !given.sites.includes(signal.siteId)) continue;
      const { enriched, remembered } = enrich(signal, { directory, memory, policy: given.policy, olderSales: [] });
      memory.remember(remembered);
      memory.forgetBefore(signal.receivedAtMs);
      if (signal.receivedAtMs >= given.fromMs) gatherer.take(enriched);
    }
  }
  return gatherer.rows();
}

async function* signalsOf(
  db: DbOrTx,
  partition: number,
  { fromMs, toMs, organisationId }: StoredGiven,
): AsyncGenerator<Signal, void, undefined> {
  const from = new Date(fromMs - windowsReachMs).toISOString();
  const to = new Date(toMs).toISOString();
  for (let seq = 0; ;) {
    const { rows } = await sql<{ seq: number; body: Signal }>`
      select seq, body from signal
      where partition = ${partition} and seq > ${seq}
        and received_at >= ${from}::timestamptz and received_at < ${to}::timestamptz
        and site_id in (select id from site where organisation_id = ${organisationId})
      order by seq limit ${pageSize}`.execute(db);
    for (const { body } of rows) yield body;
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageSize) return;
    seq = last.seq;
  }
}
