import {
  CompiledQuery,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  sql,
  type DatabaseConnection,
  type Driver,
  type KyselyPlugin,
  type PluginTransformQueryArgs,
  type PluginTransformResultArgs,
  type QueryResult,
  type RootOperationNode,
  type Transaction,
  type UnknownRow,
} from "kysely";
import type { Executor } from "./database.ts";

/**
 * What a caller may see: rows of one organisation at these sites. The database holds to it by itself (row-level security, migration
 * 0022), so that a statement with a forgotten `where` leaks nothing.
 */
export type Scope = {
  readonly organisationId: string;
  readonly sites: readonly string[]; // explicit ids
  /** The caller is bound to no site: also rows of sites that the directory no longer has. */
  readonly everySite?: boolean;
  /** Works in the organisation, with no site too: what is of the organisation as a whole is seen and written. Absent: who has no site sees
   * what was shared with his organisation. */
  readonly staff?: boolean;
  /** Jobs of the installation itself: no restriction. */
  readonly all: boolean;
  /** Who asks, and with which roles ("every": all of them): rows that are about him, or for other roles, are not there. */
  readonly me?: string | null;
  readonly roles?: readonly string[] | "every";
  /** Rows of these categories are withheld, but at these sites. */
  readonly restricted?: { readonly categories: readonly string[]; readonly sites: readonly string[] };
};

/** Of people and programs of an organisation with sites. */
export const scopedRole = "tillwatch_scoped";
/** Of whoever has no site: reads what was shared with his organisation. Another role, because an `or` would cost every index. */
export const partnerRole = "tillwatch_partner";

/**
 * Runs `work` in a transaction that sees and writes only what is in `scope`: under the restricted role, which owns nothing and cannot
 * bypass row-level security. Throws what the database throws: a write outside of the scope is refused with SQLSTATE 42501.
 */
export function scoped<S, T>(db: Kysely<S>, scope: Scope, work: (tx: Transaction<S>) => Promise<T>): Promise<T> {
  return scopedDb(db, scope).transaction().execute(work);
}

/**
 * The same database as seen in `scope`, for functions that take a `Db`: each transaction begins under the restricted role, and a
 * query outside of one runs in a transaction of its own. Costs nothing to make; holds nothing that needs closing.
 */
export function scopedDb<S>(db: Kysely<S>, scope: Scope): Kysely<S> {
  if (scope.all) return db;
  const prologue = CompiledQuery.raw(`begin; ${settings(scope)}`);
  return new Kysely<S>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new ScopedDriver(db, prologue),
      createIntrospector: (kysely) => new PostgresIntrospector(kysely),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
    plugins: [new ScopeMark(db as unknown as Kysely<unknown>)],
  });
}

/**
 * Steps out of the restricted role for what the machine does on a caller's behalf (queueing a job, sealing under a key), in his
 * transaction where there is one, and back in afterwards. `work` is given what to ask. Outside of a scope it just runs. A fault
 * leaves the transaction to its rollback: do not catch it and go on. One at a time in a transaction.
 */
export async function asMachine<S, T>(db: Executor<S>, work: (machine: Executor<S>) => Promise<T>): Promise<T> {
  const mark = db.getExecutor().plugins.find((plugin) => plugin instanceof ScopeMark);
  if (mark === undefined) return work(db);
  if (!db.isTransaction) return work(mark.base as unknown as Kysely<S>);
  // Read before it is set: the members of a select list are computed from left to right.
  const { rows } = await sql<{ before: string }>`
    select current_setting('role') as before, set_config('role', 'none', true)`.execute(db);
  const done = await work(db);
  await sql`select set_config('role', ${rows[0]?.before ?? scopedRole}, true)`.execute(db);
  return done;
}

/** The database that a scoped one was made of, and any other as it is. */
export function unscoped<S>(db: Executor<S>): Executor<S> {
  const mark = db.getExecutor().plugins.find((plugin) => plugin instanceof ScopeMark);
  return mark === undefined ? db : (mark.base as unknown as Kysely<S>);
}

/** Does nothing to a query; by it `asMachine` knows a scoped database and all that is derived from it. */
class ScopeMark implements KyselyPlugin {
  readonly base: Kysely<unknown>;

  constructor(base: Kysely<unknown>) {
    this.base = base;
  }

  transformQuery({ node }: PluginTransformQueryArgs): RootOperationNode {
    return node;
  }

