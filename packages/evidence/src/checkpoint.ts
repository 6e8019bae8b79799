import { fromBase64, toBase64, utf8 } from "./bytes.ts";
import type { Signer } from "./ed25519.ts";
import type { Sha256 } from "./hashing.ts";
import { hashBytes } from "./merkle-tree.ts";
import { accepted, refused, type Refusal, type Result } from "./refusal.ts";
import { signNote, verifyNote, type NoteKey, type NoteRefusal } from "./signed-note.ts";

/** C2SP tlog-checkpoint 1.0.0: what a log commits to. `size` is the number of leaves, `root` 32 bytes. */
export type Checkpoint = {
  readonly origin: string;
  readonly size: bigint;
  readonly root: Uint8Array;
  /** Opaque lines after the root; we write none and keep those of others. */
  readonly extensions: readonly string[];
};

export type CheckpointRefusal = Refusal<"checkpoint_malformed" | "checkpoint_origin_unknown">;

export function checkpointText(checkpoint: Omit<Checkpoint, "extensions">): string {
  return `${checkpoint.origin}\n${checkpoint.size}\n${toBase64(checkpoint.root)}\n`;
}

export function parseCheckpointText(text: string): Result<Checkpoint, CheckpointRefusal> {
  const lines = text.endsWith("\n") ? text.slice(0, -1).split("\n") : [];
  const [origin, size, encoded, ...extensions] = lines;
  const root = encoded === undefined ? undefined : fromBase64(encoded);
  if (
    origin === undefined ||
    origin === "" ||
    size === undefined ||
    root?.length !== hashBytes ||
    extensions.includes("")
  ) {
    return refused("checkpoint_malformed", "a checkpoint is an origin, a size and a root, each on a line");
  }
  if (!/^(0|[1-9][0-9]{0,19})$/.test(size) || BigInt(size) >= 1n << 64n) {
    return refused("checkpoint_malformed", "the checkpoint's size is not a decimal number below 2^64");
  }
  return accepted({ origin, size: BigInt(size), root, extensions });
}

/** The signed checkpoint, ready to serve. The key's name is the origin, as the specification asks. */
export function signCheckpoint(
  sha256: Sha256,
  checkpoint: Omit<Checkpoint, "extensions">,
  signer: Signer,
): Promise<string> {
  return signNote(sha256, checkpointText(checkpoint), [{ name: checkpoint.origin, signer }]);
}

/**
 * Verifies a signed checkpoint against the keys of logs that the caller trusts. A key is good for the origin of its own name
 * only (`checkpoint_origin_unknown`): one log's key MUST NOT vouch for another log.
 */
export async function verifyCheckpoint(
  bytes: Uint8Array,
  keys: readonly NoteKey[],
): Promise<Result<{ readonly checkpoint: Checkpoint; readonly by: NoteKey }, CheckpointRefusal | NoteRefusal>> {
  const verified = await verifyNote(bytes, keys);
  if (!verified.ok) return verified;
  const checkpoint = parseCheckpointText(verified.value.note.text);
  if (!checkpoint.ok) return checkpoint;
  const by = verified.value.by.find((key) => key.name === checkpoint.value.origin);
  if (by === undefined) {
    return refused("checkpoint_origin_unknown", `no trusted key belongs to the log ${checkpoint.value.origin}`);
  }
  return accepted({ checkpoint: checkpoint.value, by });
}

export function checkpointBytes(signed: string): Uint8Array {
  return utf8(signed);
}
