import { parseAuditEntry, verifyAuditBody, verifySaid, type AuditHeader } from "./audit-entry.ts";
import { collectBytes } from "./bag-read.ts";
import { equalBytes, fromBase64, fromHex, toHex, utf8, utf8Text } from "./bytes.ts";
import { canonicalBytes, canonicalJson, isJsonObject, parseCanonicalJson, type Json } from "./canonical-json.ts";
import { verifyCheckpoint, type Checkpoint } from "./checkpoint.ts";
import type { Hashing, Sha256 } from "./hashing.ts";
import { verifyInclusion } from "./merkle-proof.ts";
import { appendLeaf, emptyRange, leafHash, rangeRoot } from "./merkle-tree.ts";
import {
  exportFiles,
  exportSealBody,
  fittingLeaves,
  headerFits,
  listedFiles,
  readClaim,
  recordExportedKind,
  type ExportClaim,
} from "./record-export.ts";
import { ExportFindings, type ExportReport } from "./record-export-report.ts";
import { formatVkey, parseVkey, type NoteKey } from "./signed-note.ts";
import { bundlePath, decodeBundle, tileWidth, type ReadLogFile } from "./tiles.ts";
import { parseTlogProof, verifyTlogProof } from "./tlog-proof.ts";
import type { ByteSource, ZipEntry } from "./zip-archive.ts";
import { openZipEntry, readZip } from "./zip-read.ts";

export type ExportTrust = {
  /** Keys of logs that the verifier trusts; empty: the export's own key is used, and the report says so. */
  readonly logKeys: readonly NoteKey[];
  /** A copy of the log (C2SP tlog-tiles), for exports that do not carry it: then "nothing left out" is decided by it. */
  readonly log?: ReadLogFile;
};

/** A file is read whole; more than this is an attack on memory. */
const fileBytesMax = 512 * 1024 * 1024;

type Ports = { readonly hashing: Hashing };
type Line = { readonly index: number; readonly header: AuditHeader };
type Given = {
  readonly file: (name: string) => Uint8Array | undefined;
  readonly sha256: Sha256;
  readonly trust: ExportTrust;
  readonly findings: ExportFindings;
};

/** Whether a zip with these paths says that it is an export of the record. */
export function looksLikeExport(paths: readonly string[]): boolean {
  return paths.includes(exportFiles.claim);
}

/**
 * Verifies an export offline. Takes hostile input: never throws on content, only if `source` throws. With no trusted key the report
 * proves that the export is consistent, not whose log it is of: callers MUST show the key for comparison.
 */
export async function verifyRecordExport(source: ByteSource, trust: ExportTrust, ports: Ports): Promise<ExportReport> {
  const findings = new ExportFindings();
  const zip = await readZip(source);
  if (!zip.ok) {
    findings.fail("zip structure", zip.error.says);
    return report(findings, { unusable: zip.error.code === "zip_not_a_zip" });
  }
  const { entries } = zip.value;
  if (!looksLikeExport(entries.map((entry) => entry.path))) {
    findings.fail("zip structure", "the zip is no export of a record: it has no record-export.json");
    return report(findings, { unusable: true });
  }
  const files = await readFiles(source, entries, { ports, findings });
  const given: Given = { file: (name) => files.get(name), sha256: ports.hashing.sha256, trust, findings };
  const claim = readClaim(jsonOf(given.file(exportFiles.claim)));
  if (claim === undefined) {
    findings.fail("claim", `${exportFiles.claim} is malformed or was changed`);
    return report(findings, { unusable: false });
  }
  findings.pass("claim", `${claim.says}; asked by ${claim.askedBy} at ${claim.askedAt}`);
  const keys = trust.logKeys.length > 0 ? trust.logKeys : namedKey(given);
  const signed = await checkCheckpoint(given, claim, keys);
  checkFiles(given);
  await checkSeal(given, claim, keys);
  if (signed !== undefined) {
    const lines = checkLines(given, claim, signed.checkpoint);
    await checkComplete(given, { claim, checkpoint: signed.checkpoint, lines });
  }
  const from = trust.logKeys.length > 0 ? ("given" as const) : ("export" as const);
  return report(findings, {
    unusable: false,
    question: claim.says,
    ...(signed === undefined ? {} : { key: { vkey: formatVkey(signed.by), source: from } }),
  });
}

