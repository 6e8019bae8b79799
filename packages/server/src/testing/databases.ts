import { randomBytes } from "node:crypto";
import { test, type TestContext } from "node:test";
import pg from "pg";
import { openDatabase, overPglite } from "../platform/database.ts";
import { migrate, readMigrations } from "../platform/migrate.ts";
import { openPgliteMemory } from "../platform/pglite-files.ts";
import type { OpenDatabase, Schema } from "../schema.ts";

export const migrationsFolder = new URL("../migrations/", import.meta.url).pathname;

type DatabaseTest = (database: OpenDatabase, context: TestContext) => Promise<void>;

/**
 * Runs one test on PGlite and on Postgres, each time on a fresh, migrated database. Postgres is the server that
 * `TILLWATCH_TEST_POSTGRES_URL` names (`script/test` starts one); without it that half is skipped with its reason, or fails
 * where `TILLWATCH_REQUIRE_ALL=1`.
 */
export function testOnDatabases(name: string, run: DatabaseTest): void {
  test(`${name} (PGlite)`, async (context) => {
    const database = await freshPglite();
    try {
      await run(database, context);
    } finally {
      await database.close();
    }
  });
  const server = process.env["TILLWATCH_TEST_POSTGRES_URL"];
  const requireAll = process.env["TILLWATCH_REQUIRE_ALL"] === "1";
  const skip =
    server === undefined && !requireAll ? "skipped: postgres not found (TILLWATCH_TEST_POSTGRES_URL)" : false;
  test(`${name} (Postgres)`, { skip }, async (context) => {
    if (server === undefined) throw new Error("TILLWATCH_REQUIRE_ALL=1, but TILLWATCH_TEST_POSTGRES_URL is not set");
    await withFreshPostgres(server, (database) => run(database, context));
  });
}

let template: Promise<Blob> | undefined;

/** A migrated PGlite in memory. The first one is dumped, later ones of the same process start from the dump. */
export async function freshPglite(): Promise<OpenDatabase> {
  template ??= makeTemplate();
  return overPglite<Schema>(await openPgliteMemory(await template));
}

async function makeTemplate(): Promise<Blob> {
  const pglite = await openPgliteMemory();
  const database = overPglite<Schema>(pglite);
  await migrate(database, readMigrations(migrationsFolder));
  const dump = await pglite.dumpDataDir("none");
  await database.close();
  return dump;
}

/** Makes a database of its own on the test server, migrates it, and drops it afterwards. */
export async function withFreshPostgres(server: string, run: (database: OpenDatabase, url: string) => Promise<void>) {
  const name = `t_${randomBytes(6).toString("hex")}`;
  await onServer(server, `create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  try {
    const database = await openDatabase<Schema>(url.href);
    try {
      await migrate(database, readMigrations(migrationsFolder));
      await run(database, url.href);
    } finally {
      await database.close();
    }
  } finally {
    await onServer(server, `drop database if exists ${name} with (force)`);
  }
}

async function onServer(server: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
