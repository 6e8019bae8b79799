import { createHash, randomBytes } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import pg from "pg";
import { openDatabase, overPglite } from "../platform/database/database.ts";
import { migrate, readMigrations } from "../platform/database/migrate.ts";
import { openPgliteMemory } from "../platform/database/pglite-files.ts";

/**
 * Migrated databases to copy. To migrate anew for every test costs half a second on Postgres and several on PGlite, of which a run of all
 * tests would spend most of its time. A template is named after what went into it, so a changed migration makes a new one.
 */
export const migrationsFolder = new URL("../migrations/", import.meta.url).pathname;

const pglitePackage = createRequire(import.meta.url).resolve("@electric-sql/pglite");

function digest(): string {
  const hash = createHash("sha256").update(readFileSync(pglitePackage));
  for (const { name, text } of readMigrations(migrationsFolder)) hash.update(`${name}\n${text}\n`);
  return hash.digest("hex").slice(0, 16);
}

/** Beside the installed packages, for the processes that come after. */
const keptIn = join(new URL("../../../../", import.meta.url).pathname, "node_modules/.tillwatch-test-database");

/** A dump of a migrated PGlite. */
export async function pgliteTemplate(): Promise<Blob> {
  const file = join(keptIn, `${digest()}.tar`);
  const kept = read(file);
  if (kept !== null) return new Blob([kept]);
  const pglite = await openPgliteMemory();
  const database = overPglite<unknown>(pglite);
  await migrate(database, readMigrations(migrationsFolder));
  const dump = await pglite.dumpDataDir("none");
  await database.close();
  // Several test files begin at once: each writes its own and moves it into place whole.
  const own = ownName(file);
  writeFileSync(own, new Uint8Array(await dump.arrayBuffer()));
  renameSync(own, file);
  forgetOthers();
  return dump;
}

/**
 * Fills `folder`, which does not exist yet, with a migrated database that nobody wrote to: a server that starts on it is in its first minute,
 * without the seconds that an empty one takes to be made and migrated (which `migrate.test.ts` and the program's own tests go through).
 */
export async function fillPgliteFolder(folder: string): Promise<void> {
  const kept = join(keptIn, digest());
  if (!existsSync(kept)) {
    const own = ownName(kept);
    const database = await openDatabase<unknown>(`pglite:${own}`);
    try {
      await migrate(database, readMigrations(migrationsFolder));
    } finally {
      await database.close();
    }
    try {
      renameSync(own, kept);
    } catch (error) {
      rmSync(own, { recursive: true, force: true });
      if (!existsSync(kept)) throw error; // otherwise another file was first
    }
    forgetOthers();
  }
  cpSync(kept, folder, { recursive: true });
}

function ownName(path: string): string {
  mkdirSync(dirname(path), { recursive: true });
  return `${path}.${randomBytes(6).toString("hex")}`;
}

/** Those of migrations from before are of no use to anybody. */
function forgetOthers(): void {
  for (const name of readdirSync(keptIn)) {
    if (!name.startsWith(digest())) rmSync(join(keptIn, name), { recursive: true, force: true });
  }
}

function read(file: string): Uint8Array<ArrayBuffer> | null {
  try {
    return new Uint8Array(readFileSync(file));
  } catch {
    return null;
  }
}

/** The name of a migrated database on the server, made by whoever comes first. */
export async function postgresTemplate(server: string): Promise<string> {
  const name = `template_${digest()}`;
  await withClient(server, async (client) => {
    // Until the end of this connection; the others wait, and find it.
    await client.query("select pg_advisory_lock(hashtext($1))", [name]);
    const { rowCount } = await client.query("select from pg_database where datname = $1", [name]);
    if (rowCount !== 0) return;
    const own = `making_${randomBytes(6).toString("hex")}`;
    await client.query(`create database ${own}`);
    const url = new URL(server);
    url.pathname = `/${own}`;
    const database = await openDatabase<unknown>(url.href);
    try {
      await migrate(database, readMigrations(migrationsFolder));
    } finally {
      await database.close();
    }
    await client.query(`alter database ${own} rename to ${name}`);
  });
  return name;
}

export async function withClient<T>(server: string, run: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    return await run(client);
  } finally {
    await client.end();
  }
}
