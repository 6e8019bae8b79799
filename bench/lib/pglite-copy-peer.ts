import { createInterface } from "node:readline";
import { readFileSync } from "node:fs";
import { migrate, readMigrations } from "../../packages/server/src/platform/database/migrate.ts";
import { overPglite } from "../../packages/server/src/platform/database/database.ts";
import { openPgliteFolder } from "../../packages/server/src/platform/database/pglite-files.ts";
import type { Schema } from "../../packages/server/src/schema.ts";
import { logColumns } from "../../packages/server/src/signal/log-row.ts";

// PGlite's own COPY, in a process of its own, into the same table under the same settings. Each line of the standard input is a
// file of rows in COPY's text format; the answer is how many milliseconds the COPY took.
const [folder = "", migrations = ""] = process.argv.slice(2);
const pglite = await openPgliteFolder(folder);
const database = overPglite<Schema>(pglite);
await migrate(database, readMigrations(migrations));
console.log("ready");
for await (const file of createInterface({ input: process.stdin })) {
  const blob = new Blob([readFileSync(file)]);
  const startedMs = performance.now();
  await pglite.query(`copy ${logColumns} from '/dev/blob'`, [], { blob });
  console.log(String(performance.now() - startedMs));
}
await database.close();
