import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { openDatabase, overPglite, type Database } from "../platform/database/database.ts";
import { openPgliteMemory } from "../platform/database/pglite-files.ts";
import { withVault } from "../platform/keys/vault-mark.ts";
import type { OpenDatabase, Schema } from "../schema.ts";
import { migrationsFolder, pgliteTemplate, postgresTemplate, withClient } from "./database-templates.ts";
import { standaloneFields } from "./fields.ts";

export { migrationsFolder };

type DatabaseTest = (database: OpenDatabase, context: TestContext) => Promise<void>;

/** Runs one test on PGlite and on Postgres, each time on a fresh, migrated database. */
export function testOnDatabases(name: string, run: DatabaseTest): void {
  test(`${name} (PGlite)`, async (context) => {
    const database = await freshPglite();
    try {
      await run(database, context);
    } finally {
      await database.close();
    }
  });
  testOnPostgres(name, (server, context) => withFreshPostgres(server, (database) => run(database, context)));
}

type Patience = { readonly timeout?: number; readonly skip?: string | false };

/**
 * Runs one test on the Postgres server that `TILLWATCH_TEST_POSTGRES_URL` names. Where it names none: skipped with that reason, or failed where
 * `TILLWATCH_REQUIRE_ALL=1`. `skip`: another reason not to run it.
 */
export function testOnPostgres(
  name: string,
  run: (server: string, context: TestContext) => Promise<void>,
  { skip = false, ...patience }: Patience = {},
): void {
  const server = process.env["TILLWATCH_TEST_POSTGRES_URL"];
  const missing =
    server === undefined && process.env["TILLWATCH_REQUIRE_ALL"] !== "1"
      ? "skipped: postgres not found (TILLWATCH_TEST_POSTGRES_URL)"
      : false;
  test(`${name} (Postgres)`, { ...patience, skip: skip === false ? missing : skip }, async (context) => {
    if (server === undefined) throw new Error("TILLWATCH_REQUIRE_ALL=1, but TILLWATCH_TEST_POSTGRES_URL is not set");
    await run(server, context);
  });
}

/** Where a server of its own keeps its things: a new folder, and a new database below it or on the test server. */
export type Ground = { readonly folder: string; readonly databaseUrl: string };

/** Runs one test of the whole server twice, each time on new ground: on the embedded database and on Postgres. */
export function testOnServers(name: string, run: (ground: Ground) => Promise<void>, patience: Patience = {}): void {
  const inFolder = async (work: (folder: string) => Promise<void>) => {
    const folder = mkdtempSync(join(tmpdir(), "tw-server-"));
    try {
      await work(folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
  test(`${name} (PGlite)`, patience, () =>
    inFolder((folder) => run({ folder, databaseUrl: `pglite:${join(folder, "database")}` })),
  );
  const onPostgres = (server: string) =>
    inFolder((folder) => withFreshPostgres(server, (_database, databaseUrl) => run({ folder, databaseUrl })));
  testOnPostgres(name, onPostgres, patience);
}

/** The same on databases in which nothing ran yet: for tests of what is run first. */
export function testOnEmptyDatabases(name: string, run: (database: Database<unknown>) => Promise<void>): void {
  test(`${name} (PGlite)`, async () => {
    const database = overPglite<unknown>(await openPgliteMemory());
    try {
      await run(database);
    } finally {
      await database.close();
    }
  });
  testOnPostgres(name, async (server) => {
    const own = `t_${randomBytes(6).toString("hex")}`;
    await onServer(server, `create database ${own}`);
    const url = new URL(server);
    url.pathname = `/${own}`;
    const database = await openDatabase<unknown>(url.href);
    try {
      await run(database);
    } finally {
      await database.close();
      await onServer(server, `drop database if exists ${own} with (force)`);
    }
  });
}

let template: Promise<Blob> | undefined;

/** A migrated PGlite in memory. */
export async function freshPglite(): Promise<OpenDatabase> {
  template ??= pgliteTemplate();
  return withTestVault(overPglite<Schema>(await openPgliteMemory(await template)));
}

/** With a vault that opens without a question to the database: a transaction may hold its only connection. */
function withTestVault(database: OpenDatabase): OpenDatabase {
  return { ...database, db: withVault(database.db, async () => standaloneFields) };
}

let postgresTemplateName: Promise<string> | undefined;

/** Makes a migrated database of its own on the test server, and drops it afterwards. */
export async function withFreshPostgres(server: string, run: (database: OpenDatabase, url: string) => Promise<void>) {
  const name = `t_${randomBytes(6).toString("hex")}`;
  postgresTemplateName ??= postgresTemplate(server);
  await onServer(server, `create database ${name} template ${await postgresTemplateName}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  try {
    const database = await openDatabase<Schema>(url.href);
    try {
      await run(withTestVault(database), url.href);
    } finally {
      await database.close();
    }
  } finally {
    await onServer(server, `drop database if exists ${name} with (force)`);
  }
}

async function onServer(server: string, statement: string): Promise<void> {
  await withClient(server, (client) => client.query(statement));
}
