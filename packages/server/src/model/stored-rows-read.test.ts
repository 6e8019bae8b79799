import assert from "node:assert/strict";
import { sql } from "kysely";
import { silentLog } from "../platform/log.ts";
import { SignalLog } from "../signal/signal-log-store.ts";
import { noonMs, signalOf } from "../testing/canonical.ts";
import { testOnDatabases } from "../testing/databases.ts";
import { testFields } from "../testing/fields.ts";
import { testPack } from "../testing/pack.ts";
import { storedRows } from "./stored-rows-read.ts";
import { featureNames } from "./training-rows.ts";

const minute = 60_000;
const hour = 60 * minute;
const pack = testPack();

testOnDatabases(
  "C06 C13 a model is trained on the windows of the stored signals of the time, sites and organisation that were asked for",
  async (database) => {
    const { db } = database;
    for (const [id, organisation] of [
      ["S-1", "home"],
      ["S-2", "home"],
      ["X-1", "other"],
    ] as const)
      await sql`insert into organisation (id, name, kind, created_at) values (${organisation}, ${organisation}, 'retailer', now()) on conflict do nothing`
        .execute(db)
        .then(() =>
          sql`insert into site (id, organisation_id, listed) values (${id}, ${organisation}, true) on conflict (id) do nothing`.execute(
            db,
          ),
        );
    const places = { site: () => true, device: () => "known" as const };
    const log = await SignalLog.open({
      database,
      fields: await testFields(db),
      places,
      log: silentLog,
      onAppended: () => {},
    });
    const voided = (siteId: string, atMs: number) => signalOf({ type: "pos_void", siteId, deviceId: "T-1", atMs });
    const early = Array.from({ length: 5 }, (_, at) => voided("S-1", noonMs - 20 * minute + at * minute));
    await log.append([
      ...early,
      voided("S-1", noonMs + minute),
      signalOf({ type: "pos_sale", siteId: "S-1", deviceId: "T-1", atMs: noonMs + 2 * minute }),
      voided("S-2", noonMs + 3 * minute),
      voided("X-1", noonMs + 4 * minute),
      voided("S-1", noonMs + 3 * hour),
    ]);
    const policy = { explain: pack.policy.explain, lateAfterMs: 5 * minute };
    const given = {
      directory: pack.directory,
      policy,
      organisationId: "home",
      fromMs: noonMs,
      toMs: noonMs + hour,
      sites: [],
    };
    const rows = await storedRows(db, given);
    const width = featureNames.length;
    const voids = featureNames.indexOf("voids_30m");
    // What came before the time asked for fills the windows, and makes no row.
    const counts = Array.from({ length: rows.values.length / width }, (_, row) => rows.values[row * width + voids]);
    assert.deepEqual(new Set(counts), new Set([1, 6]));
    assert.deepEqual([rows.windows, rows.sites, rows.siteDays], [2, 2, 2]);
    assert.deepEqual([rows.fromMs, rows.toMs], [noonMs + minute, noonMs + 3 * minute]);
    assert.equal((await storedRows(db, { ...given, sites: ["S-2"] })).windows, 1);
    assert.equal((await storedRows(db, { ...given, organisationId: "other" })).windows, 1);
    await log.close();
  },
);
