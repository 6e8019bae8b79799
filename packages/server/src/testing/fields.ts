import { systemChance } from "../platform/chance.ts";
import { FieldVault, openFieldVault } from "../platform/keys/field-vault.ts";
import { masterKey } from "../platform/keys/keys.ts";
import type { DbOrTx } from "../schema.ts";

const master = masterKey(new Uint8Array(32).fill(1));

/** Opens what `testFields` seals and the other way round; its blind indexes are its own. */
export const standaloneFields = new FieldVault({ master, chance: systemChance }, new Uint8Array(32).fill(2));

/** A vault over a test's database, under one master key for all tests: a second one of the same database is as another process. */
export function testFields(db: DbOrTx): Promise<FieldVault> {
  return openFieldVault(db, { master, chance: systemChance });
}
