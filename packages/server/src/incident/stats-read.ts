import { sql } from "kysely";
import type { DbOrTx } from "../schema.ts";

/** Numbers of the work, of now. Times in seconds; null: nothing to measure. */
export type IncidentStats = {
  readonly byState: Readonly<Record<string, number>>;
  readonly openByLevel: Readonly<Record<string, number>>;
  readonly openedLast24h: number;
  readonly watchedLast24h: number;
  readonly byCategoryLast24h: readonly { readonly category: string; readonly count: number }[];
  readonly verdicts: Readonly<Record<"true" | "false" | "unsure", number>>;
  readonly medianSecondsToAcknowledge: number | null; // opened to first taken up, of the last seven days
};

type Stored = {
  readonly by_state: Readonly<Record<string, number>> | null;
  readonly open_by_level: Readonly<Record<string, number>> | null;
  readonly opened: number;
  readonly watched: number;
  readonly by_category: IncidentStats["byCategoryLast24h"] | null;
  readonly verdicts: Readonly<Partial<IncidentStats["verdicts"]>> | null;
  readonly median_seconds: number | null;
};

/** One statement: all numbers are of the same instant. */
export async function incidentStats(db: DbOrTx, nowMs: number): Promise<IncidentStats> {
  const dayAgo = new Date(nowMs - 24 * 3_600_000);
  const weekAgo = new Date(nowMs - 7 * 24 * 3_600_000);
  const { rows } = await sql<Stored>`
    select
      (select json_object_agg(state, n) from (select state, count(*)::int4 as n from incident group by state) as s) as by_state,
      (select json_object_agg(level, n) from (
        select level, count(*)::int4 as n from incident
        where state in ('open', 'acknowledged', 'investigating', 'handed_over') group by level) as l) as open_by_level,
      (select count(*)::int4 from incident where incident_since >= ${dayAgo}::timestamptz) as opened,
      (select count(*)::int4 from incident where opened_at >= ${dayAgo}::timestamptz and incident_since is null) as watched,
      (select json_agg(json_build_object('category', category, 'count', n) order by n desc, category) from (
        select category, count(*)::int4 as n from incident
        where incident_since >= ${dayAgo}::timestamptz group by category) as c) as by_category,
      (select json_object_agg(verdict, n) from (
        select verdict, count(*)::int4 as n from incident where verdict is not null group by verdict) as v) as verdicts,
      (select percentile_cont(0.5) within group (order by extract(epoch from f.at - i.incident_since))::float8
        from incident i
        join lateral (
          select min(at) as at from incident_field
          where incident_id = i.id and field = 'state' and after::text in ('"acknowledged"', '"investigating"')
        ) as f on f.at is not null
        where i.incident_since >= ${weekAgo}::timestamptz) as median_seconds
  `.execute(db);
  const row = rows[0];
  if (row === undefined) throw new Error("a statement without from answers one row");
  return {
    byState: row.by_state ?? {},
    openByLevel: row.open_by_level ?? {},
    openedLast24h: row.opened,
    watchedLast24h: row.watched,
    byCategoryLast24h: row.by_category ?? [],
    verdicts: { true: 0, false: 0, unsure: 0, ...row.verdicts },
    medianSecondsToAcknowledge: row.median_seconds,
  };
}
