import { parseAuditEntry, type AuditHeader } from "./audit-entry.ts";
import { toBase64, toHex, utf8 } from "./bytes.ts";
import { canonicalBytes, isJsonObject, type Json, type JsonObject } from "./canonical-json.ts";
import type { DisclosedAuditEntry } from "./packet.ts";
import type { Sha256 } from "./hashing.ts";

/** An answer of the record with its proofs, as a zip. Byte form and file list: docs/formats/record-export.md. */

export const exportFiles = {
  claim: "record-export.json",
  entries: "entries.ndjson",
  log: "log-entries.bin",
  checkpoint: "checkpoint.txt",
  readme: "README.txt",
  manifest: "manifest.json",
  seal: "seal-entry.json",
  sealProof: "seal-proof.txt",
  keys: "keys.json",
} as const;

/** What the manifest lists; the others prove the manifest. */
export const listedFiles = [
  exportFiles.claim,
  exportFiles.entries,
  exportFiles.log,
  exportFiles.checkpoint,
  exportFiles.readme,
] as const;

/** Kind of the audit entry that records an export; its body commits to the manifest. */
export const recordExportedKind = "audit.exported";

/**
 * The question as a reader of headers alone can decide it. Every member narrows. `subjects`: any of these; `verbs`: second part of a
 * kind. `beyondHeaders` names what the question asked besides (a ground's words, a purpose): the log's headers cannot show that
 * nothing of that was left out.
 */
export type ExportQuestion = {
  readonly subjects?: readonly { readonly kind?: string; readonly id: string }[];
  readonly actor?: string;
  readonly kind?: string;
  readonly area?: string;
  readonly verbs?: readonly string[];
  readonly from?: string; // inclusive, RFC 3339 UTC with milliseconds
  readonly to?: string; // exclusive
  readonly beyondHeaders: readonly string[];
};

/** record-export.json: what the export says of itself. The seal makes the log vouch for it. */
export type ExportClaim = {
  readonly v: 1;
  readonly exportId: string;
  /** The question in words, for readers. */
  readonly says: string;
  readonly question: ExportQuestion;
  readonly askedBy: string;
  readonly askedAt: string;
  readonly because: string;
  /** How many lines entries.ndjson has. */
  readonly entries: number;
  /** Leaves under the checkpoint. */
  readonly treeSize: number;
  /** True: log-entries.bin holds every entry of the log, so that anybody can see that none was left out. */
  readonly logIncluded: boolean;
};

/**
 * A line of entries.ndjson, canonical JSON. `proof`: base64 hashes from the leaf upward, under the export's checkpoint. `said`: the reason
 * that somebody gave, with the salt of the digest by which the body commits to it.
 */
export type ExportEntry = DisclosedAuditEntry & {
  readonly index: number;
  readonly proof: readonly string[];
  readonly said?: DisclosedReason;
};

/** `salt`: lower-case hex. */
export type DisclosedReason = { readonly text: string; readonly salt: string };

export function exportLine(
  entry: DisclosedAuditEntry & { readonly said?: DisclosedReason },
  place: { index: number; proof: readonly Uint8Array[] },
): Uint8Array {
  const { header, body, salt, said } = entry;
  const proven = { header, body, salt, index: place.index, proof: place.proof.map(toBase64) };
  const line: ExportEntry = said === undefined ? proven : { ...proven, said };
  return Uint8Array.from([...canonicalBytes(line), 0x0a]);
}

export type ExportManifest = { readonly v: 1; readonly files: Readonly<Record<string, string>> };

export function exportManifest(sha256: Sha256, files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const digests = Object.fromEntries([...files].map(([name, bytes]) => [name, toHex(sha256(bytes))]));
  return canonicalBytes({ v: 1, files: digests } satisfies ExportManifest);
}

/**
 * Body of the entry that seals an export. The question is in the claim, whose digest is in the manifest: words that somebody looked for do
 * not stand in the record. Exports of before said it here as well.
 */
export function exportSealBody(sha256: Sha256, claim: ExportClaim, manifest: Uint8Array): JsonObject {
  const { exportId, entries, treeSize, logIncluded } = claim;
  return { exportId, entries, treeSize, logIncluded, manifestSha256: toHex(sha256(manifest)) };
}