function report(
  findings: ExportFindings,
  more: { readonly unusable: boolean } & Pick<ExportReport, "question" | "key">,
): ExportReport {
  const { unusable, ...rest } = more;
  const checks = findings.list();
  const first = checks.find((check) => !check.ok);
  const verdict = unusable ? "unusable" : first === undefined ? "verified" : "broken";
  return { verdict, checks, ...rest, ...(first === undefined ? {} : { firstProblem: first.detail }) };
}

async function readFiles(
  source: ByteSource,
  entries: readonly ZipEntry[],
  { ports, findings }: { readonly ports: Ports; readonly findings: ExportFindings },
): Promise<ReadonlyMap<string, Uint8Array>> {
  const known = new Set<string>(Object.values(exportFiles));
  const files = new Map<string, Uint8Array>();
  for (const entry of entries) {
    if (!known.has(entry.path)) findings.fail("zip structure", `${entry.path} does not belong into an export`);
    else if (entry.bytes > fileBytesMax) findings.fail("zip structure", `${entry.path} is too large`);
    else {
      try {
        files.set(entry.path, await collectBytes(openZipEntry(source, entry, ports.hashing), fileBytesMax));
      } catch {
        findings.fail(
          "zip structure",
          `${entry.path} does not have the length and CRC that the zip states: it was changed`,
        );
      }
    }
  }
  findings.pass("zip structure", `${entries.length} files`);
  return files;
}

function jsonOf(bytes: Uint8Array | undefined): Json | undefined {
  return bytes === undefined ? undefined : parseCanonicalJson(bytes);
}

function namedKey({ file, sha256 }: Given): readonly NoteKey[] {
  const value = jsonOf(file(exportFiles.keys));
  const text = isJsonObject(value) ? value["log"] : undefined;
  const key = typeof text === "string" ? parseVkey(sha256, text) : undefined;
  return key?.ok === true ? [key.value] : [];
}

type Signed = { readonly checkpoint: Checkpoint; readonly by: NoteKey };

async function checkCheckpoint(
  { file, findings }: Given,
  claim: ExportClaim,
  keys: readonly NoteKey[],
): Promise<Signed | undefined> {
  const bytes = file(exportFiles.checkpoint);
  const verified = bytes === undefined ? undefined : await verifyCheckpoint(bytes, keys);
  if (verified?.ok !== true) {
    const why = verified === undefined ? "is missing" : `is not one of the trusted log: ${verified.error.says}`;
    findings.fail("checkpoint", `${exportFiles.checkpoint} ${why}`);
    return undefined;
  }
  const { checkpoint } = verified.value;
  if (checkpoint.size !== BigInt(claim.treeSize)) {
    findings.fail("checkpoint", `the checkpoint covers ${checkpoint.size} entries, the export says ${claim.treeSize}`);
  } else findings.pass("checkpoint", `${checkpoint.size} entries of ${checkpoint.origin}`);
  return verified.value;
}

function checkFiles({ file, findings, sha256 }: Given): void {
  const manifest = jsonOf(file(exportFiles.manifest));
  const digests = isJsonObject(manifest) && manifest["v"] === 1 ? manifest["files"] : undefined;
  if (!isJsonObject(digests)) {
    findings.fail("files", `${exportFiles.manifest} is missing, malformed or was changed`);
    return;
  }
  for (const name of new Set<string>([...listedFiles, ...Object.keys(digests)])) {
    const bytes = file(name);
    const listed = digests[name];
    if (listed === undefined && bytes === undefined) continue;
    if (bytes === undefined) findings.fail("files", `${name} was removed`);
    else if (listed === undefined) findings.fail("files", `${name} was added`);
    else if (toHex(sha256(bytes)) !== listed) findings.fail("files", `${name} was changed`);
  }
  findings.pass("files", `${Object.keys(digests).length} files as listed`);
}

