// What row-level security costs the queue: pages of 50 of 10,000 incidents, and all of them, with and without it, in pairs. The list names the sites itself
// where the scope is not of the whole organisation (incident-http.ts), and so do both sides here; what the wall costs a statement that forgot
// to is printed beside it. Needs TILLWATCH_TEST_POSTGRES_URL. Prints the median of each and of the pairs' ratios; --plan: the plan too.
import { sql } from "kysely";
import { storedColumns } from "../packages/server/src/incident/incident-tables.ts";
import { scopedDb, type Scope } from "../packages/server/src/platform/database/scoped.ts";
import type { Db } from "../packages/server/src/schema.ts";
import { withFreshPostgres } from "../packages/server/src/testing/databases.ts";

const incidents = 10_000;
const sites = 200;
const pagePairs = 200;

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

async function fill(db: Db): Promise<void> {
  await sql`insert into taxonomy values ('t1', '{}', 'x', now())`.execute(db);
  await sql`insert into organisation (id, name, kind, site_prefix, reference_letters, created_at)
    values ('beta', 'Beta', 'retailer', 'be-', 'BE', now())`.execute(db);
  await sql`insert into site (id, organisation_id, listed)
    select case when n % 10 = 0 then 'be-' else 'S-' end || n, case when n % 10 = 0 then 'beta' else 'home' end, true
    from generate_series(1, ${sites}) n`.execute(db);
  await sql`insert into incident (id, ref, state, level, category, taxonomy_version, site_id, occurred_at, opened_at, updated_at,
      severity, signal_count, evidence, person_fields, version)
    select gen_random_uuid(), 'R-' || n, 'open', 1 + n % 3, 'theft', 't1',
      case when (1 + n % ${sites}) % 10 = 0 then 'be-' else 'S-' end || (1 + n % ${sites}), now(), now() - make_interval(secs => n), now(),
      random(), 1, '[]', '[]', 1
    from generate_series(1, ${incidents}) n`.execute(db);
  await sql`analyze`.execute(db);
}

const page = (db: Db, where: ReturnType<typeof sql>, rows = 51) =>
  sql`select ${storedColumns} from incident where state in ('open', 'acknowledged') and ${where}
    order by risk desc, opened_at desc, id desc limit ${rows}`.execute(db);

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

type Pair = { readonly plain: () => Promise<unknown>; readonly walled: () => Promise<unknown>; readonly pairs: number };

async function compare(name: string, { plain, walled, pairs }: Pair): Promise<void> {
  for (let warm = 0; warm < 10; warm += 1) await Promise.all([plain(), walled()]);
  const results: [number, number][] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    const first = pair % 2 === 0;
    const a = await timed(first ? plain : walled);
    const b = await timed(first ? walled : plain);
    results.push(first ? [a, b] : [b, a]);
  }
  const [without, within] = [median(results.map(([a]) => a)), median(results.map(([, b]) => b))];
  const ratio = median(results.map(([a, b]) => b / a));
  console.log(`${name}: without ${without.toFixed(2)} ms, with ${within.toFixed(2)} ms, ratio ${ratio.toFixed(2)}`);
}

async function measure(db: Db, scope: Scope, name: string): Promise<void> {
  const own = scopedDb(db, scope);
  const named =
    scope.everySite === true
      ? sql`true`
      : sql`site_id in (select json_array_elements_text(${JSON.stringify(scope.sites)}::json))`;
  const ofThem = scope.everySite === true ? sql`organisation_id = ${scope.organisationId}` : named;
  for (const rows of [51, incidents]) {
    // Without the wall the same rows by a `where`, in a transaction as the scoped one has.
    const plain = () => db.transaction().execute((tx) => page(tx, ofThem, rows));
    const walled = () => page(own, named, rows);
    await compare(`${name}, ${rows === incidents ? "the whole list" : "a page of 50"}`, {
      plain,
      walled,
      pairs: rows === incidents ? pagePairs / 5 : pagePairs,
    });
  }
  const forgotten = () => page(own, sql`true`);
  const times: number[] = [];
  for (let turn = 0; turn < pagePairs / 4; turn += 1) times.push(await timed(forgotten));
  console.log(`  a statement that forgot its where: ${median(times).toFixed(2)} ms`);
  const { rows } = await scopedDb(db, scope)
    .transaction()
    .execute((tx) =>
      sql<{ "QUERY PLAN": string }>`explain (analyze, buffers off, timing off) select * from incident
        where state in ('open', 'acknowledged') and ${named} order by risk desc, opened_at desc, id desc limit 51`.execute(
        tx,
      ),
    );
  if (process.argv.includes("--plan")) console.log(rows.map((row) => row["QUERY PLAN"]).join("\n"));
}

const server = process.env["TILLWATCH_TEST_POSTGRES_URL"];
if (server === undefined) throw new Error("TILLWATCH_TEST_POSTGRES_URL is not set");
await withFreshPostgres(server, async ({ db }) => {
  await fill(db);
  const { rows } = await sql<{ id: string; organisation_id: string }>`select id, organisation_id from site`.execute(db);
  const of = (id: string) => rows.filter((row) => row.organisation_id === id).map((row) => row.id);
  await measure(
    db,
    { organisationId: "home", sites: of("home"), everySite: true, all: false },
    "a whole organisation, 9 of 10 rows",
  );
  await measure(
    db,
    { organisationId: "beta", sites: of("beta"), everySite: true, all: false },
    "a whole organisation, 1 of 10 rows",
  );
  await measure(db, { organisationId: "home", sites: of("home").slice(0, 90), all: false }, "a region of 90 sites");
  await measure(db, { organisationId: "home", sites: of("home").slice(0, 2), all: false }, "a person of two sites");
});
