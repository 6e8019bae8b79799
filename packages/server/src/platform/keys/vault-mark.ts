import type {
  Kysely,
  KyselyPlugin,
  PluginTransformQueryArgs,
  PluginTransformResultArgs,
  QueryResult,
  RootOperationNode,
  UnknownRow,
} from "kysely";
import type { Executor } from "../database/database.ts";
import type { FieldVault } from "./field-vault.ts";
import { unscoped } from "../database/scoped.ts";

type OpenVault = () => Promise<FieldVault>;

/**
 * The same database, with the vault that seals what is written into it along: for what every area writes in its own transactions and what
 * must not depend on each of them remembering to seal (the reasons in the record).
 */
export function withVault<S>(db: Kysely<S>, open: OpenVault): Kysely<S> {
  return db.withPlugin(new VaultMark(open));
}

/** The vault of this database, also in a transaction of it and within a scope; throws where none was given: nothing goes in unsealed. */
export async function vaultOf<S>(db: Executor<S>): Promise<FieldVault> {
  const { plugins } = unscoped(db).getExecutor();
  const mark = plugins.findLast((plugin) => plugin instanceof VaultMark);
  if (mark === undefined) throw new Error("this database was given no vault (withVault)");
  return mark.open();
}

/** Does nothing to a query; by it `vaultOf` knows the database and all that is derived from it. */
class VaultMark implements KyselyPlugin {
  readonly open: OpenVault;

  constructor(open: OpenVault) {
    this.open = open;
  }

  transformQuery({ node }: PluginTransformQueryArgs): RootOperationNode {
    return node;
  }

  async transformResult({ result }: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>> {
    return result;
  }
}

/** A text as it is kept in this database: sealed under `subject`. */
export async function sealInto<S>(tx: Executor<S>, subject: string, text: string): Promise<string> {
  return (await vaultOf(tx)).seal(tx, subject, text);
}