/** The log itself holds an entry that commits to the manifest: claim, count and files are what was handed out. */
async function checkSeal(
  { file, findings, sha256 }: Given,
  claim: ExportClaim,
  keys: readonly NoteKey[],
): Promise<void> {
  const fail = (says: string) => findings.fail("seal", says);
  const value = jsonOf(file(exportFiles.seal));
  const manifest = file(exportFiles.manifest);
  const proofBytes = file(exportFiles.sealProof);
  const proof = proofBytes === undefined ? undefined : parseTlogProof(proofBytes);
  if (!isJsonObject(value) || manifest === undefined || proof?.ok !== true) {
    return fail(`${exportFiles.seal}, ${exportFiles.sealProof} or ${exportFiles.manifest} is missing or malformed`);
  }
  const { header, body, salt } = value;
  const entry = canonicalJson(header ?? null);
  const parsed = entry.ok ? parseAuditEntry(entry.value) : undefined;
  const saltBytes = typeof salt === "string" ? fromHex(salt) : undefined;
  if (!entry.ok || parsed?.ok !== true || saltBytes === undefined || body === undefined) {
    return fail(`${exportFiles.seal} is malformed`);
  }
  const held = await verifyTlogProof({ sha256, proof: proof.value, leafHash: leafHash(sha256, entry.value), keys });
  if (!held.ok) return fail(`the log does not hold the entry of this export: ${held.error.says}`);
  if (parsed.value.kind !== recordExportedKind || parsed.value.subject.id !== claim.exportId) {
    return fail("the sealing entry is of something else");
  }
  if (!verifyAuditBody(sha256, entry.value, { body, salt: saltBytes }))
    return fail("the sealing entry's body was changed");
  const expected = exportSealBody(sha256, claim, manifest);
  const older = isJsonObject(body) && body["question"] !== undefined ? { ...expected, question: claim.says } : expected;
  if (!equalBytes(canonicalBytes(body), canonicalBytes(older))) {
    return fail("the export is not the one that was recorded: its claim or its list of files was changed");
  }
  findings.pass("seal", `entry ${proof.value.index} of the log records this export`);
}

function checkLines(given: Given, claim: ExportClaim, checkpoint: Checkpoint): readonly Line[] {
  const { file, findings } = given;
  const text = utf8Text(file(exportFiles.entries) ?? new Uint8Array(0));
  const rows = text === undefined || text === "" ? [] : text.split("\n").slice(0, -1);
  const lines: Line[] = [];
  let bodies = 0;
  let reasons = 0;
  let last = -1;
  for (const [at, row] of rows.entries()) {
    const line = checkLine(given, { row, at, checkpoint });
    if (line === undefined) continue;
    if (line.index <= last) findings.fail("count", `line ${at + 1}: entry ${line.index} stands twice or out of order`);
    last = line.index;
    if (line.body) bodies += 1;
    if (line.reason) reasons += 1;
    if (!headerFits(claim.question, line.header)) {
      findings.fail("answers the question", `entry ${line.index} does not belong to the answer`);
    }
    lines.push(line);
  }
  if (rows.length !== claim.entries) {
    findings.fail(
      "count",
      `${rows.length} entries are there, the export says ${claim.entries}: ${lacking(rows.length, claim.entries)}`,
    );
  }
  findings.pass("entries in the log", `${lines.length} entries, each at its place under the checkpoint`);
  const without = lines.length - bodies;
  const withReasons = reasons > 0 ? `, ${reasons} with the reason that was given` : "";
  findings.pass("bodies", `${bodies} bodies as recorded${withReasons}${without > 0 ? `, ${without} erased` : ""}`);
  findings.pass("count", `${rows.length}`);
  findings.pass("answers the question", claim.says);
  return lines;
}

function lacking(found: number, claimed: number): string {
  return found < claimed ? `${claimed - found} were removed` : `${found - claimed} were added`;
}

function checkLine(
  { findings, sha256 }: Given,
  { row, at, checkpoint }: { readonly row: string; readonly at: number; readonly checkpoint: Checkpoint },
): (Line & { readonly body: boolean; readonly reason: boolean }) | undefined {
  const fail = (says: string) => findings.fail("entries in the log", `line ${at + 1}: ${says}`);
  const value = parseCanonicalJson(utf8(row));
  const { header, body, salt, index, proof, said } = isJsonObject(value) ? value : {};
  const entry = canonicalJson(header ?? null);
  const parsed = entry.ok ? parseAuditEntry(entry.value) : undefined;
  const hashes = Array.isArray(proof)
    ? proof.map((one) => (typeof one === "string" ? fromBase64(one) : undefined))
    : [];
  if (!entry.ok || parsed?.ok !== true || typeof index !== "number" || !Number.isSafeInteger(index) || index < 0) {
    fail("it is malformed or was changed");
    return undefined;
  }
  const included = verifyInclusion({
    sha256,
    leafHash: leafHash(sha256, entry.value),
    leafIndex: BigInt(index),
    treeSize: checkpoint.size,
    proof: hashes.map((one) => one ?? new Uint8Array(0)),
    root: checkpoint.root,
  });
  if (!included.ok) fail(`entry ${index} (${parsed.value.id}) is not what the log holds there: it was changed`);
  const whole = typeof salt === "string" && body !== undefined;
  const saltBytes = typeof salt === "string" ? fromHex(salt) : undefined;
  if (whole && (saltBytes === undefined || !verifyAuditBody(sha256, entry.value, { body, salt: saltBytes }))) {
    findings.fail("bodies", `the body of entry ${index} was changed`);
  }
  if (said !== undefined && !(whole && isReasonOf(sha256, body, said))) {
    findings.fail("bodies", `the reason of entry ${index} is not the one that was given`);
  }
  return { index, header: parsed.value, body: whole, reason: said !== undefined };
}

