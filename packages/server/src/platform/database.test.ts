import assert from "node:assert/strict";
import { sql } from "kysely";
import { testOnDatabases } from "../testing/databases.ts";

testOnDatabases("B05 a query beside an open transaction is not part of it", async ({ db }) => {
  await sql`create table probe (n int8 not null)`.execute(db);
  const inside = Promise.withResolvers<void>();
  const rolledBack = db.transaction().execute(async (tx) => {
    await sql`insert into probe values (1)`.execute(tx);
    inside.resolve();
    await new Promise((resolve) => setTimeout(resolve, 20));
    throw new Error("roll back");
  });
  await inside.promise;
  const beside = sql`insert into probe values (${2})`.execute(db);
  await assert.rejects(rolledBack, /roll back/);
  await beside;
  const { rows } = await sql<{ n: number }>`select n from probe`.execute(db);
  assert.deepEqual(rows, [{ n: 2 }]);
});

testOnDatabases("B12 both engines hand out the same JavaScript types", async ({ db }) => {
  const { rows } = await sql<{ big: number; at: Date; body: unknown; ids: string[] }>`
    select 9007199254740991::int8 as big, '2026-03-23T15:04:05Z'::timestamptz as at,
      ${JSON.stringify({ a: [1] })}::json as body, ${["x", "y"]}::text[] as ids`.execute(db);
  assert.deepEqual(rows, [
    { big: 9007199254740991, at: new Date("2026-03-23T15:04:05Z"), body: { a: [1] }, ids: ["x", "y"] },
  ]);
});
