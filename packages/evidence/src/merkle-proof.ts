import { equalBytes } from "./bytes.ts";
import type { Sha256 } from "./hashing.ts";
import { emptyRoot, hashBytes, nodeHash, rootOfLeaves, unpackHashes } from "./merkle-tree.ts";
import { accepted, refused, type Refusal, type Result } from "./refusal.ts";
import { readTile, tileWidth, type ReadLogFile } from "./tiles.ts";

export type ProofRefusal = Refusal<
  "proof_index_outside" | "proof_wrong_length" | "proof_size_invalid" | "proof_root_mismatch" | "proof_hash_malformed"
>;

const sizeMax = (1n << 64n) - 1n;

/**
 * Recomputes a root from one leaf and its inclusion proof (RFC 6962 section 2.1.1; algorithm of RFC 9162 section 2.1.3.2).
 *
 * `proof` is ordered from the leaf upward. Callers MUST compare the result with the root of a checkpoint whose signature
 * they have verified; a matching root alone proves nothing.
 *
 * Refuses `proof_index_outside` unless 0 <= leafIndex < treeSize, `proof_wrong_length` if the proof does not fit them.
 */
export function rootFromInclusion(input: {
  readonly sha256: Sha256;
  readonly leafHash: Uint8Array; // 32 bytes
  readonly leafIndex: bigint; // 0-based
  readonly treeSize: bigint; // number of leaves
  readonly proof: readonly Uint8Array[]; // 32 bytes each
}): Result<Uint8Array, ProofRefusal> {
  const { sha256, leafIndex, treeSize, proof } = input;
  if (treeSize < 0n || treeSize > sizeMax)
    return refused("proof_size_invalid", `tree size ${treeSize} is outside 0..2^64-1`);
  if (leafIndex < 0n || leafIndex >= treeSize) {
    return refused("proof_index_outside", `leaf ${leafIndex} is not in a tree of ${treeSize}`);
  }
  if (!allHashes([input.leafHash, ...proof])) return refused("proof_hash_malformed", "a hash is not 32 bytes");
  let node = leafIndex;
  let last = treeSize - 1n;
  let root = input.leafHash;
  for (const sibling of proof) {
    if (last === 0n) return refused("proof_wrong_length", "the proof is longer than the tree is high");
    if ((node & 1n) === 1n || node === last) {
      root = nodeHash(sha256, sibling, root);
      while ((node & 1n) === 0n && node !== 0n) {
        node >>= 1n;
        last >>= 1n;
      }
    } else {
      root = nodeHash(sha256, root, sibling);
    }
    node >>= 1n;
    last >>= 1n;
  }
  return last === 0n ? accepted(root) : refused("proof_wrong_length", "the proof ends below the root");
}

/** As rootFromInclusion, compared with `root`; refuses `proof_root_mismatch` when they differ. */
export function verifyInclusion(
  input: Parameters<typeof rootFromInclusion>[0] & { readonly root: Uint8Array },
): Result<true, ProofRefusal> {
  const computed = rootFromInclusion(input);
  if (!computed.ok) return computed;
  return equalBytes(computed.value, input.root)
    ? accepted(true)
    : refused("proof_root_mismatch", "the proof leads to another root");
}

export type ConsistencyInput = {
  readonly sha256: Sha256;
  readonly size1: bigint;
  readonly size2: bigint;
  readonly root1: Uint8Array;
  readonly root2: Uint8Array;
  readonly proof: readonly Uint8Array[];
};

/**
 * Verifies that the tree of `size2` only appended to the tree of `size1` (RFC 9162 section 2.1.4.2).
 *
 * `size1` = 0 is refused (`proof_size_invalid`), as transparency-dev does: an empty tree is consistent with everything, so
 * such a proof proves nothing. Equal sizes need an empty proof and equal roots.
 */
export function verifyConsistency(input: ConsistencyInput): Result<true, ProofRefusal> {
  const { size1, size2, proof } = input;
  if (size1 <= 0n || size2 < size1 || size2 > sizeMax) {
    return refused("proof_size_invalid", `no consistency between sizes ${size1} and ${size2} can be proven`);
  }
  if (!allHashes([input.root1, input.root2, ...proof]))
    return refused("proof_hash_malformed", "a hash is not 32 bytes");
  if (size1 === size2) {
    if (proof.length > 0) return refused("proof_wrong_length", "equal sizes need no proof");
    return equalBytes(input.root1, input.root2)
      ? accepted(true)
      : refused("proof_root_mismatch", "equal sizes, other roots");
  }
  return walkConsistency(input);
}

