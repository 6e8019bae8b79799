import type { FieldVault } from "../platform/keys/field-vault.ts";

// Enough that two of a million words are never taken for one.
const markBytes = 12;
const wordsMax = 200;

/** The different words of a text, lower case, in one Unicode form. */
function wordsOf(text: string): readonly string[] {
  const words =
    text
      .normalize("NFKC")
      .toLowerCase()
      .match(/[\p{L}\p{N}\p{M}]+/gu) ?? [];
  return [...new Set(words)].slice(0, wordsMax);
}

/** By what a sealed reason is found: keyed digests of its words. Which reasons share a word can be seen, not which word it is. */
export function groundMarks(vault: Pick<FieldVault, "blindIndex">, text: string): readonly string[] {
  return wordsOf(text).map((word) =>
    Buffer.from(vault.blindIndex("record.ground", word).subarray(0, markBytes)).toString("base64url"),
  );
}
