import type { BagTexts } from "./bag-write.ts";
import { utf8 } from "./bytes.ts";
import type { Hashing } from "./hashing.ts";
import type { ZipInput } from "./zip-write.ts";

/** A file of the payload, `path` relative to `data/`, measured before. */
export type PayloadInput = ZipInput;

/**
 * The packet's zip entries in their fixed order: tag files, payload by path, tag manifests, proofs. Hand them to `writeZip` with
 * `comment: sealedComment`.
 */
export function packetZipInputs(
  hashing: Hashing,
  packet: {
    readonly folder: string;
    readonly bag: BagTexts;
    readonly payload: readonly PayloadInput[];
    readonly proofs: readonly { readonly path: string; readonly bytes: Uint8Array }[];
  },
): ZipInput[] {
  const { folder, bag } = packet;
  const whole = (path: string, bytes: Uint8Array): ZipInput => ({
    path: `${folder}/${path}`,
    bytes: bytes.length,
    crc32: hashing.crc32(bytes, 0),
    open: () => [bytes],
  });
  return [
    ...bag.covered.map((file) => whole(file.path, utf8(file.text))),
    ...packet.payload
      .toSorted((a, b) => (a.path < b.path ? -1 : 1))
      .map((file) => ({ ...file, path: `${folder}/data/${file.path}` })),
    ...bag.tagManifests.map((file) => whole(file.path, utf8(file.text))),
    ...packet.proofs.map((file) => whole(file.path, file.bytes)),
  ];
}
