import { fromBase64, toBase64, utf8, utf8Text } from "./bytes.ts";
import { verifyCheckpoint, type Checkpoint, type CheckpointRefusal } from "./checkpoint.ts";
import type { Sha256 } from "./hashing.ts";
import { verifyInclusion, type ProofRefusal } from "./merkle-proof.ts";
import { hashBytes } from "./merkle-tree.ts";
import { accepted, refused, type Refusal, type Result } from "./refusal.ts";
import type { NoteKey, NoteRefusal } from "./signed-note.ts";

/** C2SP tlog-proof (July 2026): that an entry is in a log, verifiable offline. */
export type TlogProof = {
  readonly index: bigint;
  /** From the leaf's sibling up to the root's child. */
  readonly proof: readonly Uint8Array[];
  /** The signed checkpoint, verbatim. */
  readonly checkpoint: string;
  /** Opaque and NOT authenticated. */
  readonly extra?: Uint8Array;
};

export type TlogProofRefusal = Refusal<"tlog_proof_malformed"> | ProofRefusal | NoteRefusal | CheckpointRefusal;

const header = "c2sp.org/tlog-proof@v1";

export function formatTlogProof(proof: TlogProof): string {
  const extra = proof.extra === undefined ? [] : [`extra ${toBase64(proof.extra)}`];
  const lines = [header, ...extra, `index ${proof.index}`, ...proof.proof.map(toBase64), ""];
  return `${lines.join("\n")}\n${proof.checkpoint}`;
}

export function parseTlogProof(bytes: Uint8Array): Result<TlogProof, Refusal<"tlog_proof_malformed">> {
  const text = utf8Text(bytes);
  const split = text?.indexOf("\n\n") ?? -1;
  if (text === undefined || split < 0)
    return refused("tlog_proof_malformed", "the proof is not text with a checkpoint");
  const [first, ...rest] = text.slice(0, split).split("\n");
  if (first !== header) return refused("tlog_proof_malformed", `the proof does not start with ${header}`);
  const extraText = rest[0]?.startsWith("extra ") === true ? rest.shift()?.slice("extra ".length) : undefined;
  const extra = extraText === undefined ? undefined : fromBase64(extraText);
  if (extraText !== undefined && extra === undefined)
    return refused("tlog_proof_malformed", "the extra line is not base64");
  const index = /^index (0|[1-9][0-9]{0,19})$/.exec(rest.shift() ?? "")?.[1];
  if (index === undefined) return refused("tlog_proof_malformed", "the index line is missing or malformed");
  const proof: Uint8Array[] = [];
  for (const line of rest) {
    const hash = fromBase64(line);
    if (hash?.length !== hashBytes) return refused("tlog_proof_malformed", "a proof line is not a base64 SHA-256 hash");
    proof.push(hash);
  }
  const checkpoint = text.slice(split + 2);
  return accepted({ index: BigInt(index), proof, checkpoint, ...(extra === undefined ? {} : { extra }) });
}

/** Verifies the checkpoint's signature and that the leaf stands at the proof's index under its root. */
export async function verifyTlogProof(input: {
  readonly sha256: Sha256;
  readonly proof: TlogProof;
  readonly leafHash: Uint8Array;
  readonly keys: readonly NoteKey[];
}): Promise<Result<{ readonly checkpoint: Checkpoint; readonly by: NoteKey }, TlogProofRefusal>> {
  const signed = await verifyCheckpoint(utf8(input.proof.checkpoint), input.keys);
  if (!signed.ok) return signed;
  const included = verifyInclusion({
    sha256: input.sha256,
    leafHash: input.leafHash,
    leafIndex: input.proof.index,
    treeSize: signed.value.checkpoint.size,
    proof: input.proof.proof,
    root: signed.value.checkpoint.root,
  });
  return included.ok ? signed : included;
}
