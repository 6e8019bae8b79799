import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { sql } from "kysely";
import { shippedPack } from "../cli/shipped.ts";
import { readConfig, type Config } from "../config/config.ts";
import { systemChance } from "../platform/chance.ts";
import { testOnDatabases } from "../testing/databases.ts";
import { configurationHistory, configurationNow, recordConfiguration } from "./configuration-append.ts";
import { configurationChanges, flattened, reasonIn, reasonUnknown } from "./configuration-diff.ts";

function configIn(packFolder: string, more: Record<string, string> = {}): Config {
  const config = readConfig(
    { TILLWATCH_PACK: packFolder, TILLWATCH_ADMIN_TOKEN: "very-secret-token", ...more },
    shippedPack,
  );
  assert.ok(config.ok);
  return config.value;
}

testOnDatabases(
  "O09 who changed a threshold, when and why: each change of a start is an entry with its reason, or says that none was given",
  async ({ db }) => {
    const pack = mkdtempSync(join(tmpdir(), "pack-"));
    try {
      cpSync(shippedPack, pack, { recursive: true });
      const at = { chance: systemChance, atMs: Date.UTC(2026, 10, 20) };
      const start = (reason: string | null, more = {}) =>
        recordConfiguration(db, configurationNow(configIn(pack, more), { version: "1", reason }), at);
      assert.deepEqual(await start(null), []);
      assert.deepEqual(await start(null), [], "nothing changed");
      const score = join(pack, "score.yaml");
      const before = /incident_threshold: ([\d.]+)/.exec(readFileSync(score, "utf8"))?.[1] ?? "";
      writeFileSync(
        score,
        readFileSync(score, "utf8").replace(/incident_threshold: [\d.]+/, "incident_threshold: 0.85"),
      );
      assert.deepEqual(await start("Fewer false alarms at the gates, asked for by the region"), [
        { part: "score", path: "incident_threshold", before, after: "0.85" },
      ]);
      writeFileSync(join(pack, "CHANGES"), "# Changes\n\n- 2026-11-20 Anna: the gate rule is quieter\n");
      writeFileSync(
        join(pack, "rules/door-forced.yml"),
        `${readFileSync(join(pack, "rules/door-forced.yml"), "utf8")}\n`,
      );
      assert.equal((await start(null, { TILLWATCH_HTTP: "127.0.0.1:9999" })).length, 2);
      rmSync(join(pack, "CHANGES"));
      rmSync(join(pack, "rules/scream.yml"));
      await start(null, { TILLWATCH_HTTP: "127.0.0.1:9999" });
      const history = await configurationHistory(db, { path: null, parts: "all" });
      assert.deepEqual(
        history.map((state) => [state.because, state.changes.map((change) => change.part).join()]),
        [
          [reasonUnknown, "rules"],
          ["2026-11-20 Anna: the gate rule is quieter", "rules,settings"],
          ["Fewer false alarms at the gates, asked for by the region", "score"],
          ["first start", ""],
        ],
      );
      assert.deepEqual(
        history.map((state) => state.reasonKnown),
        [false, true, true, true],
      );
      const threshold = await configurationHistory(db, { path: "score incident_threshold", parts: "all" });
      assert.deepEqual(
        threshold.map((state) => state.changes[0]?.after),
        ["0.85"],
      );
      const { rows } = await sql<{ kind: string; all: string }>`
      select kind, body || because as all from audit_entry order by appended`.execute(db);
      assert.deepEqual(
        rows.map((row) => row.kind),
        ["recorded", "started", "changed", "changed", "changed"].map((verb) => `configuration.${verb}`),
      );
      assert.ok(!rows.some((row) => row.all.includes("very-secret")));
      const states = await sql<{ content: string }>`select content::text as content from configuration_state`.execute(
        db,
      );
      assert.ok(!states.rows.some((row) => row.content.includes("very-secret")));
    } finally {
      rmSync(pack, { recursive: true });
    }
  },
);

test("O09 a password within an address is no content", () => {
  const now = configurationNow(configIn(shippedPack, { TILLWATCH_DATABASE_URL: "postgres://us:pa55@db/x" }), {
    version: "1",
    reason: null,
  });
  assert.equal(now.content["settings"]?.["databaseUrl"], "postgres://us:[secret]@db/x");
});

test("O09 a difference names part, path and both values", () => {
  const before = { a: flattened({ x: 1, y: [1, { z: "t" }], gone: {} }), old: { p: "1" } };
  const after = { a: flattened({ x: 2, y: [1, { z: "t" }] }), fresh: { q: "2" } };
  assert.deepEqual(configurationChanges(before, after), [
    { part: "a", path: "gone", before: "{}", after: null },
    { part: "a", path: "x", before: "1", after: "2" },
    { part: "fresh", path: "q", before: null, after: "2" },
    { part: "old", path: "p", before: "1", after: null },
  ]);
  assert.deepEqual([reasonIn(null), reasonIn("\n# \n* why not\nmore")], [null, "why not"]);
});
