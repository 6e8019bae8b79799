import {
  bundlePath,
  decodeBundle,
  encodeBundle,
  exportFiles,
  exportLine,
  exportManifest,
  exportReadme,
  exportSealBody,
  inclusionProof,
  recordExportedKind,
  tileWidth,
  utf8,
  writeZip,
  canonicalBytes,
  joinBytes,
  type DisclosedAuditEntry,
  type DisclosedReason,
  type ExportClaim,
} from "@tillwatch/evidence";
import { nodeHashing } from "@tillwatch/verify";
import { appendAudit } from "./audit-append.ts";
import { exportById, markExportReady, type ExportRow } from "./audit-export-store.ts";
import type { LogFiles } from "./audit-log-files.ts";
import { readLogRow } from "./audit-log-store.ts";
import { proofOf, publishedTree, type PublishedTree } from "./audit-proof-files.ts";
import { headerQuestion, questionInWords } from "./audit-question-words.ts";
import { filterOf } from "./audit-question-http.ts";
import { reasonsOf } from "./audit-reasons.ts";
import { disclosedEntry, disclosedPage, incidentSubjects, type DisclosedEntry } from "./audit-read.ts";
import type { AuditSequencer } from "./audit-sequencer.ts";
import { homeOrganisation } from "../access/principal.ts";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import { scopedDb } from "../platform/database/scoped.ts";
import { putSealed, type Vault } from "../platform/keys/vault.ts";
import { vaultOf } from "../platform/keys/vault-mark.ts";
import type { Db } from "../schema.ts";

export type ExportDeps = {
  readonly db: Db;
  readonly files: LogFiles;
  readonly sequencer: Pick<AuditSequencer, "integrated" | "integrateNow">;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly chance: Chance;
};

export class ExportFault extends Error {
  override readonly name = "ExportFault";
  readonly code = "audit_export_too_large";
}

/** More is no answer that anybody reads, and would have to be held in memory. */
export const exportEntriesMax = 50_000;
/** Up to this many leaves the whole log goes along (about 30 MB), so that nobody needs a second file to see that nothing is missing. */
export const carriedLeavesMax = 100_000;
const pageEntries = 500;
const exportBytesMax = 2 ** 31;

/** Builds and stores an export. May run again after a stop at any point: an attempt that was cut off left nothing that counts. */
export async function buildExport(deps: ExportDeps, id: string): Promise<void> {
  const asked = await exportById(deps.db, id);
  if (asked === null || asked.state !== "building") return;
  await deps.sequencer.integrateNow();
  const tree = await publishedTree(deps.files);
  const answer = await gather(deps, asked, tree);
  const log = carriesLog(asked, tree) ? await carriedLog(deps.files, tree) : undefined;
  const claim = claimOf(asked, answer, log !== undefined);
  const files = new Map<string, Uint8Array>([
    [exportFiles.claim, canonicalBytes(claim)],
    [exportFiles.entries, joinBytes(answer.lines)],
    [exportFiles.checkpoint, utf8(tree.checkpoint)],
    [exportFiles.readme, exportReadme(claim)],
    ...(log === undefined ? [] : [[exportFiles.log, log] as const]),
  ]);
  const manifest = exportManifest(nodeHashing.sha256, files);
  const seal = await sealed(deps, asked, { claim, manifest });
  files.set(exportFiles.manifest, manifest);
  files.set(exportFiles.seal, canonicalBytes(seal.entry));
  files.set(exportFiles.sealProof, utf8(seal.proof));
  files.set(exportFiles.keys, canonicalBytes({ v: 1, log: (await readLogRow(deps.db)).vkey }));
  await store(deps, asked, { files, claim });
}

type Answer = {
  readonly lines: readonly Uint8Array[];
  readonly treeSize: number;
  readonly question: ExportClaim["question"];
};

async function gather(deps: ExportDeps, asked: ExportRow, tree: PublishedTree): Promise<Answer> {
  const db = scopedDb(deps.db, asked.scope);
  const filter = filterOf(asked.question);
  const treeSize = Number(tree.size);
  const { incident } = asked.question;
  const subjects = incident === undefined ? [] : await incidentSubjects(db, incident);
  const lines: Uint8Array[] = [];
  const fields = await vaultOf(deps.db);
  let outside = false;
  for (let from = 0; ;) {
    const page = await disclosedPage(db, filter, { from, below: treeSize, limit: pageEntries });
    const reasons = await reasonsOf(deps.db, fields, page);
    for (const entry of page) {
      outside ||= incident !== undefined && !subjects.includes(entry.header.subject.id);
      lines.push(await lineOf(entry, reasons.get(entry.id), tree));
    }
    if (lines.length > exportEntriesMax) {
      throw new ExportFault(`the answer has more than ${exportEntriesMax} entries; ask for a shorter time`);
    }
    const last = page.at(-1)?.index;
    if (page.length < pageEntries || last === undefined || last === null) break;
    from = last + 1;
  }
  const question = headerQuestion(asked.question, outside ? [] : subjects);
  if (question.beyondHeaders.length > 0 || !(await walled(deps.db, asked, { shown: lines.length, below: treeSize })))
    return { lines, treeSize, question };
  return { lines, treeSize, question: { ...question, beyondHeaders: ["what the asker may see"] } };
}

