import { toHex } from "./bytes.ts";
import { canonicalJson, isJsonObject, parseJson, type Json, type JsonObject } from "./canonical-json.ts";
import { copyFields, copyMadeKind } from "./copy-recipe.ts";
import { packetFiles } from "./packet.ts";
import type { ContentInput, ExhibitLine } from "./packet-content-checks.ts";

/** One line of data/copies.json, as far as it was read. */
type CopyLine = {
  readonly original: { readonly bytes: Json | undefined; readonly sha256: Json | undefined };
  readonly copy: { readonly bytes: Json | undefined; readonly sha256: string };
  readonly recipe: JsonObject;
};

/** Names one making of a copy: what an audit entry says, and what a packet claims. */
function copyClaim(of: readonly [exhibitId: string, original: string, copy: string, recipe: string]): string {
  return of.join(" ");
}

/** What an audit entry about an exhibit says of the making of a copy; undefined: it is about something else. */
export function claimIn(header: Json | undefined, body: Json | undefined): string | undefined {
  if (!isJsonObject(header) || !isJsonObject(body) || header["kind"] !== copyMadeKind) return undefined;
  const subject = header["subject"];
  const id = isJsonObject(subject) && subject["kind"] === "exhibit" ? subject["id"] : undefined;
  const { [copyFields.original]: original, [copyFields.copy]: copy, [copyFields.recipe]: recipe } = body;
  const whole = typeof id === "string" && typeof original === "string" && typeof copy === "string";
  return whole && typeof recipe === "string" ? copyClaim([id, original, copy, recipe]) : undefined;
}

/**
 * Checks that each copy in the packet is the one that was made of the exhibit by the recipe which stands beside it: the log recorded
 * the digests of all three when it was made. `claims` are those of the audit entries whose proofs hold.
 */
export async function checkCopies(
  input: ContentInput,
  exhibits: readonly ExhibitLine[],
  claims: ReadonlySet<string>,
): Promise<void> {
  const fail = (says: string) => input.findings.fail("copies", says);
  const copied = new Map(
    exhibits.flatMap((exhibit) => (exhibit.kind === "copy" ? [[exhibit.id, exhibit] as const] : [])),
  );
  const bytes = await input.read(packetFiles.copies);
  if (bytes === undefined) {
    if (copied.size > 0) fail(`the record lists copies, and ${packetFiles.copies} is missing`);
    return;
  }
  const file = parseJson(bytes);
  if (!isJsonObject(file) || file["v"] !== 1 || !Array.isArray(file["copies"])) {
    fail(`${packetFiles.copies} is malformed`);
    return;
  }
  const waiting = new Map(copied);
  for (const line of file["copies"] as readonly Json[]) {
    const id = isJsonObject(line) ? line["exhibitId"] : undefined;
    const exhibit = typeof id === "string" ? waiting.get(id) : undefined;
    if (exhibit === undefined) {
      fail(`${packetFiles.copies} tells of a copy of no exhibit of the record, or twice of one`);
      continue;
    }
    waiting.delete(exhibit.id);
    const problem = copyProblem(input, { line, exhibit, claims });
    if (problem !== undefined) fail(`the copy of exhibit ${exhibit.id} ${problem}`);
  }
  const [missing] = waiting.keys();
  if (missing !== undefined) fail(`${packetFiles.copies} does not say how the copy of exhibit ${missing} was made`);
  input.findings.pass("copies", `${copied.size} copies, each as the log recorded its making`);
}

function copyProblem(
  input: ContentInput,
  of: { readonly line: Json; readonly exhibit: ExhibitLine; readonly claims: ReadonlySet<string> },
): string | undefined {
  const { exhibit, claims } = of;
  const line = copyLine(of.line);
  if (line === undefined) return `is described in a malformed way`;
  const { original, copy, recipe } = line;
  if (original.sha256 !== exhibit.sha256 || original.bytes !== exhibit.bytes) return "was made of another original";
  const found = input.payload.get(`data/${exhibit.path}`);
  if (found?.sha256 !== copy.sha256 || found.bytes !== copy.bytes) return "is not the file that is described";
  const canonical = canonicalJson(recipe);
  if (!canonical.ok) return "has a recipe without a canonical form";
  const digest = toHex(input.sha256(canonical.value));
  return claims.has(copyClaim([exhibit.id, exhibit.sha256, copy.sha256, digest]))
    ? undefined
    : "is not in the audit log as made of this original by this recipe";
}

function copyLine(line: Json): CopyLine | undefined {
  if (!isJsonObject(line)) return undefined;
  const { original, copy, recipe } = line;
  if (!isJsonObject(original) || !isJsonObject(copy) || !isJsonObject(recipe)) return undefined;
  const sha256 = copy["sha256"];
  if (typeof sha256 !== "string" || recipe["v"] !== 1) return undefined;
  return {
    original: { bytes: original["bytes"], sha256: original["sha256"] },
    copy: { bytes: copy["bytes"], sha256 },
    recipe,
  };
}
