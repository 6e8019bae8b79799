export * from "./audit-entry.ts";
export { collectBytes, validateBag, type BagReader, type BagReport } from "./bag-read.ts";
export {
  bagVersions,
  parseBagInfo,
  type BagInfo,
  type BagProblem,
  type BagProblemCode,
  type BagVersion,
} from "./bag-text.ts";
export * from "./bag-write.ts";
export * from "./bytes.ts";
export * from "./canonical-json.ts";
export * from "./checkpoint.ts";
export * from "./copy-recipe.ts";
export * from "./custody.ts";
export * from "./draft-provenance.ts";
export * from "./dsse.ts";
export * from "./ed25519.ts";
export * from "./hashing.ts";
export * from "./merkle-proof.ts";
export * from "./merkle-tree.ts";
export * from "./packet.ts";
export * from "./packet-assemble.ts";
export * from "./packet-report.ts";
export type { PacketTrust } from "./packet-seal-checks.ts";
export * from "./packet-verify.ts";
export * from "./record-export.ts";
export * from "./record-export-report.ts";
export * from "./record-export-verify.ts";
export * from "./refusal.ts";
export * from "./safe-path.ts";
export * from "./sealed-exhibit.ts";
export { openSealedRange } from "./sealed-range.ts";
export * from "./signed-note.ts";
export * from "./tiles.ts";
export * from "./tlog-proof.ts";
export {
  zipLimits,
  type ByteSource,
  type ZipArchive,
  type ZipEntry,
  type ZipLimits,
  type ZipRefusal,
} from "./zip-archive.ts";
export { sealedComment } from "./zip-form.ts";
export { openZipEntry, readZip } from "./zip-read.ts";
export * from "./zip-write.ts";
