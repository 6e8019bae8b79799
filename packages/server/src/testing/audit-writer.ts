import { signerFromSeed } from "@tillwatch/evidence";
import { appendAudit } from "../audit/audit-append.ts";
import { openLogFiles } from "../audit/audit-log-files.ts";
import { AuditSequencer } from "../audit/audit-sequencer.ts";
import { systemChance } from "../platform/chance.ts";
import { systemClock } from "../platform/clock.ts";
import { openDatabase } from "../platform/database/database.ts";
import { silentLog } from "../platform/log.ts";
import type { Schema } from "../schema.ts";

/**
 * A process that appends to the record and integrates until it is killed. Arguments: database URL, log folder. Writes one line for
 * each committed append: how many entries this process has appended.
 */
const [url, folder] = process.argv.slice(2);
if (url === undefined || folder === undefined) throw new Error("audit-writer DATABASE_URL LOG_FOLDER");
const database = await openDatabase<Schema>(url);
const signer = await signerFromSeed(new Uint8Array(32).fill(3));
const files = await openLogFiles(folder);
const common = {
  database,
  files,
  signer,
  clock: systemClock,
  chance: systemChance,
  log: silentLog,
  origin: "shop.example/log",
};
const sequencer = new AuditSequencer(common);
await sequencer.start();
const record = {
  kind: "test.happened",
  actor: "machine",
  subject: { kind: "thing", id: "t" },
  because: "a test",
  body: {},
};
for (let appended = 0; ;) {
  const records = Array.from({ length: 37 }, () => ({ ...record, atMs: Date.now() }));
  await database.db.transaction().execute((tx) => appendAudit(tx, records, systemChance));
  appended += records.length;
  process.stdout.write(`${appended}\n`);
  await sequencer.integrateNow();
}
