import { sql } from "kysely";
import type { Signal } from "@tillwatch/wire";
import type { Tx } from "../schema.ts";
import { sequenceOf } from "./log-row.ts";

export type Outcome = "accepted" | "duplicate" | "dead_lettered";

/** What became of a signal, and whose source counts it. */
export type Happened = { readonly signal: Signal; readonly outcome: Outcome; readonly organisationId: string };

/** What one transaction of the log adds to a source. */
type SourceDelta = {
  organisation_id: string;
  source: string;
  site_id: string;
  device_id: string | null;
  shape: string;
  received_ms: number;
  occurred_ms: number | null;
  offset_ms: number | null;
  signals: number;
  duplicates: number;
  dead_letters: number;
  seq_first: number | null;
  seq_last: number | null;
  seq_count: number;
};

/** Sums what happened, one delta a source, ordered by source: all appenders lock rows in one order. */
export function sourceDeltas(happened: Iterable<Happened>): SourceDelta[] {
  const bySource = new Map<string, SourceDelta>();
  for (const { signal, outcome, organisationId } of happened) {
    const key = `${organisationId}\n${signal.source}`;
    let delta = bySource.get(key);
    if (delta === undefined) {
      delta = emptyDelta(signal, organisationId);
      bySource.set(key, delta);
    }
    addTo(delta, signal, outcome);
  }
  return [...bySource].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, delta]) => delta);
}

function emptyDelta(signal: Signal, organisationId: string): SourceDelta {
  return {
    organisation_id: organisationId,
    source: signal.source,
    site_id: signal.siteId,
    device_id: signal.deviceId,
    shape: signal.shape,
    received_ms: signal.receivedAtMs,
    occurred_ms: null,
    offset_ms: null,
    signals: 0,
    duplicates: 0,
    dead_letters: 0,
    seq_first: null,
    seq_last: null,
    seq_count: 0,
  };
}

function addTo(delta: SourceDelta, signal: Signal, outcome: Outcome): void {
  delta.received_ms = Math.max(delta.received_ms, signal.receivedAtMs);
  if (outcome === "duplicate") delta.duplicates++;
  if (outcome === "dead_lettered") delta.dead_letters++;
  if (outcome !== "accepted") return;
  delta.signals++;
  delta.occurred_ms = Math.max(delta.occurred_ms ?? -Infinity, signal.occurredAtMs);
  delta.offset_ms = signal.clockOffsetMs;
  const sequence = sequenceOf(signal);
  if (sequence === null) return;
  delta.seq_first = Math.min(delta.seq_first ?? sequence, sequence);
  delta.seq_last = Math.max(delta.seq_last ?? sequence, sequence);
  delta.seq_count++;
}

/** Adds the deltas, in the transaction of the signals that they count. The usual gap is smoothed with weight 1/5 for the newest. */
export async function addToSources(tx: Tx, deltas: readonly SourceDelta[]): Promise<void> {
  if (deltas.length === 0) return;
  await sql`
    insert into source as s (organisation_id, source, site_id, device_id, shape, last_received_at, last_occurred_at, clock_offset_ms, day,
      signals_day, duplicates_day, signals_total, duplicates_total, dead_letters_total, seq_first, seq_last, seq_count)
    select organisation_id, source, site_id, device_id, shape, to_timestamp(received_ms / 1000.0), to_timestamp(occurred_ms / 1000.0), offset_ms,
      (to_timestamp(received_ms / 1000.0) at time zone 'UTC')::date,
      signals, duplicates, signals, duplicates, dead_letters, seq_first, seq_last, seq_count
    from json_to_recordset(${JSON.stringify(deltas)}::json) as d (organisation_id text, source text, site_id text, device_id text, shape text,
      received_ms float8, occurred_ms float8, offset_ms int8, signals int8, duplicates int8, dead_letters int8,
      seq_first int8, seq_last int8, seq_count int8)
    order by organisation_id, source
    on conflict (organisation_id, source) do update set
      site_id = excluded.site_id,
      device_id = excluded.device_id,
      shape = excluded.shape,
      usual_gap_ms = case when excluded.signals_day = 0 then s.usual_gap_ms else coalesce(s.usual_gap_ms * 0.8, 0)
        + (case when s.usual_gap_ms is null then 1 else 0.2 end)
        * greatest(0, extract(epoch from excluded.last_received_at - s.last_received_at) * 1000) / excluded.signals_day end,
      last_received_at = greatest(s.last_received_at, excluded.last_received_at),
      last_occurred_at = greatest(s.last_occurred_at, excluded.last_occurred_at),
      clock_offset_ms = case when excluded.signals_day = 0 then s.clock_offset_ms else excluded.clock_offset_ms end,
      signals_day = excluded.signals_day + case when s.day = excluded.day then s.signals_day else 0 end,
      duplicates_day = excluded.duplicates_day + case when s.day = excluded.day then s.duplicates_day else 0 end,
      day = greatest(s.day, excluded.day),
      signals_total = s.signals_total + excluded.signals_total,
      duplicates_total = s.duplicates_total + excluded.duplicates_total,
      dead_letters_total = s.dead_letters_total + excluded.dead_letters_total,
      seq_first = least(s.seq_first, excluded.seq_first),
      seq_last = greatest(s.seq_last, excluded.seq_last),
      seq_count = s.seq_count + excluded.seq_count`.execute(tx);
}
