import { formatTlogProof, inclusionProof, parseCheckpointText, parseNote } from "@tillwatch/evidence";
import { nodeSha256 } from "../platform/keys/node-crypto.ts";
import type { DbOrTx } from "../schema.ts";
import type { LogFiles } from "./audit-log-files.ts";
import { disclosedEntry } from "./audit-read.ts";

export type PublishedTree = Parameters<typeof inclusionProof>[0] & { readonly checkpoint: string };

/** The tree under the newest checkpoint, for making proofs. Throws ProofFault `audit_log_not_started`. */
export async function publishedTree(files: LogFiles): Promise<PublishedTree> {
  const bytes = await files.read("checkpoint");
  const note = bytes === undefined ? undefined : parseNote(bytes);
  const checkpoint = note?.ok === true ? parseCheckpointText(note.value.text) : undefined;
  if (bytes === undefined || checkpoint?.ok !== true) {
    throw new ProofFault("audit_log_not_started", "the log has no checkpoint yet");
  }
  const { size } = checkpoint.value;
  return { sha256: nodeSha256, size, read: files.read, checkpoint: Buffer.from(bytes).toString("utf8") };
}

export class ProofFault extends Error {
  override readonly name = "ProofFault";
  readonly code: "audit_log_not_started" | "audit_entry_unknown" | "audit_entry_waiting";

  constructor(code: ProofFault["code"], message: string) {
    super(message);
    this.code = code;
  }
}

/** The tlog-proof of an entry under the newest checkpoint, as text. Throws ProofFault. */
export async function proofOf(from: { readonly db: DbOrTx; readonly files: LogFiles }, id: string): Promise<string> {
  const formed = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id);
  const entry = formed ? await disclosedEntry(from.db, id) : null;
  if (entry === null) throw new ProofFault("audit_entry_unknown", "there is no such audit entry");
  const tree = await publishedTree(from.files);
  if (entry.index === null || BigInt(entry.index) >= tree.size) {
    throw new ProofFault("audit_entry_waiting", "the entry is integrated within a second");
  }
  const proof = await inclusionProof(tree, BigInt(entry.index));
  return formatTlogProof({ index: BigInt(entry.index), proof, checkpoint: tree.checkpoint });
}
