import { concatBytes, joinBytes } from "./bytes.ts";
import type { Sha256 } from "./hashing.ts";
import { emptyRoot, hashBytes, leafHash, rootOfLeaves, unpackHashes } from "./merkle-tree.ts";
import { accepted, EvidenceFault, refused, type Refusal, type Result } from "./refusal.ts";

/** C2SP tlog-tiles 0.1.0: tiles of height 8. A full tile holds 256 hashes, 8,192 bytes. */
export const tileWidth = 256;
/** An entry bundle gives an entry's length 16 bits. Log a digest and metadata, never media. */
export const entryBytesMax = 65_535;

/** A file of the log: `path` is relative to the log's prefix. */
export type LogFile = { readonly path: string; readonly bytes: Uint8Array };

/** Path of a Merkle tile; `width` 1..256, where 256 is the full tile. */
export function tilePath(level: number, index: bigint, width = tileWidth): string {
  return `tile/${level}/${indexPath(index)}${partialSuffix(width)}`;
}

/** Path of an entry bundle; `width` 1..256, where 256 is the full bundle. */
export function bundlePath(index: bigint, width = tileWidth): string {
  return `tile/entries/${indexPath(index)}${partialSuffix(width)}`;
}

export type TilePath = { readonly level: number | "entries"; readonly index: bigint; readonly width: number };

/** Reads a path as a client sent it (without leading slash); undefined unless it is exactly as the specification writes it. */
export function parseTilePath(path: string): TilePath | undefined {
  const match = /^tile\/(entries|0|[1-9][0-9]?)\/((?:x[0-9]{3}\/)*[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/.exec(path);
  const [, place, groups, partial] = match ?? [];
  if (place === undefined || groups === undefined) return undefined;
  const level = place === "entries" ? place : Number(place);
  const width = partial === undefined ? tileWidth : Number(partial);
  if ((level !== "entries" && level > 63) || width > tileWidth || (partial !== undefined && width === tileWidth))
    return undefined;
  const index = BigInt(groups.replaceAll(/[x/]/g, ""));
  return indexPath(index) === groups ? { level, index, width } : undefined;
}

function indexPath(index: bigint): string {
  if (index < 0n) throw new RangeError("a tile index is not negative");
  const digits = index.toString();
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, "0");
  const groups = padded.match(/.{3}/g) ?? [];
  return groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join("/");
}

function partialSuffix(width: number): string {
  if (!Number.isInteger(width) || width < 1 || width > tileWidth) throw new RangeError(`tile width ${width}`);
  return width === tileWidth ? "" : `.p/${width}`;
}

/** One bundle: each entry as a big-endian uint16 length and its bytes. Throws on an entry over 65,535 bytes. */
export function encodeBundle(entries: readonly Uint8Array[]): Uint8Array {
  return joinBytes(
    entries.flatMap((entry) => {
      if (entry.length > entryBytesMax) {
        throw new EvidenceFault(
          "audit_entry_too_large",
          `a log entry of ${entry.length} bytes; at most ${entryBytesMax}`,
        );
      }
      return [Uint8Array.of(entry.length >> 8, entry.length & 255), entry];
    }),
  );
}

/** Refuses with `bundle_malformed` a bundle that ends inside an entry or holds more than 256. */
export function decodeBundle(bytes: Uint8Array): Result<Uint8Array[], Refusal<"bundle_malformed">> {
  const entries: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    const length = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
    const end = at + 2 + length;
    if (at + 2 > bytes.length || end > bytes.length)
      return refused("bundle_malformed", `the bundle ends inside entry ${entries.length}`);
    if (entries.length === tileWidth) return refused("bundle_malformed", "the bundle holds more than 256 entries");
    entries.push(bytes.subarray(at + 2, end));
    at = end;
  }
  return accepted(entries);
}

/**
 * The right edge of a log: all that is needed to append to it and to know its root.
 * `tiles[L]` is the rightmost, partial tile at level L (empty when that level's tiles are all full), packed hashes;
 * `bundle` is the rightmost partial entry bundle.
 */
export type TreeEdge = { readonly size: bigint; readonly tiles: readonly Uint8Array[]; readonly bundle: Uint8Array };

export const emptyEdge: TreeEdge = { size: 0n, tiles: [], bundle: new Uint8Array(0) };

/** Reads a file of the log; undefined if there is none. */
export type ReadLogFile = (path: string) => Promise<Uint8Array | undefined>;

/**
 * Loads the edge of a log of `size` entries. A partial tile that was pruned is cut out of its full tile.
 * Throws `log_tile_missing` when a file is absent or has the wrong length: the log is damaged.
 */
export async function loadEdge(size: bigint, read: ReadLogFile): Promise<TreeEdge> {
  const tiles: Uint8Array[] = [];
  for (let level = 0, count = size; count > 0n; level += 1, count >>= 8n) {
    const width = Number(count & 255n);
    tiles.push(width === 0 ? new Uint8Array(0) : await readTile(read, { level, index: count >> 8n, width }));
  }
  const entries = Number(size & 255n);
  if (entries === 0) return { size, tiles, bundle: new Uint8Array(0) };
  const index = size >> 8n;
  const found = (await read(bundlePath(index, entries))) ?? (await read(bundlePath(index)));
  const decoded = found === undefined ? undefined : decodeBundle(found);
  if (decoded === undefined || !decoded.ok || decoded.value.length < entries) {
    throw new EvidenceFault("log_tile_missing", `${bundlePath(index, entries)} is missing or malformed`);
  }
  return { size, tiles, bundle: encodeBundle(decoded.value.slice(0, entries)) };
}

