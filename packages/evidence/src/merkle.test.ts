import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { concatBytes, equalBytes, fromHex, toHex, utf8 } from "./bytes.ts";
import { crc32, pureHashing } from "./hashing.ts";
import {
  consistencyProof,
  inclusionProof,
  rootAt,
  rootFromInclusion,
  verifyConsistency,
  verifyInclusion,
} from "./merkle-proof.ts";
import { appendLeaf, emptyRange, emptyRoot, leafHash, rangeRoot, rootOfLeaves } from "./merkle-tree.ts";
import {
  bundlePath,
  decodeBundle,
  emptyEdge,
  encodeBundle,
  loadEdge,
  parseTilePath,
  tilePath,
  tilesForAppend,
  type TreeEdge,
} from "./tiles.ts";

const { sha256 } = pureHashing;

/** The leaves and roots that Certificate Transparency implementations have shared since RFC 6962. */
const rfcLeaves = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const rfcRoots = [
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

test("I05 the roots of the first eight trees are those of RFC 6962", () => {
  assert.equal(toHex(emptyRoot(sha256)), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  let range = emptyRange;
  for (const [i, leaf] of rfcLeaves.entries()) {
    range = appendLeaf(sha256, range, leafHash(sha256, fromHex(leaf) ?? new Uint8Array(0)));
    assert.equal(toHex(rangeRoot(sha256, range)), rfcRoots[i]);
  }
});

/** RFC 6962 section 2.1, word for word: slow, and written without our functions. */
function plainRoot(leaves: readonly Uint8Array[]): Buffer {
  const hash = (...parts: Uint8Array[]) => createHash("sha256").update(Buffer.concat(parts)).digest();
  const [only] = leaves;
  if (only === undefined) return hash();
  if (leaves.length === 1) return Buffer.from(only);
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return hash(Uint8Array.of(1), plainRoot(leaves.slice(0, k)), plainRoot(leaves.slice(k)));
}

class Log {
  readonly files = new Map<string, Uint8Array>();
  readonly leaves: Uint8Array[] = [];
  edge: TreeEdge = emptyEdge;

  append(count: number): Uint8Array {
    const entries = Array.from({ length: count }, (_, i) => utf8(`entry ${this.leaves.length + i}`));
    const append = tilesForAppend({ sha256, edge: this.edge, entries });
    for (const { path, bytes } of append.files) {
      const before = this.files.get(path);
      assert.ok(before === undefined || equalBytes(before, bytes), `${path} was written twice with other bytes`);
      this.files.set(path, bytes);
    }
    this.leaves.push(...entries.map((entry) => leafHash(sha256, entry)));
    this.edge = append.edge;
    return append.root;
  }

  get tree() {
    return { sha256, size: BigInt(this.leaves.length), read: (path: string) => Promise.resolve(this.files.get(path)) };
  }
}

const batches = fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom(255, 256, 257, 511, 600)), {
  minLength: 1,
  maxLength: 6,
});

test("I05 O05 tiles of random appends give the RFC 6962 root, and the edge loads back from the files", async () => {
  await fc.assert(
    fc.asyncProperty(batches, async (counts) => {
      const log = new Log();
      let root = emptyRoot(sha256);
      for (const count of counts) root = log.append(count);
      assert.equal(toHex(root), plainRoot(log.leaves).toString("hex"));
      assert.equal(toHex(rootOfLeaves(sha256, log.leaves)), toHex(root));
      assert.deepEqual(await loadEdge(log.edge.size, log.tree.read), log.edge);
      assert.equal(toHex(await rootAt(log.tree, log.edge.size)), toHex(root));
    }),
    { numRuns: 12 },
  );
});

test("I05 inclusion and consistency proofs from tiles verify for random trees, and fail for any other leaf, root or index", async () => {
  await fc.assert(
    fc.asyncProperty(batches, fc.nat(), fc.nat(), async (counts, a, b) => {
      const log = new Log();
      for (const count of counts) log.append(count);
      const { tree } = log;
      const leafIndex = BigInt(a % log.leaves.length);
      const root = await rootAt(tree, tree.size);
      const proof = await inclusionProof(tree, leafIndex);
      const leaf = log.leaves[Number(leafIndex)] ?? new Uint8Array(0);
      const claim = { sha256, leafHash: leaf, leafIndex, treeSize: tree.size, proof, root };
      assert.equal(verifyInclusion(claim).ok, true);
      assert.equal(verifyInclusion({ ...claim, leafHash: sha256(leaf) }).ok, false);
      assert.equal(verifyInclusion({ ...claim, proof: [...proof, leaf] }).ok, false);
      assert.equal(verifyInclusion({ ...claim, leafIndex: tree.size }).ok, false);
      if (proof.length > 0) assert.equal(verifyInclusion({ ...claim, proof: proof.slice(1) }).ok, false);
      const size1 = BigInt(1 + (b % log.leaves.length));
      const root1 = await rootAt(tree, size1);
      assert.equal(toHex(root1), plainRoot(log.leaves.slice(0, Number(size1))).toString("hex"));
      const between = {
        sha256,
        size1,
        size2: tree.size,
        root1,
        root2: root,
        proof: await consistencyProof(tree, size1),
      };
      assert.equal(verifyConsistency(between).ok, true);
      assert.equal(verifyConsistency({ ...between, root1: sha256(root1) }).ok, false);
      assert.equal(verifyConsistency({ ...between, root2: sha256(root) }).ok, false);
      assert.equal(verifyConsistency({ ...between, proof: [...between.proof, root] }).ok, false);
    }),
    { numRuns: 12 },
  );
});

