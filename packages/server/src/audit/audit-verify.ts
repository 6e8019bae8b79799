import {
  bundlePath,
  decodeBundle,
  edgeRoot,
  emptyEdge,
  equalBytes,
  parseTilePath,
  readTile,
  tilesForAppend,
  tileWidth,
  verifyCheckpoint,
  type LogFile,
  type NoteKey,
  type TreeEdge,
} from "@tillwatch/evidence";
import type { AuditVerification } from "@tillwatch/wire";
import type { Clock } from "../platform/clock.ts";
import { nodeSha256 } from "../platform/keys/node-crypto.ts";
import type { Db } from "../schema.ts";
import type { LogFiles } from "./audit-log-files.ts";
import { readLogRow } from "./audit-log-store.ts";
import { entryIdOf, rowProblem } from "./audit-row-check.ts";
import { rowsForVerification, strayRows, uncommittedRows } from "./audit-verify-read.ts";

type Problem = AuditVerification["problems"][number];

type VerifyInput = { readonly db: Db; readonly files: LogFiles; readonly key: NoteKey; readonly clock: Clock };

/** Beyond this many, the rest is counted only. */
const problemsMax = 200;
// A multiple of a tile's width, so that every step begins at a tile's edge.
const stepEntries = 16 * tileWidth;

/**
 * Recomputes the whole record: every row against the entry that the log holds (columns, body by its salt), the log's files
 * against the entries, and the root against the signed checkpoint, and what the bodies commit to (custody, decisions). Names each row that was changed, deleted or put in, and
 * each file of the log that is not what it must be. The log may go on growing meanwhile.
 */
export async function verifyAudit(input: VerifyInput): Promise<AuditVerification> {
  const startedMs = input.clock();
  const findings = new Findings();
  const size = await checkCheckpoint(input, findings);
  const checked = size === undefined ? 0 : await checkRows(input, size, findings);
  for (const row of await uncommittedRows(input.db)) addTo(findings, row);
  return {
    ok: findings.problems.length === 0,
    checked,
    size: size === undefined ? 0 : size.size,
    durationMs: input.clock() - startedMs,
    problems: findings.list(),
  };
}

class Findings {
  readonly problems: Problem[] = [];
  #more = 0;

  add(says: string, row: { readonly index?: number; readonly entryId?: string | undefined } = {}): void {
    if (this.problems.length < problemsMax)
      this.problems.push({ index: row.index ?? null, entryId: row.entryId ?? null, says });
    else this.#more += 1;
  }

