import { readAuditHeader, verifyAuditBody } from "./audit-entry.ts";
import { fromBase64, fromHex, utf8 } from "./bytes.ts";
import { canonicalJson, isJsonObject, parseJson, type Json, type JsonObject } from "./canonical-json.ts";
import { verifyCheckpoint, type Checkpoint } from "./checkpoint.ts";
import { custodyDigest, verifyCustodyChain } from "./custody.ts";
import type { Sha256 } from "./hashing.ts";
import { verifyInclusion } from "./merkle-proof.ts";
import { leafHash } from "./merkle-tree.ts";
import { contentDisposed, custodyDigestField, exhibitPath, packetFiles } from "./packet.ts";
import { checkCopies, claimIn } from "./packet-copy-checks.ts";
import { acceptanceIn, checkDrafts } from "./packet-draft-checks.ts";
import type { PacketFindings } from "./packet-report.ts";
import { unsafePath } from "./safe-path.ts";
import type { NoteKey } from "./signed-note.ts";

export type ContentInput = {
  readonly sha256: Sha256;
  /** Name of the zip's top folder. */
  readonly folder: string;
  readonly logKeys: readonly NoteKey[];
  /** The statement's predicate, undefined when it could not be read. */
  readonly predicate: JsonObject | undefined;
  /** Length and lower-case hex SHA-256 of every payload file, by path from the bag's folder. */
  readonly payload: ReadonlyMap<string, { readonly bytes: number; readonly sha256: string }>;
  readonly read: (path: string) => Promise<Uint8Array | undefined>;
  readonly findings: PacketFindings;
};

/** Checks that record, exhibits, custody chains and audit entries fit together. Their bytes were checked before. */
export async function checkContents(input: ContentInput): Promise<void> {
  const exhibits = await checkRecord(input);
  await checkExhibits(input, exhibits);
  const recorded = await checkAudit(input);
  await checkCustody(input, exhibits, recorded.custody);
  await checkCopies(input, exhibits, recorded.copies);
  await checkDrafts(input, recorded.drafts);
}

export type ExhibitLine = {
  readonly id: string;
  readonly kind: string;
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
};

async function checkRecord(input: ContentInput): Promise<readonly ExhibitLine[]> {
  const fail = (says: string) => input.findings.fail("record", `${packetFiles.record} ${says}`);
  for (const path of [packetFiles.timeline, packetFiles.decisions]) {
    if ((await readJson(input, path)) === undefined) input.findings.fail("record", `${path} is not JSON`);
  }
  const record = await readJson(input, packetFiles.record);
  if (!isJsonObject(record) || record["v"] !== 1 || !Array.isArray(record["exhibits"])) {
    fail("is malformed");
    return [];
  }
  const { packetId, incidentRef } = record;
  if (
    typeof packetId !== "string" ||
    typeof incidentRef !== "string" ||
    `${incidentRef}-${packetId}` !== input.folder
  ) {
    fail(`is of another packet than the folder ${input.folder}`);
  }
  for (const name of ["packetId", "incidentId", "incidentRef"]) {
    if (input.predicate !== undefined && record[name] !== input.predicate[name])
      fail(`and the statement disagree on ${name}`);
  }
  const exhibits: ExhibitLine[] = [];
  for (const line of record["exhibits"] as readonly Json[]) {
    const exhibit = exhibitLine(line);
    if (exhibit === undefined) fail("lists a malformed exhibit");
    else exhibits.push(exhibit);
  }
  input.findings.pass("record", `folder ${input.folder}, ${exhibits.length} exhibits`);
  return exhibits;
}

function exhibitLine(line: Json): ExhibitLine | undefined {
  if (!isJsonObject(line)) return undefined;
  const { id, kind, path, filename, bytes, sha256 } = line;
  if (
    typeof id !== "string" ||
    typeof path !== "string" ||
    typeof filename !== "string" ||
    unsafePath(path) !== undefined
  )
    return undefined;
  if (
    typeof bytes !== "number" ||
    typeof sha256 !== "string" ||
    (kind !== "file" && kind !== "copy" && kind !== "pointer")
  )
    return undefined;
  return exhibitPath(id, kind === "pointer" ? undefined : filename) === path
    ? { id, kind, path, bytes, sha256 }
    : undefined;
}

