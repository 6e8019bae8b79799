import { Kysely, PostgresDialect, sql, type Transaction } from "kysely";
import pg from "pg";
import { pgliteBulkWriter, postgresBulkWriter, type BulkWriter } from "./bulk-writer.ts";
import { pgliteDialect } from "./pglite-dialect.ts";
import { openPgliteFolder } from "./pglite-files.ts";

/** An open database. `kind` is for the few places that must know (COPY, doctor); everybody else sees one SQL dialect. */
export type Database<Schema> = {
  readonly kind: "pglite" | "postgres";
  readonly db: Kysely<Schema>;
  readonly openBulkWriter: () => BulkWriter<Schema>; // who opens it closes it
  readonly close: () => Promise<void>;
};

/** Either the pool or one transaction: what a store function takes. */
export type Executor<Schema> = Kysely<Schema> | Transaction<Schema>;

const poolConnectionsMax = 10;

/**
 * `pglite:<folder>` (embedded, a commit is fsynced) or `postgres://...` (15 or newer).
 * Throws what the driver throws when the database cannot be reached or the folder is in use.
 */
export async function openDatabase<Schema>(url: string): Promise<Database<Schema>> {
  if (url.startsWith("pglite:")) return overPglite(await openPgliteFolder(url.slice("pglite:".length)));
  return overPostgres<Schema>(url);
}

export function overPglite<Schema>(pglite: Parameters<typeof pgliteDialect>[0]): Database<Schema> {
  const db = new Kysely<Schema>({ dialect: pgliteDialect(pglite) });
  const close = async () => {
    await db.destroy();
    // Kysely destroys only a driver that ran a query; an unused PGlite would keep its timer, and the process, alive.
    if (!pglite.closed) await pglite.close();
  };
  return { kind: "pglite", db, openBulkWriter: () => pgliteBulkWriter(db, pglite), close };
}

async function overPostgres<Schema>(url: string): Promise<Database<Schema>> {
  const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: poolOf(url, poolConnectionsMax) }) });
  await sql`select 1`.execute(db);
  const openBulkWriter = () => postgresBulkWriter<Schema>(poolOf(url, 1));
  return { kind: "postgres", db, openBulkWriter, close: () => db.destroy() };
}

function poolOf(url: string, max: number): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max, types: { getTypeParser: typeParser } });
  // Without these handlers a connection that breaks, idle or busy, ends the process; the query itself reports the fault.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return pool;
}

const int8: number = pg.types.builtins.INT8;
// The driver types the known oids as an enum, but calls with any number and format.
const inherited = pg.types as unknown as {
  getTypeParser: (oid: number, format?: string) => (value: string) => unknown;
};

function typeParser(oid: number, format?: string): (value: string) => unknown {
  return oid === int8 ? Number : inherited.getTypeParser(oid, format);
}