  list(): readonly Problem[] {
    if (this.#more === 0) return this.problems;
    return [...this.problems, { index: null, entryId: null, says: `and ${this.#more} more` }];
  }
}

type Signed = { readonly size: number; readonly root: Uint8Array };

async function checkCheckpoint({ db, files, key }: VerifyInput, findings: Findings): Promise<Signed | undefined> {
  const row = await readLogRow(db);
  const bytes = await files.read("checkpoint");
  if (bytes === undefined) {
    findings.add("the log has no checkpoint");
    return undefined;
  }
  const verified = await verifyCheckpoint(bytes, [key]);
  if (!verified.ok) {
    findings.add(`the checkpoint is not one that our key signed: ${verified.error.says}`);
    return undefined;
  }
  const { size, root } = verified.value.checkpoint;
  if (Number(size) < row.published) {
    findings.add(`the checkpoint covers ${size} entries, ${row.published} were published before: the log was put back`);
  }
  if (row.next < size) findings.add(`the checkpoint covers ${size} entries, the database handed out ${row.next}`);
  return { size: Number(size), root };
}

/** Walks the log. Entries come from the bundles; rows are compared with them; then the root decides which of the two is right. */
async function checkRows(input: VerifyInput, signed: Signed, findings: Findings): Promise<number> {
  const suspects: Problem[] = [];
  const damaged: string[] = [];
  let edge: TreeEdge = emptyEdge;
  let checked = 0;
  for (let at = 0; at < signed.size; at += stepEntries) {
    const end = Math.min(signed.size, at + stepEntries);
    const rows = await rowsForVerification(input.db, at, end);
    const logged = await readEntries(input.files, { from: at, to: end });
    const entries: Uint8Array[] = [];
    for (let index = at; index < end; index += 1) {
      const row = rows.get(index);
      const entry = logged[index - at];
      const problem = rowProblem(nodeSha256, row, entry);
      if (problem !== undefined) suspects.push({ index, entryId: row?.id ?? entryIdOf(entry), says: problem });
      if (row !== undefined) checked += 1;
      entries.push(entry ?? row?.entry ?? new Uint8Array(0));
    }
    const append = tilesForAppend({ sha256: nodeSha256, edge, entries });
    damaged.push(...(await differingFiles(input.files, append.files, end === signed.size)));
    edge = append.edge;
  }
  const filesAreSigned = equalBytes(edgeRoot(nodeSha256, edge), signed.root);
  if (filesAreSigned) for (const problem of suspects) addTo(findings, problem);
  else await blame(input, { signed, suspects, findings });
  for (const path of damaged) findings.add(`the log's file ${path} is missing or was changed`);
  for (const row of await strayRows(input.db)) {
    findings.add("the row was put in: the log never handed out its place", { index: row.index, entryId: row.id });
  }
  return checked;
}

/** The files do not lead to the signed root. If the rows do, the files were changed and the rows are right. */
async function blame(
  input: VerifyInput,
  {
    signed,
    suspects,
    findings,
  }: { readonly signed: Signed; readonly suspects: readonly Problem[]; readonly findings: Findings },
): Promise<void> {
  let edge: TreeEdge = emptyEdge;
  const inside: Problem[] = [];
  for (let at = 0; at < signed.size; at += stepEntries) {
    const end = Math.min(signed.size, at + stepEntries);
    const rows = await rowsForVerification(input.db, at, end);
    const entries: Uint8Array[] = [];
    for (let index = at; index < end; index += 1) {
      const row = rows.get(index);
      const problem = rowProblem(nodeSha256, row, row?.entry);
      if (problem !== undefined) inside.push({ index, entryId: row?.id ?? null, says: problem });
      entries.push(row?.entry ?? new Uint8Array(0));
    }
    edge = tilesForAppend({ sha256: nodeSha256, edge, entries }).edge;
  }
  const rowsAreSigned = equalBytes(edgeRoot(nodeSha256, edge), signed.root);
  if (rowsAreSigned) {
    const bundles = new Set(suspects.map((suspect) => Math.floor((suspect.index ?? 0) / tileWidth)));
    for (const bundle of bundles) {
      findings.add(
        `the log's entries ${bundle * tileWidth} to ${(bundle + 1) * tileWidth - 1} were changed on disk; the rows are as signed`,
      );
    }
    for (const problem of inside) addTo(findings, problem);
    return;
  }
  findings.add("neither the rows nor the log's files lead to the signed root: both were changed");
  for (const problem of suspects.length > 0 ? suspects : inside) addTo(findings, problem);
}

function addTo(findings: Findings, { says, index, entryId }: Problem): void {
  findings.add(says, { ...(index === null ? {} : { index }), entryId: entryId ?? undefined });
}

/** Entries `from` to `to` as the log's bundles hold them; undefined where a bundle is missing or unreadable. */
async function readEntries(
  files: LogFiles,
  span: { readonly from: number; readonly to: number },
): Promise<readonly (Uint8Array | undefined)[]> {
  const out: (Uint8Array | undefined)[] = [];
  for (let at = span.from; at < span.to; at += tileWidth) {
    const width = Math.min(tileWidth, span.to - at);
    const index = BigInt(at / tileWidth);
    const bytes = (await files.read(bundlePath(index, width))) ?? (await files.read(bundlePath(index)));
    const bundle = bytes === undefined ? undefined : decodeBundle(bytes);
    for (let i = 0; i < width; i += 1) out.push(bundle?.ok === true ? bundle.value[i] : undefined);
  }
  return out;
}

/** The paths of what the log should hold and does not. Partial tiles count at the end only: those between were never published. */
async function differingFiles(files: LogFiles, wanted: readonly LogFile[], atEnd: boolean): Promise<readonly string[]> {
  const differing: string[] = [];
  for (const { path, bytes } of wanted) {
    const tile = parseTilePath(path);
    if (tile === undefined || (tile.width !== tileWidth && !atEnd)) continue;
    const same =
      tile.level === "entries"
        ? await sameBundle(files, path, bytes)
        : await sameTile(files, { level: tile.level, index: tile.index, width: tile.width }, bytes);
    if (!same) differing.push(path);
  }
  return differing;
}

async function sameBundle(files: LogFiles, path: string, bytes: Uint8Array): Promise<boolean> {
  // A partial bundle may have become full and gone; then the full one begins with it.
  const stored = (await files.read(path)) ?? (await files.read(path.replace(/\.p\/\d+$/, "")));
  return stored !== undefined && equalBytes(stored.subarray(0, bytes.length), bytes);
}

async function sameTile(
  files: LogFiles,
  tile: { readonly level: number; readonly index: bigint; readonly width: number },
  bytes: Uint8Array,
): Promise<boolean> {
  try {
    return equalBytes(await readTile(files.read, tile), bytes);
  } catch {
    return false;
  }
}
