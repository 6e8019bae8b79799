import { sql } from "kysely";
import type { DbOrTx } from "../schema.ts";
import type { Judged } from "./rule-life.ts";

/** Verdicts by whom do not count: whoever wrote a version, or asks that it run, is no judge of it. */
type Judging = { readonly but: readonly string[] };

/**
 * How a watching version did: the cases that hold a signal which it matched, by the last verdict that somebody gave. A case counts once, however
 * many of its signals match; without a verdict, or with "unsure", it does not count.
 */
export async function judgedShadow(
  db: DbOrTx,
  version: { readonly id: string; readonly number: number },
  { but }: Judging,
): Promise<Judged> {
  const { rows } = await sql<{ verdict: string; cases: number }>`
    with held as (
      select distinct s.incident_id from rule_hit h join incident_signal s on s.signal_id = h.signal_id
      where h.rule_id = ${version.id} and h.number = ${version.number}
    ), judged as (
      select distinct on (v.incident_id) v.incident_id, v.verdict from incident_verdict v join held using (incident_id)
      where v.author <> all (${[...but]}::text[]) order by v.incident_id, v.at desc, v.id desc
    )
    select verdict, count(*)::int4 as cases from judged group by verdict`.execute(db);
  return toJudged(rows);
}

/** The same of everything that watches, verdicts of each version's author left out. By id of the rule. */
export async function judgedShadows(db: DbOrTx): Promise<ReadonlyMap<string, Judged>> {
  const { rows } = await sql<{ rule: string; verdict: string; cases: number }>`
    with held as (
      select distinct r.id::text as rule, v.author, s.incident_id
      from rule r join rule_version v on v.rule_id = r.id and v.number = r.shadow
        join rule_hit h on h.rule_id = r.id::text and h.number = r.shadow
        join incident_signal s on s.signal_id = h.signal_id
    ), judged as (
      select distinct on (held.rule, v.incident_id) held.rule, v.incident_id, v.verdict
      from held join incident_verdict v using (incident_id)
      where v.author <> held.author order by held.rule, v.incident_id, v.at desc, v.id desc
    )
    select rule, verdict, count(*)::int4 as cases from judged group by rule, verdict`.execute(db);
  return new Map([...Map.groupBy(rows, ({ rule }) => rule)].map(([rule, own]) => [rule, toJudged(own)]));
}

/** Days of verdicts that the figures of running rules are made of. */
export const judgedDays = 90;

/** The same of the rules that run, all at once: by what they matched in the signals of judged cases. By id of the rule. */
export async function judgedLive(db: DbOrTx, nowMs: number): Promise<ReadonlyMap<string, Judged>> {
  const since = new Date(nowMs - judgedDays * 86_400_000);
  const { rows } = await sql<{ rule: string; verdict: string; cases: number }>`
    with judged as (
      select distinct on (incident_id) incident_id, verdict from incident_verdict
      where at >= ${since}::timestamptz order by incident_id, at desc, id desc
    )
    select d.value ->> 'ruleId' as rule, j.verdict, count(distinct j.incident_id)::int4 as cases
    from judged j join incident_signal s on s.incident_id = j.incident_id
      join situation_member m on m.signal_id = s.signal_id
      cross join lateral json_array_elements(m.body -> 'detections') as d
    group by 1, 2`.execute(db);
  return new Map([...Map.groupBy(rows, ({ rule }) => rule)].map(([rule, own]) => [rule, toJudged(own)]));
}

function toJudged(rows: readonly { readonly verdict: string; readonly cases: number }[]): Judged {
  const of = (verdict: string) => rows.find((row) => row.verdict === verdict)?.cases ?? 0;
  return { right: of("true"), wrong: of("false") };
}

export type DayCount = { readonly day: string; readonly live: number; readonly shadow: number };

/** Matches a day of every rule since `fromDay` (YYYY-MM-DD), days without any left out. By id of the rule. */
export async function hitsByDay(
  db: DbOrTx,
  { fromDay, id = null }: { readonly fromDay: string; readonly id?: string | null },
): Promise<ReadonlyMap<string, readonly DayCount[]>> {
  const { rows } = await sql<DayCount & { readonly rule: string }>`
    select rule_id as rule, to_char(day, 'YYYY-MM-DD') as day, coalesce(sum(hits) filter (where not shadow), 0)::int4 as live,
      coalesce(sum(hits) filter (where shadow), 0)::int4 as shadow
    from rule_day where day >= ${fromDay}::date and (${id}::text is null or rule_id = ${id}::text)
    group by rule_id, day order by rule_id, day`.execute(db);
  return new Map(
    [...Map.groupBy(rows, ({ rule }) => rule)].map(([rule, own]) => [
      rule,
      own.map(({ day, live, shadow }) => ({ day, live, shadow })),
    ]),
  );
}

export type ListedHit = {
  readonly signalId: string;
  readonly siteId: string;
  readonly at: Date;
  readonly incidentId: string | null; // of a case that holds the signal, where the asker may see it
  readonly incidentRef: string | null;
  readonly type: string | null; // of the signal; null: it is gone, or not the asker's
  readonly deviceId: string | null;
};

/** What a watching version matched, newest first. `db` is the asker's: rows of sites that he has not are not there. */
export async function listedHits(
  db: DbOrTx,
  version: { readonly id: string; readonly number: number },
  limit: number,
): Promise<readonly ListedHit[]> {
  const { rows } = await sql<ListedHit>`
    select h.signal_id::text as "signalId", h.site_id as "siteId", h.at, i.id::text as "incidentId", i.ref as "incidentRef",
      g.type, g.device_id as "deviceId"
    from rule_hit h
    left join signal g on g.id = h.signal_id
    left join lateral (
      select i.id, i.ref from incident_signal s join incident i on i.id = s.incident_id
      where s.signal_id = h.signal_id order by i.opened_at limit 1
    ) i on true
    where h.rule_id = ${version.id} and h.number = ${version.number}
    order by h.at desc, h.signal_id limit ${limit}`.execute(db);
  return rows;
}
