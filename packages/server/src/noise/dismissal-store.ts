import { sql } from "kysely";
import type { Situation } from "../flow.ts";
import type { DbOrTx, Tx } from "../schema.ts";
import type { RuleVerdict } from "./dismissals.ts";

/** Notes a verdict for every rule that was part of its case; the last one of a case counts. */
export async function noteRuleVerdicts(
  tx: Tx,
  given: readonly { readonly incidentId: string; readonly verdict: string; readonly atMs: number }[],
): Promise<void> {
  if (given.length === 0) return;
  const rows = given.map(({ incidentId, verdict, atMs }) => ({
    incident_id: incidentId,
    verdict,
    at: new Date(atMs).toISOString(),
  }));
  await sql`
    insert into rule_verdict (incident_id, rule_id, site_id, zone_id, verdict, at)
    select distinct on (i.id, t.detail ->> 'ruleId') i.id, t.detail ->> 'ruleId', i.site_id, i.zone_id, given.verdict, given.at
    from json_to_recordset(${JSON.stringify(rows)}::json) as given (incident_id uuid, verdict text, at timestamptz)
      join incident i on i.id = given.incident_id
      join incident_timeline t on t.incident_id = i.id and t.kind = 'detection' and t.detail ->> 'ruleId' is not null
    order by i.id, t.detail ->> 'ruleId', given.at desc
    on conflict (incident_id, rule_id) do update set zone_id = excluded.zone_id, verdict = excluded.verdict, at = excluded.at`.execute(
    tx,
  );
}

/** What people said of the rules of these situations at their sites, by site; empty where the switch is off. Uses rule_verdict_by_place. */
export async function verdictsOver(
  tx: Tx,
  situations: readonly { readonly situation: Situation }[],
  { days }: { readonly days: number },
): Promise<ReadonlyMap<string, readonly RuleVerdict[]>> {
  if (situations.length === 0) return new Map();
  const siteIds = [...new Set(situations.map(({ situation }) => situation.siteId))];
  const ruleIds = [
    ...new Set(
      situations.flatMap(({ situation }) =>
        situation.members.flatMap(({ detections }) => detections.map(({ ruleId }) => ruleId)),
      ),
    ),
  ];
  const fromMs = Math.min(...situations.map(({ situation }) => situation.lastAtMs)) - days * 86_400_000;
  const { rows } = await sql<Omit<RuleVerdict, "atMs"> & { readonly siteId: string; readonly at: Date }>`
    select rule_id as "ruleId", site_id as "siteId", zone_id as "zoneId", verdict, at from rule_verdict
    where site_id in (select json_array_elements_text(${JSON.stringify(siteIds)}::json))
      and rule_id in (select json_array_elements_text(${JSON.stringify(ruleIds)}::json))
      and at > ${new Date(fromMs)}::timestamptz
      and not exists (select from dismissal_switch where not is_on)
    order by at, incident_id`.execute(tx);
  const bySite = Map.groupBy(rows, ({ siteId }) => siteId);
  return new Map(
    [...bySite].map(([siteId, found]) => [siteId, found.map(({ at, ...one }) => ({ ...one, atMs: at.getTime() }))]),
  );
}

/**
 * Every verdict on cases of a site since then, also such that others took the place of, oldest first. Of an earlier verdict the rules and the zone are those
 * that its case had at the last one. Uses rule_verdict_by_place.
 */
export async function verdictHistory(
  db: DbOrTx,
  { siteId, fromMs }: { readonly siteId: string; readonly fromMs: number },
): Promise<readonly (RuleVerdict & { readonly incidentId: string })[]> {
  type Row = Omit<RuleVerdict, "atMs"> & { readonly incidentId: string; readonly at: Date };
  const { rows } = await sql<Row>`
    select r.rule_id as "ruleId", r.zone_id as "zoneId", r.incident_id::text as "incidentId", h.verdict, h.at
    from rule_verdict r
    cross join lateral (
      select v.verdict, v.at, v.id from incident_verdict v where v.incident_id = r.incident_id and v.at < r.at
      union all select r.verdict, r.at, null
    ) h
    where r.site_id = ${siteId} and r.at > ${new Date(fromMs)}::timestamptz and h.at > ${new Date(fromMs)}::timestamptz
    order by h.at, h.id, r.incident_id, r.rule_id`.execute(db);
  return rows.map(({ at, ...one }) => ({ ...one, atMs: at.getTime() }));
}

/** Every turn of the switch that the record holds, in order. Uses audit_entry_by_subject. */
export async function switchTurns(db: DbOrTx): Promise<readonly { readonly on: boolean; readonly atMs: number }[]> {
  const { rows } = await sql<{ kind: string; at: Date }>`
    select kind, at from audit_entry where subject_kind = 'installation' and subject_id = 'dismissals'
      and kind in ('dismissal.switched_on', 'dismissal.switched_off') order by at, appended`.execute(db);
  return rows.map(({ kind, at }) => ({ on: kind === "dismissal.switched_on", atMs: at.getTime() }));
}

export type PlaceVerdicts = { readonly siteId: string } & RuleVerdict;

/** Everything that was said within these days, of what this database may see, newest last. */
export async function placeVerdicts(
  db: DbOrTx,
  { fromMs, limit }: { readonly fromMs: number; readonly limit: number },
): Promise<readonly PlaceVerdicts[]> {
  const { rows } = await sql<Omit<PlaceVerdicts, "atMs"> & { readonly at: Date }>`
    select rule_id as "ruleId", site_id as "siteId", zone_id as "zoneId", verdict, at from rule_verdict
    where at > ${new Date(fromMs)}::timestamptz order by at desc, incident_id limit ${limit}`.execute(db);
  return rows.map(({ at, ...one }) => ({ ...one, atMs: at.getTime() })).toReversed();
}

export type DismissalSwitch = { readonly isOn: boolean; readonly at: Date | null; readonly by: string | null };

export async function dismissalSwitch(db: DbOrTx): Promise<DismissalSwitch> {
  const { rows } = await sql<DismissalSwitch>`
    select is_on as "isOn", changed_at as at, changed_by as by from dismissal_switch`.execute(db);
  return rows[0] ?? { isOn: true, at: null, by: null };
}

/** Answers false where it was so already: then nothing is written. */
export async function turnDismissals(
  tx: Tx,
  { isOn, nowMs, by }: { readonly isOn: boolean; readonly nowMs: number; readonly by: string },
): Promise<boolean> {
  const { rows } = await sql`
    insert into dismissal_switch as kept (is_on, changed_at, changed_by)
    select ${isOn}::boolean, ${new Date(nowMs)}::timestamptz, ${by}
    where not ${isOn}::boolean or exists (select from dismissal_switch)
    on conflict (one) do update set is_on = excluded.is_on, changed_at = excluded.changed_at, changed_by = excluded.changed_by
      where kept.is_on <> excluded.is_on
    returning one`.execute(tx);
  return rows.length > 0;
}