async function checkExhibits(input: ContentInput, exhibits: readonly ExhibitLine[]): Promise<void> {
  const fail = (says: string) => input.findings.fail("exhibits", says);
  let disposed = 0;
  if (new Set(exhibits.map((exhibit) => exhibit.id)).size !== exhibits.length)
    fail("the record lists an exhibit twice");
  for (const exhibit of exhibits) {
    const path = `data/${exhibit.path}`;
    const found = input.payload.get(path);
    if (found === undefined) fail(`exhibit ${exhibit.id} is in the record, its file ${path} is not in the packet`);
    else if (exhibit.kind === "pointer") disposed += Number(await checkPointer(input, exhibit, path));
    else if (exhibit.kind === "file" && (found.sha256 !== exhibit.sha256 || found.bytes !== exhibit.bytes)) {
      fail(`${path} is not the exhibit ${exhibit.id} that the record describes: length or digest differ`);
    }
  }
  const claimed = new Set(exhibits.map((exhibit) => `data/${exhibit.path}`));
  for (const path of input.payload.keys()) {
    if (path.startsWith("data/exhibits/") && !claimed.has(path)) fail(`${path} belongs to no exhibit of the record`);
  }
  const files = exhibits.filter((exhibit) => exhibit.kind === "file").length;
  const copies = exhibits.filter((exhibit) => exhibit.kind === "copy").length;
  const copied = copies === 0 ? "" : ` ${copies} copies,`;
  const gone = disposed === 0 ? "" : `, ${disposed} of them to content that was disposed of`;
  input.findings.pass("exhibits", `${files} files,${copied} ${exhibits.length - files - copies} pointers${gone}`);
}

/** Whether it points to content that was destroyed. */
async function checkPointer(input: ContentInput, exhibit: ExhibitLine, path: string): Promise<boolean> {
  const pointer = await readJson(input, path);
  const fits =
    isJsonObject(pointer) &&
    pointer["v"] === 1 &&
    pointer["exhibitId"] === exhibit.id &&
    pointer["bytes"] === exhibit.bytes &&
    pointer["sha256"] === exhibit.sha256;
  if (!fits)
    input.findings.fail("exhibits", `${path} does not point to the exhibit ${exhibit.id} that the record describes`);
  return isJsonObject(pointer) && pointer["because"] === contentDisposed;
}

type Recorded = {
  readonly custody: ReadonlySet<string>;
  readonly copies: ReadonlySet<string>;
  readonly drafts: ReadonlySet<string>;
};

/** Returns the custody digests that the audit entries hold, and the making of copies and the acceptances of drafts that they tell of. */
async function checkAudit(input: ContentInput): Promise<Recorded> {
  const custody = new Set<string>();
  const copies = new Set<string>();
  const drafts = new Set<string>();
  const recorded = { custody, copies, drafts };
  const audit = await readJson(input, packetFiles.audit);
  if (!isJsonObject(audit) || audit["v"] !== 1 || !Array.isArray(audit["entries"])) {
    input.findings.fail("audit entries", `${packetFiles.audit} is malformed`);
    return recorded;
  }
  const entries = audit["entries"] as readonly Json[];
  const anchor = await auditAnchor(input, audit["checkpoint"]);
  let erased = 0;
  let before = -1;
  for (const [position, entry] of entries.entries()) {
    const problem = auditEntryProblem(input, entry, anchor);
    if (problem !== undefined)
      input.findings.fail("audit entries", `audit entry ${nameOf(entry, position)} ${problem}`);
    if (!isJsonObject(entry)) continue;
    const { index, body, salt } = entry;
    if (typeof index !== "number" || index <= before)
      input.findings.fail("audit entries", `${packetFiles.audit} is not in the order of the log`);
    else before = index;
    if (salt === null) erased += 1;
    const digest = isJsonObject(body) ? body[custodyDigestField] : undefined;
    if (problem === undefined && typeof digest === "string") custody.add(digest);
    const claim = claimIn(entry["header"], body);
    if (problem === undefined && claim !== undefined) copies.add(claim);
    const accepted = acceptanceIn(entry["header"], body);
    if (problem === undefined && accepted !== undefined) drafts.add(accepted);
  }
  const proven = anchor === undefined ? "not proven one by one" : `each proven in the log of ${anchor.size}`;
  input.findings.pass("audit entries", `${entries.length} entries, ${erased} with erased body, ${proven}`);
  return recorded;
}

async function auditAnchor(input: ContentInput, signed: Json | undefined): Promise<Checkpoint | undefined> {
  if (signed === undefined) return undefined;
  const verified = typeof signed === "string" ? await verifyCheckpoint(utf8(signed), input.logKeys) : undefined;
  if (verified?.ok === true) return verified.value.checkpoint;
  input.findings.fail("audit entries", `the checkpoint in ${packetFiles.audit} is not signed by the trusted log key`);
  return undefined;
}

