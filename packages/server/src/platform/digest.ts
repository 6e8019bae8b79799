import { hash } from "node:crypto";

/** SHA-1 and SHA-256 as lower-case hex, for pure code that is handed its digests. */
export const nodeDigest = {
  sha1: (text: string | Uint8Array) => hash("sha1", text, "hex"),
  sha256: (text: string | Uint8Array) => hash("sha256", text, "hex"),
} as const;
