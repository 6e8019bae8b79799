import { isJsonObject, type DisclosedReason } from "@tillwatch/evidence";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import type { DbOrTx } from "../schema.ts";
import type { DisclosedEntry } from "./audit-read.ts";

/** The reasons that people gave for these entries, with the salts of their digests, by entry; what was erased is absent. */
export async function reasonsOf(
  db: DbOrTx,
  vault: FieldVault,
  entries: readonly DisclosedEntry[],
): Promise<ReadonlyMap<string, DisclosedReason>> {
  const sealed = entries.flatMap(({ id, body }) => {
    const said = isJsonObject(body) ? body["said"] : undefined;
    const { text, salt } = isJsonObject(said) ? said : {};
    return typeof text === "string" && typeof salt === "string" ? [{ id, text, salt }] : [];
  });
  const opened = await vault.openMany(
    db,
    sealed.flatMap(({ text, salt }) => [text, salt]),
  );
  const reasons = new Map<string, DisclosedReason>();
  for (const [at, { id }] of sealed.entries()) {
    const [text, salt] = [opened[2 * at] ?? null, opened[2 * at + 1] ?? null];
    if (text !== null && salt !== null) reasons.set(id, { text, salt });
  }
  return reasons;
}