/**
 * Whether entries fit that the asker may not see, such as another organisation's: the log's headers do not tell whose an entry is, and
 * without a word about it an honest answer would verify as one with entries left out.
 */
async function walled(
  db: Db,
  { scope, question }: ExportRow,
  { shown, below }: { readonly shown: number; readonly below: number },
): Promise<boolean> {
  if (scope.all) return false;
  const filter = filterOf(question);
  let fitting = 0;
  for (let from = 0; ;) {
    const page = await disclosedPage(db, filter, { from, below, limit: pageEntries });
    fitting += page.length;
    const last = page.at(-1)?.index;
    if (fitting > shown || page.length < pageEntries || last === undefined || last === null) return fitting > shown;
    from = last + 1;
  }
}

async function lineOf(
  entry: DisclosedEntry,
  said: DisclosedReason | undefined,
  tree: PublishedTree,
): Promise<Uint8Array> {
  const index = entry.index ?? 0;
  return exportLine(said === undefined ? entry : { ...entry, said }, {
    index,
    proof: await inclusionProof(tree, BigInt(index)),
  });
}

/** Whoever may see one organisation or some sites is not handed the headers of all the others'. */
function carriesLog({ scope }: ExportRow, tree: PublishedTree): boolean {
  const everything = scope.all || (scope.organisationId === homeOrganisation && scope.everySite === true);
  return everything && tree.size <= BigInt(carriedLeavesMax);
}

/** Bundles one after the other, each with its length before it (uint32, big-endian), cut to the size of the tree. */
async function carriedLog(files: LogFiles, tree: PublishedTree): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (let at = 0n; at < tree.size; at += BigInt(tileWidth)) {
    const width = Number(tree.size - at < BigInt(tileWidth) ? tree.size - at : BigInt(tileWidth));
    const index = at / BigInt(tileWidth);
    const bytes = (await files.read(bundlePath(index, width))) ?? (await files.read(bundlePath(index)));
    const decoded = bytes === undefined ? undefined : decodeBundle(bytes);
    if (decoded?.ok !== true || decoded.value.length < width) throw new Error(`the log lacks bundle ${index}`);
    const bundle = encodeBundle(decoded.value.slice(0, width));
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, bundle.length);
    parts.push(length, bundle);
  }
  return joinBytes(parts);
}

function claimOf(asked: ExportRow, answer: Answer, logIncluded: boolean): ExportClaim {
  return {
    v: 1,
    exportId: asked.id,
    says: questionInWords(asked.question),
    question: answer.question,
    askedBy: asked.askedBy,
    askedAt: new Date(asked.askedAtMs).toISOString(),
    because: asked.because,
    entries: answer.lines.length,
    treeSize: answer.treeSize,
    logIncluded,
  };
}

/** Puts the export on the record, and waits for the proof that it stands there. */
async function sealed(
  deps: ExportDeps,
  asked: ExportRow,
  { claim, manifest }: { readonly claim: ExportClaim; readonly manifest: Uint8Array },
): Promise<{ readonly entry: DisclosedAuditEntry; readonly proof: string }> {
  const record = {
    kind: recordExportedKind,
    actor: asked.askedBy,
    subject: { kind: "record_export", id: asked.id },
    // Why it was asked for stands in the entry of the asking, and in the claim: this body is exactly what the seal says.
    because: "a person asked",
    atMs: deps.clock(),
    body: exportSealBody(nodeHashing.sha256, claim, manifest),
  };
  const ids = await deps.db.transaction().execute((tx) => appendAudit(tx, [record], deps.chance));
  await deps.sequencer.integrated(ids);
  const [id = ""] = ids;
  const entry = await disclosedEntry(deps.db, id);
  if (entry === null) throw new Error(`audit entry ${id} vanished`);
  const { header, body, salt } = entry;
  return { entry: { header, body, salt }, proof: await proofOf(deps, id) };
}

async function store(
  deps: ExportDeps,
  asked: ExportRow,
  { files, claim }: { readonly files: ReadonlyMap<string, Uint8Array>; readonly claim: ExportClaim },
): Promise<void> {
  const inputs = [...files].map(([path, bytes]) => ({
    path,
    bytes: bytes.length,
    crc32: nodeHashing.crc32(bytes, 0),
    open: () => [bytes],
  }));
  const source = writeZip(inputs, { hashing: nodeHashing, modifiedAtMs: asked.askedAtMs });
  const objectKey = `exports/${asked.id}/${deps.chance.uuid()}`;
  const stored = await putSealed(deps.vault, { id: asked.id, objectKey }, { source, bytesMax: exportBytesMax });
  const { entries, treeSize } = claim;
  const ready = { atMs: deps.clock(), stored, entries, treeSize };
  const first = await deps.db.transaction().execute((tx) => markExportReady(tx, asked.id, ready));
  if (!first) await deps.vault.objects.delete(objectKey);
}