function isReasonOf(sha256: Sha256, body: Json, said: Json): boolean {
  const { text, salt } = isJsonObject(said) ? said : {};
  return typeof text === "string" && typeof salt === "string" && verifySaid(sha256, body, { text, salt });
}

/** Reads the whole log, holds it to the signed root, and looks for entries that fit and are not in the answer. */
async function checkComplete(
  given: Given,
  {
    claim,
    checkpoint,
    lines,
  }: { readonly claim: ExportClaim; readonly checkpoint: Checkpoint; readonly lines: readonly Line[] },
): Promise<void> {
  const { findings, trust, sha256, file } = given;
  const name = "nothing left out" as const;
  const carried = file(exportFiles.log);
  if (claim.logIncluded && carried === undefined) return findings.fail(name, `${exportFiles.log} was removed`);
  const bundles =
    carried !== undefined
      ? bundlesIn(carried)
      : trust.log === undefined
        ? undefined
        : bundlesOf(trust.log, checkpoint.size);
  if (bundles === undefined) {
    return findings.pass(name, "NOT checked: the export does not carry the log; give a copy of it with --log FOLDER");
  }
  const beyond = claim.question.beyondHeaders;
  const shown = new Set(lines.map((line) => line.index));
  let range = emptyRange;
  let at = 0;
  let fitting = 0;
  for await (const entries of bundles) {
    if (entries === undefined) return findings.fail(name, `the copy of the log is damaged after entry ${at}`);
    for (const entry of entries) range = appendLeaf(sha256, range, leafHash(sha256, entry));
    for (const index of fittingLeaves(claim.question, entries, at)) {
      fitting += 1;
      if (beyond.length === 0 && !shown.has(index))
        findings.fail(name, `entry ${index} of the log fits the question and was left out`);
    }
    at += entries.length;
  }
  if (BigInt(at) !== checkpoint.size || !equalBytes(rangeRoot(sha256, range), checkpoint.root)) {
    return findings.fail(name, "the copy of the log is not the one under the checkpoint");
  }
  if (beyond.length > 0) {
    return findings.pass(name, `NOT decidable from the log's headers: the question also asks for ${beyond.join(", ")}`);
  }
  findings.pass(name, `of ${at} entries in the log ${fitting} fit the question, and all of them are there`);
}

type Bundles = AsyncGenerator<readonly Uint8Array[] | undefined, void, void>;

/** Bundles one after the other, each with its length before it (uint32, big-endian). */
async function* bundlesIn(bytes: Uint8Array): Bundles {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length;) {
    const length = at + 4 <= bytes.length ? view.getUint32(at) : Number.POSITIVE_INFINITY;
    const decoded = at + 4 + length <= bytes.length ? decodeBundle(bytes.subarray(at + 4, at + 4 + length)) : undefined;
    if (decoded?.ok !== true) return yield undefined;
    yield decoded.value;
    at += 4 + length;
  }
}

async function* bundlesOf(read: ReadLogFile, size: bigint): Bundles {
  for (let index = 0n; index * BigInt(tileWidth) < size; index += 1n) {
    const rest = size - index * BigInt(tileWidth);
    const width = rest < BigInt(tileWidth) ? Number(rest) : tileWidth;
    const bytes = (await read(bundlePath(index, width))) ?? (await read(bundlePath(index)));
    const decoded = bytes === undefined ? undefined : decodeBundle(bytes);
    if (decoded?.ok !== true || decoded.value.length < width) return yield undefined;
    yield decoded.value.slice(0, width);
  }
}
