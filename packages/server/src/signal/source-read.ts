import { sql } from "kysely";
import type { SourceSummary } from "@tillwatch/wire";
import type { DbOrTx } from "../schema.ts";

/** A source as counted, before the directory gives it a name. */
export type SourceRow = Omit<SourceSummary, "kind" | "name" | "state"> & {
  readonly shape: string;
  readonly usualGapMs: number | null;
  readonly signalsTotal: number;
  readonly lastReceivedAtMs: number;
};

const sourcesMax = 10_000;

/** Every source that ever signalled, by name. Counts are of the UTC day of `nowMs`. */
export async function readSources(db: DbOrTx, nowMs: number): Promise<readonly SourceRow[]> {
  const { rows } = await sql<SourceRow & { lastReceived: Date }>`
    select source, site_id as "siteId", device_id as "deviceId", shape, last_received_at as "lastReceived",
      case when source.day = today.day then signals_day else 0 end as "signalsToday",
      case when source.day = today.day then duplicates_day else 0 end as "duplicatesToday",
      clock_offset_ms as "clockOffsetMs", usual_gap_ms as "usualGapMs", signals_total as "signalsTotal",
      greatest(0, coalesce(seq_last - seq_first + 1 - seq_count, 0)) as "sequenceGaps"
    from source, (select (to_timestamp(${nowMs}::float8 / 1000) at time zone 'UTC')::date as day) as today
    order by source limit ${sourcesMax}`.execute(db);
  return rows.map(({ lastReceived, ...row }) => ({
    ...row,
    lastReceivedAtMs: lastReceived.getTime(),
    lastSignalAt: lastReceived.toISOString(),
  }));
}
