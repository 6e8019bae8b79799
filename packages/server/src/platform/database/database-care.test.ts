import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { sql } from "kysely";
import { openDatabase } from "./database.ts";
import { careForDatabase } from "./database-care.ts";

async function emptyDatabase(context: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "tillwatch-care-"));
  const { db, close } = await openDatabase<object>(`pglite:${folder}`);
  context.after(async () => {
    await close();
    rmSync(folder, { recursive: true, force: true });
  });
  return db;
}

test("N14 the embedded database keeps its size while a row is changed for ever", async (context) => {
  const db = await emptyDatabase(context);
  await sql`create table lease (id int primary key, until text)`.execute(db);
  await sql`create table still (id int primary key)`.execute(db);
  await sql`insert into lease select n, 'x' from generate_series(1, 100) n`.execute(db);
  const sizes: number[] = [];
  for (let round = 0; round < 8; round++) {
    for (let beat = 0; beat < 20; beat++) await sql`update lease set until = ${"y".repeat(beat)}`.execute(db);
    const cared = await careForDatabase(db);
    assert.deepEqual(
      cared.map(({ table, did }) => [table, did]),
      [["public.lease", "vacuum"]],
    );
    const { rows } = await sql<{ bytes: number }>`select pg_relation_size('lease')::float8 as bytes`.execute(db);
    sizes.push(rows[0]?.bytes ?? Number.NaN);
  }
  assert.equal(sizes.at(-1), sizes[1], sizes.join(" "));
  assert.deepEqual(await careForDatabase(db), [], "nothing changed since");
});

test("N14 the embedded database knows how many rows a table has that only grows", async (context) => {
  const db = await emptyDatabase(context);
  await sql`create table log ("offset" int primary key)`.execute(db);
  const counted = async () => {
    const { rows } = await sql<{
      n: number;
    }>`select reltuples::float8 as n from pg_class where relname = 'log'`.execute(db);
    return rows[0]?.n;
  };
  await sql`insert into log select n from generate_series(1, 5000) n`.execute(db);
  assert.equal(await counted(), -1, "never counted");
  assert.deepEqual(
    (await careForDatabase(db)).map(({ did }) => did),
    ["analyze"],
  );
  assert.equal(await counted(), 5000);
});