function walkConsistency({ sha256, size1, size2, root1, root2, proof }: ConsistencyInput): Result<true, ProofRefusal> {
  // A power of two is itself a node of the larger tree: its root is the implied first hash.
  const path = (size1 & (size1 - 1n)) === 0n ? [root1, ...proof] : [...proof];
  const [seed, ...rest] = path;
  if (proof.length === 0 || seed === undefined) return refused("proof_wrong_length", "the proof is empty");
  let node = size1 - 1n;
  let last = size2 - 1n;
  while ((node & 1n) === 1n) {
    node >>= 1n;
    last >>= 1n;
  }
  let first = seed;
  let second = seed;
  for (const hash of rest) {
    if (last === 0n) return refused("proof_wrong_length", "the proof is longer than the tree is high");
    if ((node & 1n) === 1n || node === last) {
      first = nodeHash(sha256, hash, first);
      second = nodeHash(sha256, hash, second);
      while ((node & 1n) === 0n && node !== 0n) {
        node >>= 1n;
        last >>= 1n;
      }
    } else {
      second = nodeHash(sha256, second, hash);
    }
    node >>= 1n;
    last >>= 1n;
  }
  if (last !== 0n) return refused("proof_wrong_length", "the proof ends below the root");
  if (!equalBytes(first, root1)) return refused("proof_root_mismatch", "the proof leads to another first root");
  if (!equalBytes(second, root2)) return refused("proof_root_mismatch", "the proof leads to another second root");
  return accepted(true);
}

function allHashes(hashes: readonly Uint8Array[]): boolean {
  return hashes.every((hash) => hash.length === hashBytes);
}

/** A tree that stands in tiles: `size` leaves, files read through `read`. Reads are cached for the life of the object. */
export type TiledTree = { readonly sha256: Sha256; readonly size: bigint; readonly read: ReadLogFile };

/** The inclusion proof of a leaf, from the leaf upward. Throws RangeError outside the tree, EvidenceFault on a damaged log. */
export async function inclusionProof(tree: TiledTree, leafIndex: bigint): Promise<Uint8Array[]> {
  if (leafIndex < 0n || leafIndex >= tree.size) throw new RangeError(`leaf ${leafIndex} of ${tree.size}`);
  const cached = cachedTree(tree);
  const proof: Uint8Array[] = [];
  let [begin, end] = [0n, tree.size];
  while (end - begin > 1n) {
    const middle = begin + splitSize(end - begin);
    const right = leafIndex >= middle;
    proof.push(await spanHash(cached, right ? begin : middle, right ? middle : end));
    if (right) begin = middle;
    else end = middle;
  }
  return proof.reverse();
}

/** The proof that the tree only appended since it had `size1` leaves (1 <= size1 <= size; RFC 6962 section 2.1.2). */
export async function consistencyProof(tree: TiledTree, size1: bigint): Promise<Uint8Array[]> {
  if (size1 < 1n || size1 > tree.size) throw new RangeError(`size ${size1} of ${tree.size}`);
  const cached = cachedTree(tree);
  const proof: Uint8Array[] = [];
  let [begin, end] = [0n, tree.size];
  // SUBPROOF(m, D, b): walk down to where the old tree's end coincides with a span's end.
  while (size1 !== end) {
    const middle = begin + splitSize(end - begin);
    const right = size1 > middle;
    proof.push(await spanHash(cached, right ? begin : middle, right ? middle : end));
    if (right) begin = middle;
    else end = middle;
  }
  if (begin !== 0n) proof.push(await spanHash(cached, begin, end));
  return proof.reverse();
}

/** The root of the first `size` leaves of the tree (0 <= size <= tree.size). */
export async function rootAt(tree: TiledTree, size: bigint): Promise<Uint8Array> {
  return size === 0n ? emptyRoot(tree.sha256) : spanHash(cachedTree(tree), 0n, size);
}

function cachedTree(tree: TiledTree): TiledTree {
  const seen = new Map<string, Promise<Uint8Array | undefined>>();
  return {
    ...tree,
    read: (path) => {
      const known = seen.get(path) ?? tree.read(path);
      seen.set(path, known);
      return known;
    },
  };
}

/** The largest power of two smaller than n (n >= 2). */
function splitSize(n: bigint): bigint {
  return 1n << BigInt((n - 1n).toString(2).length - 1);
}

async function spanHash(tree: TiledTree, begin: bigint, end: bigint): Promise<Uint8Array> {
  const size = end - begin;
  if ((size & (size - 1n)) === 0n) return subtreeHash(tree, size.toString(2).length - 1, begin);
  const middle = begin + splitSize(size);
  return nodeHash(tree.sha256, await spanHash(tree, begin, middle), await spanHash(tree, middle, end));
}

/** The hash of the full subtree of 2^height leaves that starts at leaf `begin`. */
async function subtreeHash(tree: TiledTree, height: number, begin: bigint): Promise<Uint8Array> {
  const level = Math.floor(height / 8);
  const column = begin >> BigInt(8 * level);
  const index = column >> 8n;
  const present = (tree.size >> BigInt(8 * level)) - index * BigInt(tileWidth);
  const width = present > BigInt(tileWidth) ? tileWidth : Number(present);
  const tile = await readTile(tree.read, { level, index, width });
  const from = Number(column & 255n) * hashBytes;
  return rootOfLeaves(tree.sha256, unpackHashes(tile.subarray(from, from + 2 ** (height % 8) * hashBytes)));
}
