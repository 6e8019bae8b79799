import { sql, type Kysely } from "kysely";

export type Cared = { readonly table: string; readonly did: "vacuum" | "analyze"; readonly tookMs: number };

type Due = { readonly schema: string; readonly name: string; readonly dead: boolean };

/**
 * What autovacuum does on a server: the embedded database is one session without background workers, so nobody would ever remove the
 * dead rows or tell the planner how many live ones there are. A table is due as Postgres has it (50 rows and a fifth dead, or a tenth
 * changed since it was counted). One statement a table: what waits for the session waits for one table, not for all of them.
 */
export async function careForDatabase<S>(db: Kysely<S>): Promise<readonly Cared[]> {
  await sql`select pg_stat_force_next_flush()`.execute(db); // else up to a second of the session is not counted yet
  const { rows } = await sql<Due>`
    select schemaname as schema, relname as name, n_dead_tup > 50 + 0.2 * n_live_tup as dead from pg_stat_user_tables
    where n_dead_tup > 50 + 0.2 * n_live_tup or n_mod_since_analyze > 50 + 0.1 * n_live_tup
    order by schemaname, relname`.execute(db);
  const cared: Cared[] = [];
  for (const { schema, name, dead } of rows) {
    const startedMs = performance.now();
    const how = sql.raw(dead ? "vacuum (analyze)" : "analyze");
    await sql`${how} ${sql.id(schema, name)}`.execute(db);
    const tookMs = Math.round(performance.now() - startedMs);
    cared.push({ table: `${schema}.${name}`, did: dead ? "vacuum" : "analyze", tookMs });
  }
  return cared;
}
