import { sql } from "kysely";
import type { Signal } from "@tillwatch/wire";
import type { DbOrTx } from "../schema.ts";

const salesMax = 2_000;

/** Sales whose device time lies in [fromMs, toMs) at a site, for exits that arrive late. Uses index signal_sales. */
export async function salesBetween(
  db: DbOrTx,
  siteId: string,
  span: { fromMs: number; toMs: number },
): Promise<readonly Signal[]> {
  const { rows } = await sql<{ body: Signal }>`
    select body from signal
    where type = 'pos_sale' and site_id = ${siteId}
      and occurred_at >= ${new Date(span.fromMs).toISOString()}::timestamptz
      and occurred_at < ${new Date(span.toMs).toISOString()}::timestamptz
    order by occurred_at limit ${salesMax}`.execute(db);
  return rows.map((row) => row.body);
}
