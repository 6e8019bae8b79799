// Questions to a record of a million entries: p50 and p99 of each, and the same statements with every index switched off as the peer,
// in the same run, taking turns. Options: --long, --database, --entries, --times.
import { join } from "node:path";
import { sql } from "kysely";
import type { AuditQuestion } from "@tillwatch/wire";
import { filterOf } from "../packages/server/src/audit/audit-question-http.ts";
import { auditPage, auditStatement } from "../packages/server/src/audit/audit-read.ts";
import { openDatabase } from "../packages/server/src/platform/database/database.ts";
import { migrate, readMigrations } from "../packages/server/src/platform/database/migrate.ts";
import type { Db, OpenDatabase, Schema } from "../packages/server/src/schema.ts";
import { interrupted, kinds, openPlace, type Kind } from "./lib/place.ts";
import { isLong, numberOption, quantile, report, thousands } from "./lib/report.ts";

const entries = numberOption("entries", 1_000_000);
const times = numberOption("times", isLong() ? 100 : 15);
const scans = isLong() ? 5 : 2;
const migrations = join(import.meta.dirname, "../packages/server/src/migrations/");
const aim = "p99 under 2 s";

const uuid = (kind: number, n: number) =>
  `${String(kind).padStart(8, "0")}-0000-4000-8000-${String(n).padStart(12, "0")}`;

/** Each question as people ask it, for the n-th of many things, so that no answer comes from the last one's pages alone. */
const questions: readonly { readonly says: string; readonly ask: (n: number) => AuditQuestion }[] = [
  { says: "who saw this clip", ask: (n) => ({ subject: uuid(2, n * 37), did: "saw" }) },
  { says: "everything about one incident", ask: (n) => ({ incident: uuid(1, n * 31) }) },
  { says: "what did this person do", ask: (n) => ({ actor: `user:${n % 400}` }) },
  { says: "who released what, in one day", ask: (n) => ({ did: "released", from: day(n), to: day(n + 1) }) },
  { says: "which grounds name these words", ask: (n) => ({ ground: `case ${n * 53}` }) },
  { says: "who saw anything for a purpose", ask: () => ({ did: "saw", purpose: "legal" }) },
  { says: "who decided, by one person", ask: (n) => ({ did: "decided", actor: `user:${n % 400}` }) },
  { says: "a kind that is rare", ask: () => ({ kind: "account.ended" }) },
  { says: "a ground that nobody gave", ask: () => ({ ground: "zebra crossing" }) },
];

const firstDayMs = Date.parse("2026-01-01T00:00:00Z");
const days = 300;

function day(n: number): string {
  return new Date(firstDayMs + (n % days) * 86_400_000).toISOString();
}

for (const kind of kinds()) if (!interrupted.aborted) await measure(kind);

async function measure(kind: Kind): Promise<void> {
  const place = openPlace(kind);
  const database = await openDatabase<Schema>(place.databaseUrl ?? `pglite:${join(place.folder, "database")}`);
  try {
    await migrate(database, readMigrations(migrations));
    await fill(database);
    for (const question of questions) await timed(database, question);
  } finally {
    await database.close();
    place.close();
  }
}

/** A year of a chain: most entries are the machine's; people look at clips, decide and release, each with a ground. */
async function fill({ db, kind }: OpenDatabase): Promise<void> {
  const startedMs = performance.now();
  const step = 50_000;
  for (let from = 0; from < entries; from += step) {
    const to = Math.min(entries, from + step) - 1;
    await sql`
      insert into audit_entry (id, at, kind, actor, subject_kind, subject_id, because, body, salt, entry, incident_id, purpose, leaf_index)
      select gen_random_uuid(), timestamptz '2026-01-01' + make_interval(secs => n * 86400.0 * ${days}::int4 / ${entries}::int4), kind,
        case when kind in ('decision.made', 'playbook.applied', 'exhibit.received') then 'machine' else 'user:' || (n::int8 * 7919) % 400 end,
        split_part(kind, '.', 1), case split_part(kind, '.', 1)
          when 'exhibit' then '00000002' when 'incident' then '00000001' else '00000003' end
          || '-0000-4000-8000-' || lpad(((n / 8) % 50000)::text, 12, '0'),
        case when kind like 'exhibit.acc%' or kind like 'packet.%' then 'the police asked about case ' || n % 90000 else 'its_score' end,
        '{"incidentId":"' || '00000001-0000-4000-8000-' || lpad(((n / 8) % 50000)::text, 12, '0') || '"}', null, repeat('x', 300)::bytea,
        ('00000001-0000-4000-8000-' || lpad(((n / 8) % 50000)::text, 12, '0'))::uuid,
        case when kind like 'exhibit.acc%' then (array['investigation', 'safety', 'legal', 'audit'])[1 + (n / 8) % 4] end, n
      from (select n, case when n % 250000 = 77 then 'account.ended' else (array['decision.made', 'exhibit.accessed', 'decision.made',
        'exhibit.received', 'incident.verdict', 'decision.made', 'packet.released', 'playbook.applied'])[1 + n % 8] end as kind
        from generate_series(${from}::int4, ${to}::int4) as n) as made`.execute(db);
  }
  await sql`analyze audit_entry`.execute(db);
  const seconds = (performance.now() - startedMs) / 1000;
  console.log(`  ${kind}: ${thousands(entries)} entries in ${seconds.toFixed(0)} s`);
}

async function timed(database: OpenDatabase, question: (typeof questions)[number]): Promise<void> {
  const { db, kind } = database;
  const ours: number[] = [];
  const theirs: number[] = [];
  let found = 0;
  for (let n = 1; n <= times && !interrupted.aborted; n += 1) {
    const asked = { ...filterOf(question.ask(n)), limit: 100 };
    const startedMs = performance.now();
    const page = await auditPage(db, asked);
    ours.push(performance.now() - startedMs);
    found += page.items.length;
    if (n > scans) continue;
    const scan = await scanned(db, asked);
    theirs.push(scan.ms);
    // A fast side that answers something else would be void.
    if (scan.ids !== page.items.map((item) => item.id).join()) throw new Error(`the answers differ: ${question.says}`);
  }
  const figure =
    `p50 ${quantile(ours, 0.5).toFixed(1)} ms, p99 ${quantile(ours, 0.99).toFixed(1)} ms, ` +
    `${(found / ours.length).toFixed(0)} rows; without indexes ${quantile(theirs, 0.5).toFixed(0)} ms`;
  report({ bench: "record", what: `${question.says}, ${thousands(entries)} entries, ${kind}`, figure, aim });
}

/** The very same statement in a transaction that may use no index. */
async function scanned(db: Db, asked: Parameters<typeof auditPage>[1]): Promise<{ ids: string; ms: number }> {
  const statement = await auditStatement(db, asked);
  return db.transaction().execute(async (tx) => {
    for (const way of ["indexscan", "indexonlyscan", "bitmapscan"]) {
      await sql`set local ${sql.raw(`enable_${way}`)} = off`.execute(tx);
    }
    const startedMs = performance.now();
    const rows = statement === null ? [] : (await statement.execute(tx)).rows;
    const ids = rows.slice(0, asked.limit).map((row) => row.id);
    return { ids: ids.join(), ms: performance.now() - startedMs };
  });
}
