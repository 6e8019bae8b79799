import { saidDigest } from "./audit-entry.ts";
import { fromHex } from "./bytes.ts";
import { canonicalJson, isJsonObject, parseJson, type Json, type JsonObject } from "./canonical-json.ts";
import { draftAcceptedKind, draftChain, draftIdField, type DraftLink, type DraftOrigin } from "./draft-provenance.ts";
import { packetFiles } from "./packet.ts";
import type { ContentInput } from "./packet-content-checks.ts";

// A text that a program drafted and a person accepted, as far as data/drafts.json was read.
type DraftLine = {
  readonly draftId: string;
  readonly place: string;
  readonly origin: JsonObject;
  readonly links: readonly DraftLink[];
  readonly last: DraftLink;
  readonly accepted: JsonObject;
  readonly changes: Json;
};

/** Names one acceptance: what the log holds of it, and what a packet claims. */
function acceptance(of: readonly [draftId: string, by: string, at: string], chain: Json, changes: Json): string {
  const canonical = canonicalJson({ of, chain, changes });
  return canonical.ok ? new TextDecoder().decode(canonical.value) : "";
}

/** What an audit entry says of the acceptance of a draft; undefined: it is about something else. */
export function acceptanceIn(header: Json | undefined, body: Json | undefined): string | undefined {
  if (!isJsonObject(header) || !isJsonObject(body) || header["kind"] !== draftAcceptedKind) return undefined;
  const { actor, at } = header;
  const { [draftIdField]: draftId, chainSha256, changes } = body;
  if (typeof actor !== "string" || typeof at !== "string" || typeof draftId !== "string") return undefined;
  return acceptance([draftId, actor, at], chainSha256 ?? null, changes ?? null);
}

/**
 * Checks that each text which the timeline says came of a draft has its provenance beside it, that this is the one which the log recorded when a
 * person accepted it (program, model, prompt, inputs, every revision, who, when, how much was changed), and that the text is the accepted one.
 * `accepted` are the acceptances of the audit entries whose proofs hold.
 */
export async function checkDrafts(input: ContentInput, accepted: ReadonlySet<string>): Promise<void> {
  const fail = (says: string) => input.findings.fail("drafts", says);
  const record = parseJson((await input.read(packetFiles.record)) ?? new Uint8Array());
  const incident = isJsonObject(record) && isJsonObject(record["incident"]) ? record["incident"] : {};
  const entries = new Map(
    listOf(incident["timeline"]).flatMap((entry) => {
      const detail = entry["detail"];
      const id = isJsonObject(detail) ? detail[draftIdField] : undefined;
      return typeof id === "string" ? [[id, entry] as const] : [];
    }),
  );
  const bytes = await input.read(packetFiles.drafts);
  if (bytes === undefined) {
    if (entries.size > 0) fail(`the timeline tells of drafts, and ${packetFiles.drafts} is missing`);
    return;
  }
  const file = parseJson(bytes);
  if (!isJsonObject(file) || file["v"] !== 1 || !Array.isArray(file["texts"])) {
    fail(`${packetFiles.drafts} is malformed`);
    return;
  }
  const waiting = new Set(entries.keys());
  for (const text of file["texts"] as readonly Json[]) {
    const line = draftLine(text);
    const entry = line === undefined ? undefined : entries.get(line.draftId);
    if (line === undefined || entry === undefined || !waiting.delete(line.draftId)) {
      fail(`${packetFiles.drafts} tells of a draft of no entry of the timeline, of one twice, or in a malformed way`);
      continue;
    }
    const problem = draftProblem(input, line, { entry, incident, accepted });
    if (problem !== undefined) fail(`the text of draft ${line.draftId} ${problem}`);
  }
  const [missing] = waiting;
  if (missing !== undefined) fail(`${packetFiles.drafts} does not say where the text of draft ${missing} comes from`);
  const texts = entries.size === 1 ? "1 text" : `${entries.size} texts`;
  input.findings.pass("drafts", `${texts} drafted by a program, each as the log recorded its acceptance`);
}

function draftProblem(
  input: ContentInput,
  line: DraftLine,
  of: { readonly entry: JsonObject; readonly incident: JsonObject; readonly accepted: ReadonlySet<string> },
): string | undefined {
  const { draftId, links, last, accepted } = line;
  // What has no canonical form has no digest, and was never accepted.
  if (!canonicalJson({ origin: line.origin, links }).ok) return "has no canonical form";
  let before: DraftOrigin | string = line.origin as unknown as DraftOrigin;
  for (const [number, link] of links.entries()) {
    if (link.number !== number) return "has revisions that do not follow each other";
    before = draftChain(input.sha256, { draftId, link, before });
  }
  const { by, at, salt } = accepted;
  if (typeof by !== "string" || typeof at !== "string") return "does not say who accepted it";
  if (!of.accepted.has(acceptance([draftId, by, at], before, line.changes))) {
    return "is not in the audit log as accepted like this: its origin, a revision, who accepted it or what was changed differs";
  }
  if (of.entry["actor"] !== by || of.entry["at"] !== at)
    return "stands in the timeline as somebody else's, or of another time";
  if (salt === null) return undefined; // erased: digest and record are what is left
  const saltBytes = typeof salt === "string" ? fromHex(salt) : undefined;
  if (saltBytes === undefined) return "has a malformed salt";
  const texts = line.place === "note" ? [of.entry["says"]] : summariesOf(of.incident, { by, at });
  const fits = texts.some(
    (text) => typeof text === "string" && saidDigest(input.sha256, text, saltBytes) === last.textSha256,
  );
  return fits ? undefined : "is not the one that was accepted";
}

/** The values that this person gave the summary at this time. */
function summariesOf(incident: JsonObject, { by, at }: { readonly by: string; readonly at: string }): readonly Json[] {
  return listOf(incident["history"])
    .filter((change) => change["field"] === "summary" && change["actor"] === by && change["at"] === at)
    .map((change) => change["after"] ?? null);
}

function listOf(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? (value as readonly Json[]).filter(isJsonObject) : [];
}

function draftLine(text: Json): DraftLine | undefined {
  if (!isJsonObject(text)) return undefined;
  const { draftId, origin, revisions, accepted, changes } = text;
  if (typeof draftId !== "string" || !isJsonObject(origin) || !isJsonObject(accepted) || changes === undefined) {
    return undefined;
  }
  const { place } = origin;
  const links = listOf(revisions).flatMap((link) => {
    const { number, by, at, textSha256 } = link;
    const whole = typeof number === "number" && typeof by === "string" && typeof at === "string";
    return whole && typeof textSha256 === "string" ? [{ number, by, at, textSha256 }] : [];
  });
  const last = links.at(-1);
  if (last === undefined || !Array.isArray(revisions) || links.length !== revisions.length) return undefined;
  return place === "note" || place === "summary"
    ? { draftId, place, origin, links, last, accepted, changes }
    : undefined;
}