/** The first `width` hashes of a tile, from its partial or its full file. Throws `log_tile_missing`. */
export async function readTile(
  read: ReadLogFile,
  tile: { readonly level: number; readonly index: bigint; readonly width: number },
): Promise<Uint8Array> {
  const path = tilePath(tile.level, tile.index, tile.width);
  const bytes = (await read(path)) ?? (await read(tilePath(tile.level, tile.index)));
  if (bytes === undefined || bytes.length < tile.width * hashBytes) {
    throw new EvidenceFault("log_tile_missing", `${path} is missing or too short`);
  }
  return bytes.subarray(0, tile.width * hashBytes);
}

/** The root of the log whose right edge this is. */
export function edgeRoot(sha256: Sha256, edge: TreeEdge): Uint8Array {
  let rest: Uint8Array | undefined;
  for (const tile of edge.tiles) {
    const hashes = unpackHashes(tile);
    // What lies right of this level's full subtrees is itself one, smaller, last subtree.
    if (rest !== undefined) hashes.push(rest);
    if (hashes.length > 0) rest = rootOfLeaves(sha256, hashes);
  }
  return rest ?? emptyRoot(sha256);
}

export type Append = {
  /** Files to write, level 0 first. Full tiles are final; a partial one is superseded by the next append. */
  readonly files: readonly LogFile[];
  readonly edge: TreeEdge;
  readonly root: Uint8Array;
};

/**
 * Everything that appending `entries` writes: Merkle tiles and entry bundles, per C2SP tlog-tiles. Pure.
 *
 * Callers MUST write every file before they publish a checkpoint of the new size, and MUST NOT overwrite a full tile with
 * other bytes. Only the partial tiles of the new size are returned, none of the sizes in between: no checkpoint names those.
 * `leafHashes`, when the caller has them already, are the RFC 6962 leaf hashes of `entries` in order.
 */
export function tilesForAppend(input: {
  readonly sha256: Sha256;
  readonly edge: TreeEdge;
  readonly entries: readonly Uint8Array[];
  readonly leafHashes?: readonly Uint8Array[];
}): Append {
  const { sha256, edge, entries } = input;
  const fresh = input.leafHashes ?? entries.map((entry) => leafHash(sha256, entry));
  if (fresh.length !== entries.length) throw new RangeError("one leaf hash for each entry");
  if (entries.length === 0) return { files: [], edge, root: edgeRoot(sha256, edge) };
  const bundles = bundleFiles(edge, entries);
  const files: LogFile[] = [...bundles.files];
  const tiles: Uint8Array[] = [];
  let rising: readonly Uint8Array[] = fresh;
  for (let level = 0, count = edge.size; level < edge.tiles.length || rising.length > 0; level += 1, count >>= 8n) {
    const old = edge.tiles[level] ?? new Uint8Array(0);
    const grown = growLevel({ sha256, level, index: count >> 8n, hashes: [...unpackHashes(old), ...rising] });
    if (rising.length > 0) files.push(...grown.files);
    tiles.push(grown.rest);
    rising = grown.parents;
  }
  const next: TreeEdge = { size: edge.size + BigInt(entries.length), tiles, bundle: bundles.rest };
  return { files, edge: next, root: edgeRoot(sha256, next) };
}

function growLevel(input: {
  readonly sha256: Sha256;
  readonly level: number;
  readonly index: bigint;
  readonly hashes: readonly Uint8Array[];
}): { readonly files: LogFile[]; readonly rest: Uint8Array; readonly parents: Uint8Array[] } {
  const { sha256, level, hashes } = input;
  const files: LogFile[] = [];
  const parents: Uint8Array[] = [];
  let rest: Uint8Array = new Uint8Array(0);
  for (let at = 0, index = input.index; at < hashes.length; at += tileWidth, index += 1n) {
    const part = hashes.slice(at, at + tileWidth);
    const bytes = joinBytes(part);
    files.push({ path: tilePath(level, index, part.length), bytes });
    if (part.length === tileWidth) parents.push(rootOfLeaves(sha256, part));
    else rest = bytes;
  }
  return { files, rest, parents };
}

function bundleFiles(edge: TreeEdge, entries: readonly Uint8Array[]): { files: LogFile[]; rest: Uint8Array } {
  const files: LogFile[] = [];
  let rest: Uint8Array = edge.bundle;
  let width = Number(edge.size & 255n);
  let index = edge.size >> 8n;
  for (let at = 0; at < entries.length;) {
    const part = entries.slice(at, at + tileWidth - width);
    const bytes = concatBytes(rest, encodeBundle(part));
    width += part.length;
    files.push({ path: bundlePath(index, width), bytes });
    rest = width === tileWidth ? new Uint8Array(0) : bytes;
    if (width === tileWidth) {
      width = 0;
      index += 1n;
    }
    at += part.length;
  }
  return { files, rest };
}
