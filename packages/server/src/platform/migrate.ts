import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { CompiledQuery, sql } from "kysely";
import type { Database } from "./database.ts";

export type Migration = { readonly name: string; readonly text: string };

export class MigrationFault extends Error {
  override readonly name = "MigrationFault";
  readonly code: "migration_failed" | "migration_changed" | "migration_unknown";

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
 * Refuses to run when an applied migration was edited afterwards, or when the database is newer than this program.
 */
export async function migrate<S>(database: Database<S>, migrations: readonly Migration[]): Promise<readonly string[]> {
  const { db } = database;
  await sql`create table if not exists migration (
    name text primary key, sha256 text not null, applied_at timestamptz not null default now())`.execute(db);
  const applied: string[] = [];
  for (const migration of migrations) {
    const done = await db.transaction().execute(async (tx) => {
      await sql`lock table migration in exclusive mode`.execute(tx);
      const digest = createHash("sha256").update(migration.text).digest("hex");
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
