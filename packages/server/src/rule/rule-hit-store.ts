import { sql } from "kysely";
import type { Tx } from "../schema.ts";
import type { RuleHit } from "./rule-hits.ts";

// A draft that matches everything must not fill the disk: more of one version, shop and day are counted and not listed.
export const keptHitsMax = 1_000;

/**
 * Counts what rules matched and lists what watching ones did, in the batch's own transaction: so each signal counts once, whatever crashes. A
 * shop is of one partition, so two workers never meet in a row.
 */
export async function saveHits(tx: Tx, hits: readonly RuleHit[], nowMs: number): Promise<void> {
  if (hits.length === 0) return;
  const day = new Date(nowMs).toISOString().slice(0, 10);
  const rows = hits.map(({ ruleId, number, shadow, siteId, signalId, atMs }) => ({
    rule_id: ruleId,
    number,
    shadow,
    site_id: siteId,
    signal_id: signalId,
    at: new Date(atMs).toISOString(),
  }));
  await sql`
    with hit as materialized (
      select *, row_number() over (partition by rule_id, number, shadow, site_id order by at, signal_id) as nth
      from json_to_recordset(${JSON.stringify(rows)}::json)
        as h (rule_id text, number int4, shadow bool, site_id text, signal_id uuid, at timestamptz)
    ), counted as (
      insert into rule_day (rule_id, number, shadow, site_id, day, hits)
      select rule_id, number, shadow, site_id, ${day}::date, count(*) from hit group by rule_id, number, shadow, site_id
      on conflict (rule_id, number, shadow, site_id, day) do update set hits = rule_day.hits + excluded.hits
      returning rule_id, number, shadow, site_id, hits
    )
    insert into rule_hit (rule_id, number, signal_id, site_id, at, day)
    select h.rule_id, h.number, h.signal_id, h.site_id, h.at, ${day}::date
    from hit h join counted c on c.rule_id = h.rule_id and c.number = h.number and c.site_id = h.site_id and c.shadow
      join (select rule_id, number, site_id, count(*) as added from hit where shadow group by rule_id, number, site_id) a
        on a.rule_id = h.rule_id and a.number = h.number and a.site_id = h.site_id
    where h.shadow and c.hits - a.added + h.nth <= ${keptHitsMax}
    on conflict do nothing`.execute(tx);
}

/** Forgets lists after `hitDays` and counts after `countDays`; at most so many rows at once, so that no batch waits for it. */
export async function forgetHits(
  tx: Tx,
  { hitDays, countDays, nowMs }: { readonly hitDays: number; readonly countDays: number; readonly nowMs: number },
): Promise<void> {
  const dayBefore = (days: number) => new Date(nowMs - days * 86_400_000).toISOString().slice(0, 10);
  await sql`delete from rule_hit where ctid in (select ctid from rule_hit where day < ${dayBefore(hitDays)}::date limit 5000)`.execute(
    tx,
  );
  await sql`delete from rule_day where ctid in (select ctid from rule_day where day < ${dayBefore(countDays)}::date limit 5000)`.execute(
    tx,
  );
}
