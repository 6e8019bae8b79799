import { toHex } from "./bytes.ts";
import type { Hashing } from "./hashing.ts";
import { EvidenceFault } from "./refusal.ts";
import { collidingPaths, unsafePath } from "./safe-path.ts";
import { centralHeader, dosTime, endRecords, localHeader, type StoredEntry } from "./zip-form.ts";

/** What must be known of a file before it is written, so that its headers are complete and the zip streams. */
export type Measured = { readonly bytes: number; readonly crc32: number };

export type ZipInput = Measured & {
  /** Slash-separated, safe, relative. */
  readonly path: string;
  /** Opened when the entry's turn comes; MUST give exactly the measured bytes. */
  readonly open: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
};

export type PayloadMeasure = Measured & { readonly sha256: string; readonly sha512: string };

/** One pass over a payload file: all that manifest and zip need. Digests are lower-case hex. */
export async function measurePayload(
  hashing: Hashing,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<PayloadMeasure> {
  const [sha256, sha512] = [hashing.hasher("sha256"), hashing.hasher("sha512")];
  if (sha256 === undefined || sha512 === undefined) throw new Error("the platform lacks SHA-256 or SHA-512");
  let [bytes, crc32] = [0, 0];
  for await (const chunk of chunks) {
    sha256.update(chunk);
    sha512.update(chunk);
    crc32 = hashing.crc32(chunk, crc32);
    bytes += chunk.length;
  }
  return { bytes, crc32, sha256: toHex(sha256.digest()), sha512: toHex(sha512.digest()) };
}

export type ZipOptions = {
  readonly hashing: Hashing;
  /** One time for every entry; zips keep two-second steps. */
  readonly modifiedAtMs: number;
  /** Archive comment: `sealedComment` for packets, absent otherwise. */
  readonly comment?: string;
};

/**
 * Writes a zip as a stream, in the given order: the same inputs give the same bytes. Memory stays bounded by the chunks plus a
 * header for each entry.
 *
 * Throws RangeError on unsafe or colliding paths, EvidenceFault `zip_source_changed` when a source gives other bytes than were
 * measured: what was written until then MUST be thrown away.
 */
export async function* writeZip(
  inputs: readonly ZipInput[],
  options: ZipOptions,
): AsyncGenerator<Uint8Array, void, void> {
  checkPaths(inputs);
  const at = dosTime(options.modifiedAtMs);
  const written: StoredEntry[] = [];
  let offset = 0;
  for (const input of inputs) {
    const entry: StoredEntry = { path: input.path, bytes: input.bytes, crc32: input.crc32, offset };
    const header = localHeader(entry, at);
    yield header;
    yield* checkedChunks(input, options.hashing);
    written.push(entry);
    offset += header.length + input.bytes;
  }
  let directoryBytes = 0;
  for (const entry of written) {
    const header = centralHeader(entry, at);
    directoryBytes += header.length;
    yield header;
  }
  yield endRecords({ entries: written.length, offset, bytes: directoryBytes, comment: options.comment ?? "" });
}

/** The length in bytes of the zip that writeZip will give, for a Content-Length. */
export function zipLength(inputs: readonly (Measured & { readonly path: string })[], comment = ""): number {
  const at = dosTime(Date.UTC(1980, 0, 1));
  let offset = 0;
  let directoryBytes = 0;
  for (const { path, bytes, crc32 } of inputs) {
    const entry = { path, bytes, crc32, offset };
    directoryBytes += centralHeader(entry, at).length;
    offset += localHeader(entry, at).length + bytes;
  }
  return (
    offset + directoryBytes + endRecords({ entries: inputs.length, offset, bytes: directoryBytes, comment }).length
  );
}

async function* checkedChunks(input: ZipInput, hashing: Hashing): AsyncGenerator<Uint8Array, void, void> {
  let [bytes, crc32] = [0, 0];
  for await (const chunk of input.open()) {
    bytes += chunk.length;
    if (bytes > input.bytes) break;
    crc32 = hashing.crc32(chunk, crc32);
    yield chunk;
  }
  if (bytes !== input.bytes || crc32 !== input.crc32) {
    throw new EvidenceFault("zip_source_changed", `${input.path} changed between measuring and writing`);
  }
}

function checkPaths(inputs: readonly ZipInput[]): void {
  for (const { path } of inputs) {
    const unsafe = unsafePath(path);
    if (unsafe !== undefined) throw new RangeError(`the path ${JSON.stringify(path)} ${unsafe}`);
  }
  const [first] = collidingPaths(inputs.map((input) => input.path));
  if (first !== undefined) throw new RangeError(`some file systems take these for one: ${first.join(", ")}`);
}