test("I05 a tree of 70,000 has the tiles that C2SP tlog-tiles says", () => {
  const log = new Log();
  log.append(70_000);
  const tiles = [...log.files.keys()].filter((path) => !path.startsWith("tile/entries/"));
  assert.equal(tiles.filter((path) => path.startsWith("tile/0/") && !path.includes(".p/")).length, 273);
  assert.deepEqual(
    tiles.filter((path) => path.includes(".p/")),
    ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"],
  );
  assert.ok(tiles.includes("tile/1/000"));
  assert.ok(log.files.has("tile/entries/273.p/112"));
});

test("I05 a tree of 256 is one full tile and a level-1 tile of width 1", () => {
  const log = new Log();
  log.append(256);
  assert.deepEqual([...log.files.keys()], ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]);
});

test("I05 an append after a pruned partial tile reads the full one", async () => {
  const log = new Log();
  log.append(300);
  const edge = log.edge;
  log.append(300);
  for (const path of ["tile/0/001.p/44", "tile/entries/001.p/44"]) assert.ok(log.files.delete(path));
  assert.deepEqual(await loadEdge(300n, log.tree.read), edge);
  assert.ok(log.files.delete("tile/0/001"));
  await assert.rejects(loadEdge(300n, log.tree.read), { code: "log_tile_missing" });
});

const paths: readonly (readonly [bigint, string])[] = [
  [0n, "000"],
  [999n, "999"],
  [1000n, "x001/000"],
  [1_234_067n, "x001/x234/067"],
  [123_456_789_012n, "x123/x456/x789/012"],
];
for (const [index, want] of paths) {
  test(`I05 tile ${index} has the path ${want} and reads back`, () => {
    assert.equal(tilePath(2, index), `tile/2/${want}`);
    assert.equal(bundlePath(index, 17), `tile/entries/${want}.p/17`);
    assert.deepEqual(parseTilePath(tilePath(2, index)), { level: 2, index, width: 256 });
    assert.deepEqual(parseTilePath(bundlePath(index, 17)), { level: "entries", index, width: 17 });
  });
}

for (const bad of [
  "tile/0/1",
  "tile/00/001",
  "tile/64/001",
  "tile/0/x000/001",
  "tile/0/001.p/0",
  "tile/0/001.p/256",
  "tile/0/001.p/01",
  "tile/0/../001",
  "/tile/0/001",
  "tile/0/001/",
]) {
  test(`I05 the tile path ${bad} is refused`, () => assert.equal(parseTilePath(bad), undefined));
}

test("I05 a bundle holds entries up to 65,535 bytes, and refuses one more", () => {
  const entries = [new Uint8Array(0), new Uint8Array(65_535).fill(7), utf8("x")];
  assert.deepEqual(decodeBundle(encodeBundle(entries)), { ok: true, value: entries });
  assert.throws(() => encodeBundle([new Uint8Array(65_536)]), { code: "audit_entry_too_large" });
});

test("I05 a bundle that ends inside an entry is refused", () => {
  const bundle = encodeBundle([utf8("first"), utf8("second")]);
  for (const cut of [1, 3, bundle.length - 1]) {
    const read = decodeBundle(bundle.slice(0, cut));
    assert.equal(!read.ok && read.error.code, "bundle_malformed");
  }
  assert.equal(decodeBundle(encodeBundle(Array.from({ length: 257 }, () => utf8("x")))).ok, false);
});

test("I05 sizes beyond 2^53 are exact", () => {
  const leaf = leafHash(sha256, utf8("x"));
  const proof = Array.from({ length: 63 }, () => leaf);
  const index = (1n << 63n) - 1n;
  assert.equal(rootFromInclusion({ sha256, leafHash: leaf, leafIndex: index, treeSize: 1n << 63n, proof }).ok, true);
  const code = (treeSize: bigint) => {
    const result = rootFromInclusion({ sha256, leafHash: leaf, leafIndex: index, treeSize, proof });
    return result.ok ? undefined : result.error.code;
  };
  assert.equal(code(1n << 64n), "proof_size_invalid");
  assert.equal(code(index), "proof_index_outside");
  assert.equal(code((1n << 63n) + 1n), "proof_wrong_length");
});

test("I05 a proof hash that is not 32 bytes, and the empty first tree, are refused", () => {
  const leaf = leafHash(sha256, utf8("x"));
  const short = rootFromInclusion({ sha256, leafHash: leaf, leafIndex: 0n, treeSize: 2n, proof: [leaf.slice(1)] });
  assert.equal(!short.ok && short.error.code, "proof_hash_malformed");
  const empty = verifyConsistency({ sha256, size1: 0n, size2: 1n, root1: leaf, root2: leaf, proof: [] });
  assert.equal(!empty.ok && empty.error.code, "proof_size_invalid");
});

test("I01 the pure hashes agree with another implementation, in any pieces", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }), (parts) => {
      for (const algorithm of ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"] as const) {
        const hasher = pureHashing.hasher(algorithm);
        for (const part of parts) hasher?.update(part);
        const want = createHash(algorithm).update(Buffer.concat(parts)).digest("hex");
        assert.equal(toHex(hasher?.digest() ?? new Uint8Array(0)), want);
      }
      assert.equal(
        parts.reduce((seed, part) => crc32(part, seed), 0),
        crc32(concatBytes(...parts), 0),
      );
    }),
  );
  assert.equal(crc32(utf8("123456789"), 0), 0xcbf43926);
});
