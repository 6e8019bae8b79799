import { parseAuditEntry, verifyAuditBody } from "./audit-entry.ts";
import { equalBytes, fromBase64, fromHex, toBase64, toHex } from "./bytes.ts";
import { canonicalJson, isJsonObject, parseCanonicalJson, type Json, type JsonObject } from "./canonical-json.ts";
import { parseDsse, verifyDsse } from "./dsse.ts";
import { keyIdOf } from "./ed25519.ts";
import type { Sha256 } from "./hashing.ts";
import { leafHash } from "./merkle-tree.ts";
import { packetPredicateType, packetSealedKind, proofFiles, statementPayloadType } from "./packet.ts";
import type { PacketFindings, PacketKeyUse } from "./packet-report.ts";
import { accepted, refused, type Refusal, type Result } from "./refusal.ts";
import { formatVkey, parseVkey, type NoteKey } from "./signed-note.ts";
import { parseTlogProof, verifyTlogProof } from "./tlog-proof.ts";

/** Keys that the verifier holds on its own account. Empty lists: the packet's own keys are used, and the report says so. */
export type PacketTrust = { readonly logKeys: readonly NoteKey[]; readonly statementKeys: readonly Uint8Array[] };

export type SealInput = {
  readonly sha256: Sha256;
  readonly trust: PacketTrust;
  /** Proof files by name, undefined when absent. */
  readonly file: (name: string) => Uint8Array | undefined;
  /** Lower-case hex SHA-256 of the tag manifests present, by file name. */
  readonly tagManifests: ReadonlyMap<string, string>;
  readonly findings: PacketFindings;
};

/** What the seal says, once verified. Undefined parts could not be read. */
export type Seal = {
  readonly keys: readonly PacketKeyUse[];
  readonly logKeys: readonly NoteKey[];
  /** Identity and sealing as the statement's predicate gives them. */
  readonly predicate: JsonObject | undefined;
};

/** Checks dsse.json, tlog-proof.txt, packet-entry.json and keys.json against each other, the tag manifests and the trusted keys. */
export async function checkSeal(input: SealInput): Promise<Seal> {
  const { sha256, trust, findings } = input;
  const named = namedKeys(input);
  if (!named.ok) findings.fail("keys", named.error.says);
  const logKeys = trust.logKeys.length > 0 ? trust.logKeys : named.ok ? [named.value.log] : [];
  const entry = checkEntry(input);
  const usedLog = await checkLogProof(input, logKeys, entry?.bytes);
  const statementKeys = trust.statementKeys.length > 0 ? trust.statementKeys : named.ok ? [named.value.statement] : [];
  const signed = await checkStatementSignature(input, statementKeys);
  const predicate = signed === undefined ? undefined : checkStatement(input, signed.payload, entry?.bytes);
  if (entry !== undefined) checkEntryNames(input, entry.body, predicate);
  if (named.ok) checkNamed(input, named.value, { log: usedLog, statement: signed?.by });
  const vouched = signed !== undefined && entry?.body["statementKeyId"] === keyIdOf(sha256, signed.by);
  if (signed !== undefined && !vouched) findings.fail("keys", "the sealing's audit entry names another statement key");
  const given = { log: trust.logKeys.length > 0, statement: trust.statementKeys.length > 0 };
  const keys: PacketKeyUse[] = [];
  if (usedLog !== undefined)
    keys.push({ role: "log", key: formatVkey(usedLog), source: given.log ? "given" : "packet" });
  if (signed !== undefined) {
    const byLog = given.log && vouched ? "log" : "packet";
    keys.push({ role: "statement", key: toBase64(signed.by), source: given.statement ? "given" : byLog });
  }
  return { keys, logKeys, predicate };
}

type NamedKeys = { readonly log: NoteKey; readonly statement: Uint8Array };

