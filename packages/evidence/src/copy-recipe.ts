import { toHex } from "./bytes.ts";
import { canonicalBytes, type Json } from "./canonical-json.ts";
import type { Sha256 } from "./hashing.ts";

/** How a copy of a picture or clip was made from the original. Canonical JSON of it is what the log holds the digest of. */
export type CopyRecipe = {
  readonly v: 1;
  readonly tool: { readonly name: string; readonly version: string };
  /** What the tool was told, in order; `{original}` stands for what it read. */
  readonly arguments: readonly string[];
  /** Whether sound is in the copy. */
  readonly sound: boolean;
  /** What the camera must not show, burned in: corners in thousandths of the picture, and which version of the mask. */
  readonly mask: Json;
  /** What a person drew over it, burned in, with its version. */
  readonly regions: Json;
};

/** Kind of the audit entry that records a copy's making. */
export const copyMadeKind = "exhibit.copy_made";

/** Fields of that entry, beside `exhibitSha256`, the original's digest. */
export const copyFields = { copy: "copySha256", recipe: "recipeSha256", original: "exhibitSha256" } as const;

/** Lower-case hex SHA-256 of the recipe's canonical JSON. Throws for what has no canonical form. */
export function recipeDigest(sha256: Sha256, recipe: CopyRecipe): string {
  return toHex(sha256(canonicalBytes(recipe)));
}
