// What policy costs a list: 10,000 incidents listed page by page, with the scope that policy grants and without asking anything, taking
// turns, so that all meet the same machine. Two peers: the same statement below the same row-level security (what asking costs), and the
// bare statement of the database's owner (what asking and the second wall cost together). Options: --long, --database, --incidents, --pairs.
import { join } from "node:path";
import { sql } from "kysely";
import { openAccess } from "../packages/server/src/app/access.ts";
import { Directory } from "../packages/server/src/enrich/directory.ts";
import { systemClock } from "../packages/server/src/platform/clock.ts";
import { silentLog } from "../packages/server/src/platform/log.ts";
import { decodeCursor } from "../packages/server/src/incident/incident-filter.ts";
import { incidentPage } from "../packages/server/src/incident/incident-read.ts";
import { installationPrincipal, type Principal } from "../packages/server/src/access/principal.ts";
import { openDatabase } from "../packages/server/src/platform/database/database.ts";
import { migrate, readMigrations } from "../packages/server/src/platform/database/migrate.ts";
import { scopedDb } from "../packages/server/src/platform/database/scoped.ts";
import type { Schema } from "../packages/server/src/schema.ts";
import { testPolicies } from "../packages/server/src/testing/access.ts";
import { testDirectoryData } from "../packages/server/src/testing/directory.ts";
import { testNeeds } from "../packages/server/src/testing/incidents.ts";
import { interrupted, kinds, openPlace, type Kind } from "./lib/place.ts";
import { isLong, median, numberOption, report, thousands } from "./lib/report.ts";

const incidents = numberOption("incidents", 10_000);
const pairs = numberOption("pairs", isLong() ? 30 : 7);
const migrations = join(import.meta.dirname, "../packages/server/src/migrations/");
const pageSize = 200;
const aim = "at most 1.1x";

const investigator: Principal = { ...installationPrincipal, kind: "person", token: "user:1", roles: ["investigator"] };

for (const kind of kinds()) if (!interrupted.aborted) await measure(kind);

async function measure(kind: Kind): Promise<void> {
  const place = openPlace(kind);
  const database = await openDatabase<Schema>(place.databaseUrl ?? `pglite:${join(place.folder, "database")}`);
  const { db } = database;
  try {
    await migrate(database, readMigrations(migrations));
    const needs = await testNeeds(db);
    const sites = needs.places.data.sites;
    await sql`insert into site (id, organisation_id, listed) select id, 'home', true from unnest(${sites.map(
      ({ id }) => id,
    )}::text[]) as id on conflict do nothing`.execute(db);
    await fill();
    const [shop] = testDirectoryData.sites;
    if (shop === undefined) throw new Error("the test directory has no shop");
    const named = sites.map(({ id, region }) => ({ ...shop, id, region }));
    const directory = new Directory({ ...testDirectoryData, sites: named });
    const policies = testPolicies();
    const access = openAccess({ db, policies, directory: () => directory, clock: systemClock, log: silentLog });
    const list = async (from: typeof db, restricted: object) => {
      const all = { states: [], kind: null, levels: [], siteIds: null, zoneId: null, category: null };
      let cursor: Parameters<typeof incidentPage>[1]["cursor"] = null;
      for (let listed = 0; listed < incidents; listed += pageSize) {
        const filter = { ...all, ...restricted, fromMs: null, toMs: null, words: [], cursor, limit: pageSize };
        const page = await incidentPage(from, filter, needs);
        if (page.items.length === 0) throw new Error(`${listed} of ${incidents} were listed`);
        cursor = page.nextCursor === null ? null : decodeCursor(page.nextCursor);
      }
    };
    const own = sites.map(({ id }) => id);
    const walled = () => list(scopedDb(db, { organisationId: "home", sites: own, everySite: true, all: false }), {});
    const bare = () => list(db, {});
    const withPolicy = async () => {
      const scope = await access.scope(investigator, "incident:list");
      if (scope === null) throw new Error("policy grants nothing");
      await list(scopedDb(db, scope), {});
    };
    const ways = [withPolicy, walled, bare];
    for (const way of ways) await way();
    const rounds: number[][] = [];
    for (let round = 0; round < pairs && !interrupted.aborted; round++) {
      const took: number[] = [];
      // Whoever begins pays for what the others find warm: each begins as often.
      for (let turn = 0; turn < ways.length; turn++) {
        const at = (round + turn) % ways.length;
        took[at] = await timed(ways[at] ?? bare);
      }
      rounds.push(took);
    }
    for (const [at, beside] of [
      [1, "the same below the second wall"],
      [2, "the bare statement"],
    ] as const) {
      const ratios = rounds.map((took) => (took[0] ?? Number.NaN) / (took[at] ?? Number.NaN));
      const what = `${kind}: ${thousands(incidents)} incidents listed with policy, beside ${beside}`;
      report({ bench: "policy", what, figure: `${median(ratios).toFixed(3)}x`, aim });
    }
  } finally {
    await database.close();
    place.close();
  }

  async function fill(): Promise<void> {
    await sql`
      insert into incident (id, ref, state, level, category, taxonomy_version, site_id, occurred_at, opened_at, updated_at, severity,
        signal_count, evidence, person_fields, version)
      select gen_random_uuid(), 'TW-2026-' || lpad(n::text, 6, '0'), 'open', 1 + n % 3, 'pos_tampering', (select version from taxonomy limit 1),
        case n % 2 when 0 then 'S-1001' else 'S-2002' end, at, at, at, (n % 100) / 100.0, 1, '[]', '[]', 1
      from generate_series(1, ${incidents}::int) as n, lateral (select now() - n * interval '1 minute' as at) as time
    `.execute(db);
    await sql`analyze`.execute(db); // as a database that is looked after has been
  }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}