/** Whether an entry of the log belongs to the answer, as far as its header tells. */
export function headerFits(question: ExportQuestion, header: AuditHeader): boolean {
  const { subjects, actor, kind, area, verbs, from, to } = question;
  const dot = header.kind.indexOf(".");
  const itsArea = dot === -1 ? header.kind : header.kind.slice(0, dot);
  const itsVerb = dot === -1 ? "" : header.kind.slice(dot + 1);
  return (
    (subjects === undefined || subjects.some((one) => isSubject(one, header.subject))) &&
    (actor === undefined || header.actor === actor) &&
    (kind === undefined || header.kind === kind) &&
    (area === undefined || itsArea === area) &&
    (verbs === undefined || verbs.includes(itsVerb)) &&
    // Instants of one form: their order is that of the text.
    (from === undefined || header.at >= from) &&
    (to === undefined || header.at < to)
  );
}

function isSubject(wanted: { readonly kind?: string; readonly id: string }, subject: AuditHeader["subject"]): boolean {
  return wanted.id === subject.id && (wanted.kind === undefined || wanted.kind === subject.kind);
}

/** The headers of the log entries that fit, by leaf index; undefined for an entry that is none. */
export function fittingLeaves(question: ExportQuestion, entries: readonly Uint8Array[], firstIndex: number): number[] {
  return entries.flatMap((entry, at) => {
    const header = parseAuditEntry(entry);
    return header.ok && headerFits(question, header.value) ? [firstIndex + at] : [];
  });
}

/** Reads what an export says of itself; undefined for anything but the exact form. */
export function readClaim(value: Json | undefined): ExportClaim | undefined {
  if (!isJsonObject(value) || Object.keys(value).sort().join() !== claimNames) return undefined;
  const { v, exportId, says, question, askedBy, askedAt, because, entries, treeSize, logIncluded } = value;
  const texts = [exportId, says, askedBy, askedAt, because].every((text) => typeof text === "string");
  const counts = [entries, treeSize].every((n) => typeof n === "number" && Number.isSafeInteger(n) && n >= 0);
  if (v !== 1 || !texts || !counts || typeof logIncluded !== "boolean" || !isQuestion(question)) {
    return undefined;
  }
  return value as unknown as ExportClaim;
}

const claimNames = [
  "askedAt",
  "askedBy",
  "because",
  "entries",
  "exportId",
  "logIncluded",
  "question",
  "says",
  "treeSize",
  "v",
].join();

const questionNames = new Set(["subjects", "actor", "kind", "area", "verbs", "from", "to", "beyondHeaders"]);

/** A member that is not understood would be a condition that is not checked: refused. */
function isQuestion(value: Json | undefined): boolean {
  if (!isJsonObject(value) || Object.keys(value).some((name) => !questionNames.has(name))) return false;
  const { subjects, verbs, beyondHeaders } = value;
  const isText = (one: Json | undefined) => typeof one === "string";
  const isTexts = (list: Json | undefined) => Array.isArray(list) && list.every(isText);
  const texts = ["actor", "kind", "area", "from", "to"].every((name) => !(name in value) || isText(value[name]));
  const subjectsFit =
    subjects === undefined ||
    (Array.isArray(subjects) &&
      subjects.every(
        (one) =>
          isJsonObject(one) &&
          isText(one["id"]) &&
          Object.keys(one).every((name) => name === "id" || (name === "kind" && isText(one["kind"]))),
      ));
  return texts && subjectsFit && (verbs === undefined || isTexts(verbs)) && isTexts(beyondHeaders);
}

/** How a reader checks the export; it stands in the zip. */
export function exportReadme(claim: ExportClaim): Uint8Array {
  return utf8(`An answer of a Tillwatch record, with its proofs

Question:  ${claim.says}
Asked by:  ${claim.askedBy}, ${claim.askedAt}, because: ${claim.because}
Answer:    ${claim.entries} entries of a log of ${claim.treeSize}

To check it, without a network and without trusting whoever gave it to you:

    tillwatch-verify THIS.zip --key THE-LOG'S-KEY

The log's key (one line, name+id+base64) must come from somewhere else than this file: whoever runs the log published it, and
GET /api/v1/audit/checkpoint shows it. Without --key the check uses the key in keys.json and says so.

What is checked: every file has the digest that the log itself vouches for (seal-entry.json, seal-proof.txt); every line of
entries.ndjson is an entry of the log at its place (RFC 6962 inclusion proofs under checkpoint.txt, a C2SP signed note); every body
shown is the one that was recorded, and so is every reason that somebody gave ("said": where it is absent, it was erased); the number of entries; every entry fits the question; and, where log-entries.bin is
there, that no entry that fits was left out.
`);
}
