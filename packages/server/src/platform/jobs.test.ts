import assert from "node:assert/strict";
import { sql } from "kysely";
import { testOnDatabases } from "../testing/databases.ts";
import { Jobs } from "./jobs.ts";
import { silentLog } from "./log.ts";

const rules = { retries: 1, firstDelaySeconds: 1, delaySecondsMax: 2, runSecondsMax: 30 };

testOnDatabases("B08 a job exists only if its transaction committed, and a failed one is retried", async (database) => {
  const jobs = await Jobs.open(database.db, silentLog);
  try {
    await jobs.define("probe", rules);
    const seen: string[] = [];
    const done = Promise.withResolvers<void>();
    await jobs.work("probe", async (job) => {
      seen.push(`${JSON.stringify(job.data["name"])}#${job.attempt}`);
      if (job.attempt === 0) throw new Error("first attempt fails");
      done.resolve();
    });
    await assert.rejects(
      database.db.transaction().execute(async (tx) => {
        await jobs.enqueue(tx, { queue: "probe", data: { name: "rolled back" } });
        throw new Error("roll back");
      }),
    );
    await database.db.transaction().execute(async (tx) => {
      await jobs.enqueue(tx, { queue: "probe", data: { name: "kept" } });
      await sql`select 1`.execute(tx);
    });
    await done.promise;
    assert.deepEqual(seen, ['"kept"#0', '"kept"#1']);
  } finally {
    await jobs.close();
  }
});
