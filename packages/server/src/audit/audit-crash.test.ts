import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { sql } from "kysely";
import { signerFromSeed } from "@tillwatch/evidence";
import { systemChance } from "../platform/chance.ts";
import { openDatabase } from "../platform/database/database.ts";
import { silentLog } from "../platform/log.ts";
import { migrate, readMigrations } from "../platform/database/migrate.ts";
import type { OpenDatabase, Schema } from "../schema.ts";
import { migrationsFolder, testOnPostgres, withFreshPostgres } from "../testing/databases.ts";
import { logKey } from "./audit-http.ts";
import { openLogFiles } from "./audit-log-files.ts";
import { AuditSequencer } from "./audit-sequencer.ts";
import { verifyAudit } from "./audit-verify.ts";

const writer = new URL("../testing/audit-writer.ts", import.meta.url).pathname;
const signer = await signerFromSeed(new Uint8Array(32).fill(3));

/** Runs the writer and kills it `afterMs` after its first commit. Answers how many entries it told to be committed. */
async function writeAndKill(url: string, folder: string, afterMs: number): Promise<number> {
  const child = spawn(process.execPath, [writer, url, folder], { stdio: ["ignore", "pipe", "inherit"] });
  let told = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    if (told === "") setTimeout(() => child.kill("SIGKILL"), afterMs);
    told += text;
  });
  const signal = await new Promise((resolve) => child.on("exit", (_code, by) => resolve(by)));
  assert.equal(signal, "SIGKILL", "the writer ended by itself");
  return Number(told.split("\n").at(-2) ?? 0);
}

async function settle(database: OpenDatabase, folder: string, committed: number): Promise<void> {
  const { db } = database;
  const files = await openLogFiles(folder);
  // A lease of a killed process runs out by itself after five seconds; the test does not wait for it.
  await sql`update audit_log set lease_until = '-infinity'`.execute(db);
  const clock = () => Date.now();
  const sequencer = new AuditSequencer({ database, files, signer, clock, chance: systemChance, log: silentLog });
  await sequencer.integrateNow();
  await sequencer.close();
  const report = await verifyAudit({ db, files, clock, key: await logKey({ db, logPublicKey: signer.publicKey }) });
  assert.deepEqual(report.problems, []);
  assert.equal(report.checked, report.size);
  assert.ok(report.size >= committed, `${committed} entries were committed, the log holds ${report.size}`);
}

// Milliseconds after the first commit. An embedded database starts for seconds, so it is killed less often here than in the bench.
const kills = { embedded: [3, 130], server: [3, 60, 130, 410] };

test("I05 nothing committed is lost and the log verifies after each kill -9 while it grows (PGlite)", async () => {
  const home = await mkdtemp(join(tmpdir(), "audit-crash-"));
  const url = `pglite:${join(home, "db")}`;
  const open = () => openDatabase<Schema>(url);
  try {
    const first = await open();
    await migrate(first, readMigrations(migrationsFolder));
    await first.close();
    let committed = 0;
    for (const afterMs of kills.embedded) {
      committed += await writeAndKill(url, join(home, "log"), afterMs);
      const database = await open();
      await settle(database, join(home, "log"), committed);
      await database.close();
    }
  } finally {
    await rm(home, { recursive: true });
  }
});

testOnPostgres(
  "I05 nothing committed is lost and the log verifies after each kill -9 while it grows",
  async (server) => {
    const home = await mkdtemp(join(tmpdir(), "audit-crash-"));
    try {
      await withFreshPostgres(server, async (database, url) => {
        let committed = 0;
        for (const afterMs of kills.server) {
          committed += await writeAndKill(url, join(home, "log"), afterMs);
          await settle(database, join(home, "log"), committed);
        }
      });
    } finally {
      await rm(home, { recursive: true });
    }
  },
);