function auditEntryProblem(input: ContentInput, entry: Json, anchor: Checkpoint | undefined): string | undefined {
  if (!isJsonObject(entry)) return "is malformed";
  const { header, body, salt, index, proof } = entry;
  const read = readAuditHeader(header);
  if (!read.ok) return `is malformed: ${read.error.says}`;
  if (typeof index !== "number" || !Number.isSafeInteger(index) || index < 0) return "has no index";
  const canonical = canonicalJson(header);
  if (!canonical.ok) return "is malformed";
  const bytes = canonical.value;
  const saltBytes = typeof salt === "string" ? fromHex(salt) : undefined;
  if (salt === null ? body !== null : saltBytes === undefined || body === undefined)
    return "has neither body and salt nor their erasure";
  if (saltBytes !== undefined && !verifyAuditBody(input.sha256, bytes, { body: body ?? null, salt: saltBytes })) {
    return "was changed: its body does not have the digest that its header carries";
  }
  if (anchor === undefined) return undefined;
  const hashes = Array.isArray(proof)
    ? (proof as readonly Json[]).map((line) => (typeof line === "string" ? fromBase64(line) : undefined))
    : [undefined];
  const whole = hashes.filter((hash) => hash !== undefined);
  if (whole.length !== hashes.length) return "has no inclusion proof";
  const included = verifyInclusion({
    sha256: input.sha256,
    leafHash: leafHash(input.sha256, bytes),
    leafIndex: BigInt(index),
    treeSize: anchor.size,
    proof: whole,
    root: anchor.root,
  });
  return included.ok ? undefined : "is not the one that the log holds at this place";
}

function nameOf(entry: Json, position: number): string {
  const header = isJsonObject(entry) ? entry["header"] : undefined;
  const id = isJsonObject(header) ? header["id"] : undefined;
  return typeof id === "string" ? id : `number ${position}`;
}

async function checkCustody(
  input: ContentInput,
  exhibits: readonly ExhibitLine[],
  recorded: ReadonlySet<string>,
): Promise<void> {
  const fail = (says: string) => input.findings.fail("custody chains", says);
  const custody = await readJson(input, packetFiles.custody);
  if (!isJsonObject(custody) || custody["v"] !== 1 || !Array.isArray(custody["chains"])) {
    fail(`${packetFiles.custody} is malformed`);
    return;
  }
  const wanted = new Map(exhibits.map((exhibit) => [exhibit.id, exhibit.sha256]));
  let links = 0;
  for (const chain of custody["chains"] as readonly Json[]) {
    const id = isJsonObject(chain) ? chain["exhibitId"] : undefined;
    const digest = typeof id === "string" ? wanted.get(id) : undefined;
    if (!isJsonObject(chain) || typeof id !== "string" || digest === undefined || !Array.isArray(chain["entries"])) {
      fail(`${packetFiles.custody} holds a chain of no exhibit of the record, or one twice`);
      continue;
    }
    wanted.delete(id);
    const entries = chain["entries"] as readonly Json[];
    links += entries.length;
    const problem = chainProblem(input.sha256, entries, { id, digest, recorded });
    if (problem !== undefined) fail(`exhibit ${id}: ${problem}`);
  }
  const [missing] = wanted.keys();
  if (missing !== undefined) fail(`exhibit ${missing} has no custody chain`);
  input.findings.pass("custody chains", `${links} entries, each also in the audit log`);
}

function chainProblem(
  sha256: Sha256,
  entries: readonly Json[],
  exhibit: { readonly id: string; readonly digest: string; readonly recorded: ReadonlySet<string> },
): string | undefined {
  const chain = verifyCustodyChain(sha256, entries);
  if (!chain.ok) return chain.error.says;
  for (const entry of chain.value.entries) {
    if (entry.exhibitId !== exhibit.id) return `custody entry ${entry.seq} belongs to another exhibit`;
    if (!exhibit.recorded.has(custodyDigest(sha256, entry)))
      return `custody entry ${entry.seq} is not in the audit log: it was changed or added`;
  }
  const last = chain.value.entries.at(-1);
  return last?.digest === exhibit.digest ? undefined : "its last custody entry was made for other bytes";
}

async function readJson(input: ContentInput, path: string): Promise<Json | undefined> {
  const bytes = await input.read(path);
  return bytes === undefined ? undefined : parseJson(bytes);
}
