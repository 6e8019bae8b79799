import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { testAccess, testPolicies } from "../testing/access.ts";
import { systemChance } from "../platform/chance.ts";
import { silentLog } from "../platform/log.ts";
import { auditPage } from "../audit/audit-read.ts";
import { testOnDatabases } from "../testing/databases.ts";
import { standaloneFields } from "../testing/fields.ts";
import type { Control } from "./control.ts";
import { ControlRunner } from "./control-runner-append.ts";
import { installationControls } from "./installation-controls-read.ts";

const nowMs = Date.now();

testOnDatabases(
  "O10 controls hold on a fresh installation, and each fails by name when its matter is broken",
  async ({ db }) => {
    const keysFolder = mkdtempSync(join(tmpdir(), "keys-"));
    try {
      chmodSync(keysFolder, 0o700);
      writeFileSync(join(keysFolder, "master.key"), "k", { mode: 0o600 });
      writeFileSync(join(keysFolder, "device-ca.pem"), "c", { mode: 0o644 });
      const time = { shiftMs: 0 };
      const certificates = async () => [{ name: "device authority", endsAtMs: nowMs + 40 * 86_400_000 }];
      const { engine } = testAccess(db);
      const clock = () => Date.now() + time.shiftMs;
      const controls = installationControls({ db, clock, keysFolder, policies: testPolicies(), engine, certificates });
      const failing = async () => {
        const failed: string[] = [];
        for (const control of controls) {
          const found = await control.check();
          if (!found.ok) failed.push(`${control.id}: ${found.says}`);
        }
        return failed;
      };
      assert.deepEqual(await failing(), []);
      chmodSync(join(keysFolder, "master.key"), 0o640);
      await sql`alter table incident disable row level security`.execute(db);
      assert.deepEqual(await failing(), ["row_security: without: incident", "key_modes: open to others: master.key"]);
      await sql`alter table incident enable row level security`.execute(db);
      chmodSync(join(keysFolder, "master.key"), 0o600);
      await sql`insert into access_grant (id, kind, organisation_id, actor, incident_id, because, asked_at, hours, state, ends_at, review_by)
      values (gen_random_uuid(), 'break_glass', 'home', 'user:a', gen_random_uuid(), 'x', now() - interval '3 days', 4, 'active',
        now() - interval '2 days', now() - interval '2 days')`.execute(db);
      assert.deepEqual(await failing(), ["break_glass_reviewed: 1 of 1 uses wait for their review"]);
      await sql`update access_grant set reviewed_by = 'user:b', reviewed_at = now(), review = 'justified', ends_at = now() + interval '900 days'`.execute(
        db,
      );
      assert.deepEqual(await failing(), ["grants_end: without a sound end or approval: 1"]);
      await sql`delete from access_grant`.execute(db);
      time.shiftMs = 3 * 365 * 86_400_000;
      const late = await failing();
      assert.deepEqual(
        late.map((line) => line.split(":")[0]),
        ["policies_reviewed", "clocks_agree", "certificates_last"],
      );
    } finally {
      rmSync(keysFolder, { recursive: true });
    }
  },
);

testOnDatabases(
  "O10 runs are kept with their evidence; failing and holding again are entries, and a check that throws has failed",
  async ({ db }) => {
    const time = { nowMs };
    let state: "good" | "bad" | "throws" = "good";
    let runs = 0;
    const control: Control = {
      id: "probe",
      title: "A probe",
      says: "It holds.",
      everyMinutes: 10,
      check: async () => {
        runs += 1;
        if (state === "throws") throw new Error("no disk");
        return { ok: state === "good", says: `it is ${state}`, evidence: { runs } };
      },
    };
    const runner = new ControlRunner({ db, clock: () => time.nowMs, chance: systemChance, log: silentLog }, [control]);
    const later = async (next: typeof state) => {
      state = next;
      time.nowMs += 10 * 60_000;
      await runner.step();
    };
    await runner.step();
    await runner.step();
    assert.equal(runs, 1, "it is not due again");
    await later("bad");
    await later("bad");
    await later("throws");
    await later("good");
    time.nowMs += 1;
    await runner.runAll("user:auditor");
    const [view] = await runner.views();
    assert.deepEqual(
      [view?.ok, view?.runs.map((run) => run.ok), view?.runs[0]?.askedBy],
      [true, [true, true, false, false, false, true], "user:auditor"],
    );
    assert.match(view?.runs[2]?.says ?? "", /the check itself failed: .*no disk/);
    const { rows } = await sql<{
      kind: string;
    }>`select kind from audit_entry order by appended`.execute(db);
    assert.deepEqual(
      rows.map(({ kind }) => kind),
      ["control.failed", "control.passed"],
    );
    const { items } = await auditPage(db, { limit: 10, order: "oldest" });
    const texts = await standaloneFields.openMany(
      db,
      items.map(({ because }) => because),
    );
    assert.deepEqual(texts, ["it is bad", "it is good"]);
  },
);
