import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { sql } from "kysely";
import { ok, refused, type Result } from "@tillwatch/wire";
import type { Db } from "../schema.ts";
import type { Taxonomies } from "./incident-summary.ts";
import type { Taxonomy } from "./taxonomy.ts";

export type TaxonomyChanged = { readonly code: "taxonomy_changed"; readonly version: string };

/**
 * Keeps the content of the current version and answers every version that incidents use. Refuses with `taxonomy_changed` when
 * this version was used before with another content: old incidents would change their meaning; give the file a new version.
 */
export async function openTaxonomies(
  db: Db,
  current: Taxonomy,
  nowMs: number,
): Promise<Result<Taxonomies, TaxonomyChanged>> {
  const content = canonicalize(current) ?? "";
  const sha256 = createHash("sha256").update(content).digest("hex");
  await sql`
    insert into taxonomy (version, content, sha256, first_used_at)
    values (${current.version}, ${content}, ${sha256}, ${new Date(nowMs)}::timestamptz)
    on conflict (version) do nothing
  `.execute(db);
  const { rows } = await sql<{ version: string; content: string; sha256: string }>`
    select version, content, sha256 from taxonomy order by first_used_at, version
  `.execute(db);
  if (rows.find((row) => row.version === current.version)?.sha256 !== sha256) {
    return refused({ code: "taxonomy_changed", version: current.version });
  }
  const versions = new Map(rows.map((row) => [row.version, JSON.parse(row.content) as Taxonomy]));
  return ok({ current, of: (version) => versions.get(version) ?? { version, categories: [] } });
}
