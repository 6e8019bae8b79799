import { md5, sha1 } from "@noble/hashes/legacy.js";
import { sha224, sha256, sha384, sha512 } from "@noble/hashes/sha2.js";

/** Port: SHA-256 of the bytes, 32 bytes, synchronous. Node: `(b) => crypto.hash("sha256", b, "buffer")`. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

/** Port: an incremental hash for files too large to hold. `digest` ends its use. */
export type Hasher = { update(bytes: Uint8Array): unknown; digest(): Uint8Array };

/** `sha256` and `sha512` are what we write; the others are only ever read, in bags that others made. */
export const hashAlgorithms = ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"] as const;
export type HashAlgorithm = (typeof hashAlgorithms)[number];

/**
 * Port: everything this package hashes with. `hasher` returns undefined for an algorithm that the platform lacks.
 * `crc32` continues from `seed` (0 at first), as zlib's does; it guards the zip container and carries no security.
 */
export type Hashing = {
  readonly sha256: Sha256;
  readonly hasher: (algorithm: HashAlgorithm) => Hasher | undefined;
  readonly crc32: (bytes: Uint8Array, seed: number) => number;
};

const makers: Readonly<Record<HashAlgorithm, () => Hasher>> = {
  md5: () => md5.create(),
  sha1: () => sha1.create(),
  sha224: () => sha224.create(),
  sha256: () => sha256.create(),
  sha384: () => sha384.create(),
  sha512: () => sha512.create(),
};

/** Hashing in plain JavaScript: works in every runtime, an order of magnitude slower than node:crypto. */
export const pureHashing: Hashing = {
  sha256: (bytes) => sha256(bytes),
  hasher: (algorithm) => makers[algorithm](),
  crc32,
};

const crcTables = buildCrcTables();

/** CRC-32 (IEEE 802.3, as zip uses it), eight bytes a step. Returns an unsigned 32-bit number. */
export function crc32(bytes: Uint8Array, seed: number): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = crcTables;
  let crc = ~seed;
  let at = 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const end = bytes.length - 7; at < end; at += 8) {
    const low = view.getUint32(at, true) ^ crc;
    const high = view.getUint32(at + 4, true);
    crc =
      (t7[low & 255] ?? 0) ^
      (t6[(low >>> 8) & 255] ?? 0) ^
      (t5[(low >>> 16) & 255] ?? 0) ^
      (t4[low >>> 24] ?? 0) ^
      (t3[high & 255] ?? 0) ^
      (t2[(high >>> 8) & 255] ?? 0) ^
      (t1[(high >>> 16) & 255] ?? 0) ^
      (t0[high >>> 24] ?? 0);
  }
  for (; at < bytes.length; at += 1) crc = (t0[(crc ^ (bytes[at] ?? 0)) & 255] ?? 0) ^ (crc >>> 8);
  return ~crc >>> 0;
}

type CrcTables = [Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array];

function buildCrcTables(): CrcTables {
  const empty = () => new Int32Array(256);
  const tables: CrcTables = [empty(), empty(), empty(), empty(), empty(), empty(), empty(), empty()];
  for (let i = 0; i < 256; i += 1) {
    let crc = i;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    tables[0][i] = crc;
  }
  let before = tables[0];
  for (const table of tables.slice(1)) {
    for (let i = 0; i < 256; i += 1) {
      const crc = before[i] ?? 0;
      table[i] = (crc >>> 8) ^ (tables[0][crc & 255] ?? 0);
    }
    before = table;
  }
  return tables;
}
