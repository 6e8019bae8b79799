import { once } from "node:events";
import type { PGlite } from "@electric-sql/pglite";
import { Kysely, PostgresDialect, type Transaction } from "kysely";
import type pg from "pg";
import { from as copyFrom } from "pg-copy-streams";

/** Feeds rows in COPY text format to `copy <table> from stdin`; `target` is a trusted name with its columns. */
export type CopyInto = (target: string, rows: string) => Promise<void>;

/** A connection of its own for bulk appends. One transaction at a time; a second call waits for the first. */
export type BulkWriter<Schema> = {
  readonly transaction: <T>(run: (tx: Transaction<Schema>, copyInto: CopyInto) => Promise<T>) => Promise<T>;
  readonly close: () => Promise<void>;
};

/** PGlite is one session: the writer shares it, and takes its turn like any other transaction. */
export function pgliteBulkWriter<S>(db: Kysely<S>, pglite: PGlite): BulkWriter<S> {
  const copyInto: CopyInto = async (target, rows) => {
    await pglite.query(`copy ${target} from '/dev/blob'`, [], { blob: new Blob([rows]) });
  };
  return { transaction: (run) => db.transaction().execute((tx) => run(tx, copyInto)), close: async () => {} };
}

/** Takes over `pool`, which MUST allow one connection only. A broken connection is replaced at the next transaction. */
export function postgresBulkWriter<S>(pool: pg.Pool): BulkWriter<S> {
  let current: pg.PoolClient | undefined;
  const connect = async () => {
    current = await pool.connect();
    return current;
  };
  const db = new Kysely<S>({
    dialect: new PostgresDialect({ pool: { connect, end: () => pool.end(), options: pool.options } }),
  });
  const copyInto: CopyInto = async (target, rows) => {
    if (current === undefined) throw new Error("COPY outside of a transaction");
    const stream = current.query(copyFrom(`copy ${target} from stdin`));
    const finished = once(stream, "finish");
    stream.end(rows);
    await finished;
  };
  return { transaction: (run) => db.transaction().execute((tx) => run(tx, copyInto)), close: () => db.destroy() };
}