  async transformResult({ result }: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>> {
    return result;
  }
}

/** Makes the restricted roles where they are missing. Throws what `missingRole` knows where the database user may not. */
export async function ensureScopedRoles<S>(db: Kysely<S>): Promise<void> {
  await sql`select tenancy_roles()`.execute(db);
}

/** The database's own words, and what a superuser must run, where it lacks the roles and the user may not make them. */
export function missingRole(fault: unknown): { readonly message: string; readonly hint?: string } | null {
  for (let cause = fault; cause instanceof Error; cause = cause.cause) {
    const { code, message, hint } = cause as Error & { readonly code?: unknown; readonly hint?: unknown };
    if (code !== "42501" || !message.includes("tillwatch_")) continue;
    return { message, ...(typeof hint === "string" ? { hint } : {}) };
  }
  return null;
}

// Of sites and categories: no comma, which separates them.
const siteIdPattern = /^[A-Za-z0-9][A-Za-z0-9._:-]*$/;

// One text for the simple protocol, so that entering a scope costs no round trip of its own.
function settings(scope: Scope): string {
  const { organisationId, sites, everySite, staff } = scope;
  const withheld = withheldIn(scope);
  const names = [...sites, ...withheld.categories, ...withheld.butAt];
  const roles = scope.roles === "every" ? ["*"] : (scope.roles ?? []);
  const odd = [...names, ...roles.filter((each) => each !== "*")].find((name) => !siteIdPattern.test(name));
  if (odd !== undefined) throw new Error(`not the id of a site or category: ${JSON.stringify(odd)}`);
  const role = sites.length === 0 && everySite !== true && staff !== true ? partnerRole : scopedRole;
  const listed = everySite === true ? "*" : sites.join(",");
  // `set local` rather than a select of set_config: nothing to plan, half the time.
  return `set local tillwatch.organisation = ${literal(organisationId)};
    set local tillwatch.sites = ${literal(listed)};
    set local tillwatch.me = ${literal(scope.me ?? "")};
    set local tillwatch.roles = ${literal(roles.join(","))};
    set local tillwatch.withheld = ${literal(withheld.categories.join(","))};
    set local tillwatch.withheld_but_at = ${literal(withheld.butAt.join(","))};
    set local role ${role}`;
}

/** Nothing is withheld from whom every site was granted with all of its cases. */
function withheldIn({ sites, restricted }: Scope): {
  readonly categories: readonly string[];
  readonly butAt: readonly string[];
} {
  if (restricted === undefined || restricted.categories.length === 0) return { categories: [], butAt: [] };
  const granted = new Set(restricted.sites);
  if (sites.length > 0 && sites.every((site) => granted.has(site))) return { categories: [], butAt: [] };
  return { categories: restricted.categories, butAt: restricted.sites };
}

function literal(text: string): string {
  if (text.includes("\0") || text.includes("\\")) throw new Error("not an id");
  return `'${text.replaceAll("'", "''")}'`;
}

/** Borrows connections of another Kysely. */
class ScopedDriver<S> implements Driver {
  readonly #db: Kysely<S>;
  readonly #prologue: CompiledQuery;
  readonly #release = new WeakMap<DatabaseConnection, () => Promise<void>>();

  constructor(db: Kysely<S>, prologue: CompiledQuery) {
    this.#db = db;
    this.#prologue = prologue;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    const borrowed = Promise.withResolvers<DatabaseConnection>();
    const finished = Promise.withResolvers<void>();
    const lent = this.#db.getExecutor().provideConnection((connection) => {
      borrowed.resolve(connection);
      return finished.promise;
    });
    lent.catch(borrowed.reject);
    const connection = new ScopedConnection(await borrowed.promise, this.#prologue);
    this.#release.set(connection, () => {
      finished.resolve();
      return lent;
    });
    return connection;
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await own(connection).begin();
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await own(connection).end("commit");
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await own(connection).end("rollback");
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    await this.#release.get(connection)?.();
  }

  async destroy(): Promise<void> {}
}

function own(connection: DatabaseConnection): ScopedConnection {
  if (connection instanceof ScopedConnection) return connection;
  throw new Error("a connection of another driver");
}

class ScopedConnection implements DatabaseConnection {
  readonly #connection: DatabaseConnection;
  readonly #prologue: CompiledQuery;
  #open = false;

  constructor(connection: DatabaseConnection, prologue: CompiledQuery) {
    this.#connection = connection;
    this.#prologue = prologue;
  }

  async begin(): Promise<void> {
    this.#open = true;
    try {
      await this.#connection.executeQuery(this.#prologue);
    } catch (fault) {
      // `begin` may have worked and the role be missing: the connection goes back to others.
      await this.end("rollback");
      throw fault;
    }
  }

  async end(how: "commit" | "rollback"): Promise<void> {
    this.#open = false;
    await this.#connection.executeQuery(CompiledQuery.raw(how));
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    if (this.#open) return this.#connection.executeQuery<R>(query);
    await this.begin();
    let result: QueryResult<R>;
    try {
      result = await this.#connection.executeQuery<R>(query);
    } catch (fault) {
      await this.end("rollback");
      throw fault;
    }
    await this.end("commit");
    return result;
  }

  // oxlint-disable-next-line require-yield -- readers here page by key, as on the embedded database
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error("a scoped database has no streaming queries; page by key");
  }
}
