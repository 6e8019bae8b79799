import type { Kysely, Transaction } from "kysely";
import type { Database, Executor } from "./platform/database/database.ts";

/**
 * The tables, by the stage that owns them. Each stage adds its rows' types in `<stage>-tables.ts` and a line here.
 * Only that stage writes them.
 */
// oxlint-disable-next-line typescript/no-empty-object-type -- filled as stages add their tables
export interface Schema {}

export type Db = Kysely<Schema>;
export type Tx = Transaction<Schema>;
export type DbOrTx = Executor<Schema>;
export type OpenDatabase = Database<Schema>;
