import assert from "node:assert/strict";
import { sql } from "kysely";
import { testOnDatabases } from "../../testing/databases.ts";

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

testOnDatabases("B12 both engines read the same instant, in the first century too", async ({ db }) => {
  const instants = ["0031-02-24T20:16:08Z", "0099-12-31T00:00:00.5Z", "1899-12-31T23:59:59Z", "9999-12-31T00:00:00Z"];
  const { rows } = await sql<{ at: Date }>`
    select at from unnest(${instants}::timestamptz[]) with ordinality as given (at, n) order by n`.execute(db);
  assert.deepEqual(
    rows.map(({ at }) => at.toISOString()),
    instants.map((text) => new Date(text).toISOString()),
  );
});
