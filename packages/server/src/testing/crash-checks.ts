import { sql, type RawBuilder } from "kysely";
import { replayDecision, type LoadedContents } from "../decision/replay-decision.ts";
import type { Db, OpenDatabase } from "../schema.ts";
import { panicSite } from "./crash-pack.ts";
import type { Journal } from "./crash-senders.ts";

export type CrashCounts = {
  readonly signals: number;
  readonly incidents: number;
  readonly decisions: number;
  readonly auditEntries: number;
};

export type CrashFindings = { readonly problems: readonly string[]; readonly counts: CrashCounts };

/** Holds the database against the journal, after the last start has caught up and ended. Nobody else may have it open. */
export async function checkAfterCrashes({ db }: OpenDatabase, journal: Journal): Promise<CrashFindings> {
  const problems = [
    ...(await checkLog(db, journal)),
    ...(await checkIncidents(db, journal)),
    ...(await checkRules(db)),
  ];
  const replayed = await replayAll(db);
  return {
    problems: [...problems, ...replayed.problems],
    counts: {
      signals: await count(db, sql`select count(*) as n from signal`),
      incidents: await count(db, sql`select count(*) as n from incident`),
      decisions: replayed.decisions,
      auditEntries: await count(db, sql`select count(*) as n from audit_entry`),
    },
  };
}

async function checkLog(db: Db, journal: Journal): Promise<readonly string[]> {
  const { rows } = await sql<{ key: string; n: number }>`
    select source || ' ' || (body ->> 'sourceEventId') as key, count(*) as n from signal group by 1`.execute(db);
  const counts = new Map(rows.map(({ key, n }) => [key, n]));
  return [
    ...listed(
      "acknowledged, but not in the log",
      [...journal.acknowledged].filter((key) => !counts.has(key)),
    ),
    ...listed(
      "more than once in the log",
      rows.flatMap(({ key, n }) => (n > 1 ? [key] : [])),
    ),
    ...listed(
      "in the log, but never sent",
      rows.flatMap(({ key }) => (journal.sent.has(key) ? [] : [key])),
    ),
  ];
}

async function checkIncidents(db: Db, journal: Journal): Promise<readonly string[]> {
  const { rows } = await sql<{ site_id: string; n: number }>`
    select site_id, count(*) as n from incident where site_id like 'P-%' and state <> 'watch' group by 1`.execute(db);
  const counts = new Map(rows.map(({ site_id, n }) => [site_id, n]));
  const pressed = Array.from({ length: journal.panics }, (_, index) => panicSite(index));
  return listed(
    "panic buttons without exactly one incident",
    pressed.filter((site) => counts.get(site) !== 1),
  );
}

/** Each query answers what must not be there. */
const mustBeEmpty: Readonly<Record<string, RawBuilder<unknown>>> = {
  "partitions with unprocessed signals": sql`
    select c.partition as it from log_cursor c join log_partition p using (partition) where p.head > c.cursor`,
  "cursors beyond the head": sql`
    select c.partition as it from log_cursor c join log_partition p using (partition) where c.cursor > p.head`,
  "numbers beyond the head": sql`
    select p.partition as it from log_partition p join signal s using (partition) group by p.partition, p.head having max(s.seq) > p.head`,
  "dead letters": sql`select id::text as it from dead_letter`,
  "situations with two incidents": sql`
    select situation_id::text as it from incident where situation_id is not null group by 1 having count(*) > 1`,
  "doubled references": sql`select ref as it from incident group by 1 having count(*) > 1`,
  "gaps in the references": sql`
    select r.year::text as it from incident_reference r
    where r.last <> (select count(*) from incident i where i.organisation_id = r.organisation_id and ref like '%-' || r.year || '-%')`,
  "situations whose members are not what they count": sql`
    select s.id::text as it from situation s left join situation_member m on m.situation_id = s.id
    group by s.id, s.member_count having count(m.signal_id) <> s.member_count or max(m.ordinal) <> s.member_count - 1`,
  "members that the log does not have": sql`
    select m.signal_id::text as it from situation_member m where not exists (select from signal s where s.id = m.signal_id)`,
  "signals twice on a timeline": sql`
    select signal_id::text as it from incident_timeline where kind = 'signal' group by incident_id, signal_id having count(*) > 1`,
  "incidents opened twice by the record": sql`
    select subject_id as it from audit_entry where kind = 'incident.opened' group by 1 having count(*) > 1`,
  "decisions without their one audit entry": sql`
    select d.id::text as it from decision d
    left join audit_entry a on a.kind = 'decision.made' and a.subject_id = d.situation_id::text and a.body::json ->> 'decision' = d.id::text
    group by d.id having count(a.id) <> 1`,
  "audit entries of decisions that do not exist": sql`
    select a.id::text as it from audit_entry a where a.kind = 'decision.made'
      and not exists (select from decision d where d.id::text = a.body::json ->> 'decision')`,
  "sources that count wrongly": sql`
    select s.source as it from source s left join (select source, count(*) as n from signal group by 1) l using (source)
    where s.signals_total <> coalesce(l.n, 0)`,
};

async function checkRules(db: Db): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const [what, query] of Object.entries(mustBeEmpty)) {
    const { rows } = await (query as RawBuilder<{ it: string | number }>).execute(db);
    problems.push(
      ...listed(
        what,
        rows.map(({ it }) => String(it)),
      ),
    );
  }
  return problems;
}

async function replayAll(db: Db): Promise<{ readonly problems: readonly string[]; readonly decisions: number }> {
  const { rows } = await sql<{ id: string }>`select id from decision`.execute(db);
  const wrong: string[] = [];
  const loaded: LoadedContents = new Map();
  for (const { id } of rows) {
    const { kind } = await replayDecision(db, id, { loaded });
    if (kind !== "same") wrong.push(`${id} (${kind})`);
  }
  return { problems: listed("decisions that compute differently", wrong), decisions: rows.length };
}

async function count(db: Db, query: RawBuilder<unknown>): Promise<number> {
  const { rows } = await (query as RawBuilder<{ n: number }>).execute(db);
  return rows[0]?.n ?? 0;
}

function listed(what: string, found: readonly string[]): readonly string[] {
  return found.length === 0 ? [] : [`${found.length} ${what}: ${found.slice(0, 5).join(", ")}`];
}
