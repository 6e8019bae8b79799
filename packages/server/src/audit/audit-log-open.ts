import {
  edgeRoot,
  emptyEdge,
  equalBytes,
  EvidenceFault,
  loadEdge,
  tilesForAppend,
  verifyCheckpoint,
  type Checkpoint,
  type LogFile,
  type NoteKey,
  type TreeEdge,
} from "@tillwatch/evidence";
import { nodeSha256 } from "../platform/keys/node-crypto.ts";
import type { Db } from "../schema.ts";
import type { LogFiles } from "./audit-log-files.ts";
import { entriesFrom, leavesHeld, type LogRow } from "./audit-log-store.ts";

/** Why the log must not grow: signing on would vouch for a record that lost or changed something. A person decides. */
export class AuditLogFault extends Error {
  override readonly name = "AuditLogFault";
  readonly code:
    | "audit_log_key_changed"
    | "audit_log_origin_changed"
    | "audit_log_checkpoint_invalid"
    | "audit_log_forked"
    | "audit_log_ahead_of_database"
    | "audit_log_rows_missing"
    | "audit_log_rows_altered";

  constructor(code: AuditLogFault["code"], message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/** Leaves handled in one step: bounds memory and the length of a transaction. */
export const stepEntriesMax = 16_384;

/**
 * The log as it was last published: the larger of what the database and the folder say, both signed by `key`, on one history.
 * Rebuilds tiles that are missing from the rows. Writes nothing but tiles.
 *
 * Throws AuditLogFault whenever the rows cannot be those that were signed.
 */
export async function openPublished(input: {
  readonly db: Db;
  readonly files: LogFiles;
  readonly key: NoteKey;
  readonly row: LogRow;
}): Promise<TreeEdge> {
  const { files, key, row } = input;
  const onDisk = await readSigned(await files.read("checkpoint"), key, "the checkpoint file");
  const inRow = await readSigned(
    row.note === null ? undefined : Buffer.from(row.note),
    key,
    "the checkpoint in the database",
  );
  if (inRow !== undefined && Number(inRow.size) !== row.published) {
    throw new AuditLogFault(
      "audit_log_checkpoint_invalid",
      "the database's checkpoint is of another size than it says",
    );
  }
  // The file is written before the row is committed, so it may be one step ahead, never behind for long.
  const ahead = onDisk !== undefined && (inRow === undefined || onDisk.size > inRow.size);
  const published = ahead ? onDisk : inRow;
  if (published === undefined) {
    await checkHeld(input.db, row);
    return emptyEdge;
  }
  if (Number(published.size) > row.next) {
    throw new AuditLogFault(
      "audit_log_ahead_of_database",
      `a checkpoint over ${published.size} entries was published, the database knows ${row.next}: it lost entries`,
    );
  }
  await checkHeld(input.db, row);
  const edge = await edgeOf(input, { published, folderIsNew: onDisk === undefined });
  const other = ahead ? inRow : onDisk;
  if (other !== undefined) await checkHistory(input, { edge, older: other });
  return edge;
}

async function readSigned(bytes: Uint8Array | undefined, key: NoteKey, what: string): Promise<Checkpoint | undefined> {
  if (bytes === undefined) return undefined;
  const verified = await verifyCheckpoint(bytes, [key]);
  if (verified.ok) return verified.value.checkpoint;
  throw new AuditLogFault(
    "audit_log_checkpoint_invalid",
    `${what} is not one that our key signed: ${verified.error.says}`,
  );
}

async function checkHeld(db: Db, row: LogRow): Promise<void> {
  const held = await leavesHeld(db);
  if (held.rows === row.next && held.highest === row.next - 1) return;
  throw new AuditLogFault(
    "audit_log_rows_missing",
    `${row.next} leaves were handed out, the table holds ${held.rows}, the highest is ${held.highest}`,
  );
}

async function edgeOf(
  { db, files }: { readonly db: Db; readonly files: LogFiles },
  { published, folderIsNew }: { readonly published: Checkpoint; readonly folderIsNew: boolean },
): Promise<TreeEdge> {
  const stored = folderIsNew ? undefined : await edgeOfFiles(files, published.size);
  if (stored !== undefined && equalBytes(edgeRoot(nodeSha256, stored), published.root)) return stored;
  const rebuilt = await replayRows(db, Number(published.size), (written) => files.writeTiles(written));
  if (equalBytes(edgeRoot(nodeSha256, rebuilt), published.root)) return rebuilt;
  throw new AuditLogFault(
    "audit_log_rows_altered",
    `the rows do not lead to the root that was signed for ${published.size} entries; verify the record to learn which`,
  );
}

async function edgeOfFiles(files: LogFiles, size: bigint): Promise<TreeEdge | undefined> {
  try {
    return await loadEdge(size, files.read);
  } catch (fault) {
    if (fault instanceof EvidenceFault) return undefined;
    throw fault;
  }
}

/** Builds the first `size` leaves from the rows again. */
export async function replayRows(
  db: Db,
  size: number,
  write: (files: readonly LogFile[]) => Promise<void>,
): Promise<TreeEdge> {
  let edge = emptyEdge;
  for (let at = 0; at < size;) {
    const rows = await entriesFrom(db, at, Math.min(stepEntriesMax, size - at));
    const entries = contiguous(rows, at);
    const append = tilesForAppend({ sha256: nodeSha256, edge, entries });
    await write(append.files);
    edge = append.edge;
    at += entries.length;
  }
  return edge;
}

/** The entries of consecutive leaves from `from`; a hole is a row that somebody deleted. */
export function contiguous(
  rows: readonly { readonly index: number; readonly entry: Uint8Array }[],
  from: number,
): readonly Uint8Array[] {
  for (const [i, row] of rows.entries()) {
    if (row.index !== from + i)
      throw new AuditLogFault("audit_log_rows_missing", `the row of leaf ${from + i} is gone`);
  }
  if (rows.length === 0) throw new AuditLogFault("audit_log_rows_missing", `the row of leaf ${from} is gone`);
  return rows.map((row) => row.entry);
}

async function checkHistory(
  { db }: { readonly db: Db },
  both: { readonly edge: TreeEdge; readonly older: Checkpoint },
): Promise<void> {
  const { edge, older } = both;
  const same = older.size === edge.size;
  const then = same ? edge : await replayRows(db, Number(older.size), () => Promise.resolve());
  if (equalBytes(edgeRoot(nodeSha256, then), older.root)) return;
  throw new AuditLogFault(
    "audit_log_forked",
    `the checkpoints over ${older.size} and ${edge.size} entries are not of one history`,
  );
}
