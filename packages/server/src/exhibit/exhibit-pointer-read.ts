import { nodeSha256 } from "../platform/keys/node-crypto.ts";
import { pointerDigest, type Pointer } from "./exhibit.ts";
import type { ExhibitRow } from "./exhibit-read.ts";

/** A pointer exhibit's pointer, and what its custody entries digest. Throws for an exhibit that is no pointer. */
export function pointerOf(row: ExhibitRow): {
  readonly pointer: Pointer;
  readonly known: ReturnType<typeof pointerDigest>;
} {
  if (row.uri === null) throw new TypeError(`exhibit ${row.id} is no pointer`);
  const pointer: Pointer = { uri: row.uri, mediaType: row.mediaType, bytes: row.bytes, sha256: row.sha256 };
  return { pointer, known: pointerDigest(nodeSha256, pointer) };
}
