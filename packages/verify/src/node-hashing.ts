import { createHash, hash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { Hashing } from "@tillwatch/evidence";

/** The evidence package's hashing port on Node's own cryptography. */
export const nodeHashing: Hashing = {
  sha256: (bytes) => hash("sha256", bytes, "buffer"),
  hasher: (algorithm) => createHash(algorithm),
  crc32: (bytes, seed) => crc32(bytes, seed),
};
