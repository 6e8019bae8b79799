import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { CompiledQuery, sql } from "kysely";
import type { Database } from "./database.ts";
import { shapeOf, shapeOfNew } from "../schema-shape.ts";

export type Migration = { readonly name: string; readonly text: string };

export class MigrationFault extends Error {
  override readonly name = "MigrationFault";
  readonly code: "migration_failed" | "migration_changed" | "migration_unknown" | "migration_out_of_order";

  constructor(code: MigrationFault["code"], message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/** Reads `0001-....sql` files in the order of their names. */
export function readMigrations(folder: string): readonly Migration[] {
  const names = readdirSync(folder)
    .filter((name) => /^\d{4}-.+\.sql$/.test(name))
    .sort();
  return names.map((name) => ({ name, text: readFileSync(`${folder}/${name}`, "utf8") }));
}

/**
 * Brings the database forward, each migration in a transaction of its own; several processes may start at once.
 * Refuses to run when an applied migration was edited afterwards, or when the database is newer than this program. One that comes before
 * others that ran already (a version between releases had those, and not it) runs too, if the database is then what a new one would be;
 * else nothing of it remains, and the start is refused.
 */
export async function migrate<S>(database: Database<S>, migrations: readonly Migration[]): Promise<readonly string[]> {
  const { db } = database;
  await sql`create table if not exists migration (
    name text primary key, sha256 text not null, applied_at timestamptz not null default now())`.execute(db);
  const late = await lateOnes(database, migrations);
  if (late.length > 0) return applyLate(database, migrations, late);
  const applied: string[] = [];
  for (const migration of migrations) {
    const done = await db.transaction().execute(async (tx) => {
      await sql`lock table migration in exclusive mode`.execute(tx);
      const digest = digestOf(migration.text);
      const known = await sql<{ sha256: string }>`select sha256 from migration where name = ${migration.name}`.execute(
        tx,
      );
      const row = known.rows[0];
      if (row !== undefined && row.sha256 !== digest) {
        throw new MigrationFault(
          "migration_changed",
          `${migration.name} was edited after it was applied; add a new one`,
        );
      }
      if (row !== undefined) return false;
      await runScript(tx.executeQuery.bind(tx), migration);
      await sql`insert into migration (name, sha256) values (${migration.name}, ${digest})`.execute(tx);
      return true;
    });
    if (done) applied.push(migration.name);
  }
  await refuseNewer(database, migrations);
  return applied;
}

/** Those that never ran although one with a later name did. */
async function lateOnes<S>({ db }: Database<S>, migrations: readonly Migration[]): Promise<readonly Migration[]> {
  const { rows } = await sql<{ name: string }>`select name from migration`.execute(db);
  const ran = new Set(rows.map(({ name }) => name));
  const last = migrations.findLastIndex(({ name }) => ran.has(name));
  return migrations.slice(0, Math.max(last, 0)).filter(({ name }) => !ran.has(name));
}

/** All that is missing in one transaction, which stays only if the schema is then that of a new database. */
async function applyLate<S>(
  database: Database<S>,
  migrations: readonly Migration[],
  late: readonly Migration[],
): Promise<readonly string[]> {
  await refuseNewer(database, migrations);
  const wanted = await shapeOfNew(
    database.db,
    migrations.map(({ text }) => text),
  );
  return database.db.transaction().execute(async (tx) => {
    await sql`lock table migration in exclusive mode`.execute(tx);
    const { rows } = await sql<{ name: string; sha256: string; schema: string }>`
      select name, sha256, current_schema() as schema from migration`.execute(tx);
    const ran = new Map(rows.map(({ name, sha256 }) => [name, sha256]));
    const missing = migrations.filter(({ name }) => !ran.has(name));
    if (migrations.some(({ name, text }) => ran.has(name) && ran.get(name) !== digestOf(text))) {
      throw new MigrationFault("migration_changed", "a migration was edited after it was applied; add a new one");
    }
    const names = late.map(({ name }) => name).join(", ");
    const why = `${names} never ran here, although later ones did: this database was used by a version between releases`;
    for (const migration of missing) {
      try {
        await runScript(tx.executeQuery.bind(tx), migration);
      } catch (fault) {
        throw new MigrationFault("migration_out_of_order", `${why}, and it cannot be made up for`, fault);
      }
      await sql`insert into migration (name, sha256) values (${migration.name}, ${digestOf(migration.text)})`.execute(
        tx,
      );
    }
    const shape = await shapeOf(tx, rows[0]?.schema ?? "public");
    const odd = [...difference(shape, wanted), ...difference(wanted, shape)];
    if (odd.length > 0) {
      throw new MigrationFault(
        "migration_out_of_order",
        `${why}, and it would not become what it has to be: ${odd[0]}`,
      );
    }
    return missing.map(({ name }) => name);
  });
}

function difference(lines: readonly string[], others: readonly string[]): readonly string[] {
  const known = new Set(others);
  return lines.filter((line) => !known.has(line));
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

async function runScript(run: (query: CompiledQuery) => Promise<unknown>, migration: Migration): Promise<void> {
  try {
    await run(CompiledQuery.raw(migration.text));
  } catch (fault) {
    throw new MigrationFault("migration_failed", `${migration.name} failed`, fault);
  }
}

async function refuseNewer<S>(database: Database<S>, migrations: readonly Migration[]): Promise<void> {
  const { rows } = await sql<{ name: string }>`select name from migration order by name`.execute(database.db);
  const ours = new Set(migrations.map((migration) => migration.name));
  const unknown = rows.find((row) => !ours.has(row.name));
  if (unknown !== undefined) {
    throw new MigrationFault("migration_unknown", `the database has ${unknown.name}, which this version does not know`);
  }
}
