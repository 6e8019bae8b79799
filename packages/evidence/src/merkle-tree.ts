import { joinBytes } from "./bytes.ts";
import type { Sha256 } from "./hashing.ts";

/** RFC 6962 section 2.1 tree hashing. Every hash is 32 bytes of SHA-256. */
export const hashBytes = 32;

/** SHA-256(0x00 || entry). */
export function leafHash(sha256: Sha256, entry: Uint8Array): Uint8Array {
  const input = new Uint8Array(entry.length + 1);
  input.set(entry, 1);
  return sha256(input);
}

/** SHA-256(0x01 || left || right). */
export function nodeHash(sha256: Sha256, left: Uint8Array, right: Uint8Array): Uint8Array {
  const input = new Uint8Array(1 + 2 * hashBytes);
  input[0] = 1;
  input.set(left, 1);
  input.set(right, 1 + hashBytes);
  return sha256(input);
}

/** The root of the tree without leaves: SHA-256 of nothing. */
export function emptyRoot(sha256: Sha256): Uint8Array {
  return sha256(new Uint8Array(0));
}

/** The root over leaf hashes (or over equal, full subtrees of which only the last may be smaller), in order. */
export function rootOfLeaves(sha256: Sha256, hashes: readonly Uint8Array[]): Uint8Array {
  let row = hashes;
  while (row.length > 1) {
    const above: Uint8Array[] = [];
    for (let i = 0; i < row.length; i += 2) {
      const [left, right] = [row[i], row[i + 1]];
      if (left === undefined) continue;
      // An odd last node rises as it is: the same tree as splitting at the largest power of two, without recursion.
      above.push(right === undefined ? left : nodeHash(sha256, left, right));
    }
    row = above;
  }
  return row[0] ?? emptyRoot(sha256);
}

/**
 * The least that must be kept to append: one hash for each set bit of `size`, the largest subtree first.
 * `size` is the number of leaves.
 */
export type CompactRange = { readonly size: bigint; readonly hashes: readonly Uint8Array[] };

export const emptyRange: CompactRange = { size: 0n, hashes: [] };

export function appendLeaf(sha256: Sha256, range: CompactRange, leaf: Uint8Array): CompactRange {
  const hashes = [...range.hashes];
  let node = leaf;
  // Each trailing one bit of the old size is a full subtree that the new leaf completes.
  for (let bits = range.size; (bits & 1n) === 1n; bits >>= 1n) {
    const left = hashes.pop();
    if (left === undefined) throw new RangeError("the compact range lacks a hash");
    node = nodeHash(sha256, left, node);
  }
  hashes.push(node);
  return { size: range.size + 1n, hashes };
}

export function rangeRoot(sha256: Sha256, range: CompactRange): Uint8Array {
  let root: Uint8Array | undefined;
  for (const hash of range.hashes.toReversed()) root = root === undefined ? hash : nodeHash(sha256, hash, root);
  return root ?? emptyRoot(sha256);
}

/** Splits packed hashes, 32 bytes each. Length MUST be a multiple of 32. */
export function unpackHashes(packed: Uint8Array): Uint8Array[] {
  const out: Uint8Array[] = [];
  for (let at = 0; at < packed.length; at += hashBytes) out.push(packed.subarray(at, at + hashBytes));
  return out;
}

export function packHashes(hashes: readonly Uint8Array[]): Uint8Array {
  return joinBytes(hashes);
}