function namedKeys({ file, sha256 }: SealInput): Result<NamedKeys, Refusal<"packet_keys_malformed">> {
  const value = canonicalFile(file(proofFiles.keys));
  const malformed = (says: string) => refused("packet_keys_malformed", `${proofFiles.keys} ${says}`);
  if (!isJsonObject(value) || Object.keys(value).join() !== "log,statement,v" || value["v"] !== 1) {
    return malformed("is missing, malformed or was changed");
  }
  const { log, statement } = value;
  const vkey = typeof log === "string" ? parseVkey(sha256, log) : undefined;
  if (vkey?.ok !== true) return malformed("does not hold the key of a log");
  const key = typeof statement === "string" ? fromBase64(statement) : undefined;
  return key?.length === 32
    ? accepted({ log: vkey.value, statement: key })
    : malformed("does not hold the statement's key");
}

type SealEntry = { readonly bytes: Uint8Array; readonly body: JsonObject };

function checkEntry({ sha256, file, findings }: SealInput): SealEntry | undefined {
  const fail = (says: string) => findings.fail("sealing entry", `${proofFiles.entry} ${says}`);
  const value = canonicalFile(file(proofFiles.entry));
  if (!isJsonObject(value) || Object.keys(value).join() !== "body,header,salt") {
    fail("is missing, malformed or was changed");
    return undefined;
  }
  const { header, body, salt } = value;
  const entryBytes = canonicalJson(header);
  const saltBytes = typeof salt === "string" ? fromHex(salt) : undefined;
  const parsed = entryBytes.ok ? parseAuditEntry(entryBytes.value) : undefined;
  if (!entryBytes.ok || parsed?.ok !== true || !isJsonObject(body) || saltBytes === undefined) {
    fail("is malformed");
    return undefined;
  }
  if (parsed.value.kind !== packetSealedKind)
    fail(`records ${JSON.stringify(parsed.value.kind)}, not the sealing of a packet`);
  if (!verifyAuditBody(sha256, entryBytes.value, { body, salt: saltBytes })) {
    fail("was changed: its body does not have the digest that its header carries");
  }
  return { bytes: entryBytes.value, body };
}

async function checkLogProof(
  { sha256, file, findings }: SealInput,
  keys: readonly NoteKey[],
  entry: Uint8Array | undefined,
): Promise<NoteKey | undefined> {
  const fail = (says: string) => findings.fail("log proof", `${proofFiles.tlogProof}: ${says}`);
  const bytes = file(proofFiles.tlogProof);
  if (bytes === undefined) fail("the file is missing or was changed");
  if (bytes === undefined || entry === undefined) return undefined;
  const proof = parseTlogProof(bytes);
  if (!proof.ok) {
    fail(proof.error.says);
    return undefined;
  }
  const verified = await verifyTlogProof({ sha256, proof: proof.value, leafHash: leafHash(sha256, entry), keys });
  if (!verified.ok) {
    const inclusion = verified.error.code === "proof_root_mismatch";
    fail(inclusion ? "the sealing's audit entry is not the one that the log holds at this place" : verified.error.says);
    return undefined;
  }
  const { checkpoint, by } = verified.value;
  findings.pass("log proof", `entry ${proof.value.index} of ${checkpoint.size} in ${checkpoint.origin}`);
  return by;
}

async function checkStatementSignature(
  { file, findings }: SealInput,
  keys: readonly Uint8Array[],
): Promise<{ readonly payload: Uint8Array; readonly by: Uint8Array } | undefined> {
  const fail = (says: string) => findings.fail("statement signature", `${proofFiles.dsse}: ${says}`);
  const value = canonicalFile(file(proofFiles.dsse));
  const envelope = value === undefined ? undefined : parseDsse(value);
  if (envelope?.ok !== true || !hasExactForm(value)) {
    fail("the file is missing, malformed or was changed");
    return undefined;
  }
  const verified = await verifyDsse(envelope.value, keys);
  const [by] = verified.ok ? verified.value.by : [];
  if (!verified.ok || by === undefined) {
    fail("the statement is not signed by the trusted key");
    return undefined;
  }
  if (envelope.value.payloadType !== statementPayloadType) fail(`the payload type is not ${statementPayloadType}`);
  findings.pass("statement signature", `signed by ${toBase64(by)}`);
  return { payload: verified.value.payload, by };
}

/** Packet format 1: exactly one signature, no other field, so that nothing unsigned can be changed unseen. */
function hasExactForm(value: Json | undefined): boolean {
  if (!isJsonObject(value) || Object.keys(value).join() !== "payload,payloadType,signatures") return false;
  const { signatures, payload } = value;
  if (!Array.isArray(signatures) || signatures.length !== 1) return false;
  const [one] = signatures as readonly Json[];
  if (!isJsonObject(one) || Object.keys(one).join() !== "keyid,sig") return false;
  return [payload, one["sig"]].every((text) => typeof text === "string" && fromBase64(text) !== undefined);
}

function checkStatement(input: SealInput, payload: Uint8Array, entry: Uint8Array | undefined): JsonObject | undefined {
  const fail = (says: string) => input.findings.fail("statement subjects", `the signed statement ${says}`);
  const statement = parseCanonicalJson(payload);
  if (!isJsonObject(statement) || !isJsonObject(statement["predicate"])) {
    fail("is malformed");
    return undefined;
  }
  const { predicate, predicateType, subject } = statement;
  if (statement["_type"] !== "https://in-toto.io/Statement/v1" || predicateType !== packetPredicateType)
    fail("is of another type");
  const subjects = Array.isArray(subject) ? (subject as readonly Json[]) : [];
  const seals = subjects.map((one) => {
    const digest = isJsonObject(one) && isJsonObject(one["digest"]) ? one["digest"]["sha256"] : undefined;
    return { name: isJsonObject(one) ? one["name"] : undefined, sha256: digest };
  });
  const problem = sealsProblem(seals, input.tagManifests);
  if (problem !== undefined) fail(problem);
  if (entry !== undefined && predicate["auditLeaf"] !== toHex(leafHash(input.sha256, entry))) {
    fail("names another audit entry than packet-entry.json");
  }
  input.findings.pass("statement subjects", `${seals.length} tag manifests as signed`);
  return predicate;
}

function checkEntryNames(input: SealInput, body: JsonObject, predicate: JsonObject | undefined): void {
  const fail = (says: string) => input.findings.fail("sealing entry", `the sealing's audit entry ${says}`);
  const list = Array.isArray(body["seals"]) ? (body["seals"] as readonly Json[]) : [];
  const seals = list.map((one) => (isJsonObject(one) ? { name: one["name"], sha256: one["sha256"] } : {}));
  const problem = sealsProblem(seals, input.tagManifests);
  if (problem !== undefined) fail(problem);
  for (const name of ["packetId", "incidentId", "incidentRef"]) {
    if (predicate !== undefined && body[name] !== predicate[name]) fail(`and the statement disagree on ${name}`);
  }
  input.findings.pass("sealing entry", "names the tag manifests and the statement's key");
}

function sealsProblem(
  seals: readonly { readonly name?: Json | undefined; readonly sha256?: Json | undefined }[],
  tagManifests: ReadonlyMap<string, string>,
): string | undefined {
  for (const [name, sha256] of tagManifests) {
    const found = seals.find((seal) => seal.name === name);
    if (found === undefined) return `does not name ${name}`;
    if (found.sha256 !== sha256) return `was made for another ${name}: that file was changed after sealing`;
  }
  return seals.length === tagManifests.size ? undefined : "names files that are not in the packet";
}

function checkNamed(
  { findings }: SealInput,
  named: NamedKeys,
  used: { readonly log: NoteKey | undefined; readonly statement: Uint8Array | undefined },
): void {
  if (used.log !== undefined && formatVkey(used.log) !== formatVkey(named.log)) {
    findings.fail("keys", `${proofFiles.keys} names another log key than the one that signed`);
  }
  if (used.statement !== undefined && !equalBytes(used.statement, named.statement)) {
    findings.fail("keys", `${proofFiles.keys} names another statement key than the one that signed`);
  }
  findings.pass("keys", "the keys that the packet names are those that signed");
}

function canonicalFile(bytes: Uint8Array | undefined): Json | undefined {
  return bytes === undefined ? undefined : parseCanonicalJson(bytes);
}
