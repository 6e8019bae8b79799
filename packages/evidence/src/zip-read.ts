import { utf8Text } from "./bytes.ts";
import type { Hashing } from "./hashing.ts";
import { accepted, EvidenceFault, refused, type Result } from "./refusal.ts";
import { collidingPaths, unsafePath } from "./safe-path.ts";
import {
  zipLimits,
  type ByteSource,
  type CentralEntry,
  type ZipArchive,
  type ZipEntry,
  type ZipLimits,
  type ZipRefusal,
} from "./zip-archive.ts";
import { findDirectory } from "./zip-directory.ts";
import { centralSignature, descriptorSignature, localSignature, max16, max32, sealedComment } from "./zip-form.ts";
import { sealedFormProblem } from "./zip-sealed.ts";

const ratioFromBytes = 1024 * 1024;

/**
 * Reads a zip's directory and judges its whole structure without unpacking anything.
 *
 * Accepted: stored and deflated regular files, zip64, data descriptors, empty folders. Refused by name: anything before,
 * between or after the entries, overlaps, unsafe, double or colliding paths, encryption, links, other methods, local headers that
 * contradict the directory, more than `limits` allow. A zip that carries our archive comment must also have exactly our form.
 */
export async function readZip(
  source: ByteSource,
  limits: ZipLimits = zipLimits,
): Promise<Result<ZipArchive, ZipRefusal>> {
  const directory = await findDirectory(source, limits);
  if (!directory.ok) return directory;
  const { bytes, offset, count, comment } = directory.value;
  const central = parseDirectory(bytes, count);
  if (!central.ok) return central;
  const bad = central.value.map((entry) => entryProblem(entry, limits)).find((problem) => problem !== undefined);
  const problem = bad ?? pathProblem(central.value) ?? totalProblem(central.value, limits);
  if (problem !== undefined) return { ok: false, error: problem };
  const placed = await placeEntries(source, central.value, offset);
  if (!placed.ok) return placed;
  if (comment !== sealedComment) return accepted({ entries: placed.value, form: "repackaged" });
  const form = await sealedFormProblem(source, central.value, directory.value);
  return form === undefined ? accepted({ entries: placed.value, form: "sealed" }) : refused("zip_form_changed", form);
}

function parseDirectory(bytes: Uint8Array, count: number): Result<CentralEntry[], ZipRefusal> {
  const entries: CentralEntry[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at < bytes.length) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== centralSignature) {
      return refused("zip_malformed", `the zip's directory is damaged at its byte ${at}`);
    }
    const [name, extra, comment] = [
      view.getUint16(at + 28, true),
      view.getUint16(at + 30, true),
      view.getUint16(at + 32, true),
    ];
    const end = at + 46 + name + extra + comment;
    if (end > bytes.length) return refused("zip_malformed", `the zip's directory is damaged at its byte ${at}`);
    const entry = centralEntry(bytes.subarray(at, end), name, extra);
    if (!entry.ok) return entry;
    entries.push(entry.value);
    at = end;
  }
  if (entries.length !== count) {
    return refused("zip_malformed", `the zip's directory holds ${entries.length} entries and says ${count}`);
  }
  return accepted(entries);
}

function centralEntry(raw: Uint8Array, nameLength: number, extraLength: number): Result<CentralEntry, ZipRefusal> {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const nameBytes = raw.subarray(46, 46 + nameLength);
  const path = utf8Text(nameBytes);
  const flags = view.getUint16(8, true);
  // Without bit 11 a name is in an unknown code page; only ASCII means the same in all of them.
  if (path === undefined || ((flags & 0x0800) === 0 && nameBytes.some((byte) => byte > 126))) {
    return refused("zip_path_unsafe", "a file name in the zip is not UTF-8");
  }
  const large = zip64Numbers(raw.subarray(46 + nameLength, 46 + nameLength + extraLength), [
    view.getUint32(24, true),
    view.getUint32(20, true),
    view.getUint32(42, true),
  ]);
  const [bytes, packedBytes, offset] = large ?? [];
  if (bytes === undefined || packedBytes === undefined || offset === undefined) {
    return refused("zip_malformed", `${path}: the zip64 sizes are damaged`);
  }
  if (view.getUint16(34, true) !== 0) return refused("zip_malformed", `${path} lies on another disk of a split zip`);
  const mode = view.getUint32(38, true) >>> 28;
  const unix = raw[5] === 3;
  // 8 is a regular file, 4 a folder, 0 unstated; the others are links and devices.
  if (unix && mode !== 8 && mode !== 0 && mode !== 4) return refused("zip_not_a_file", `${path} is a link or a device`);
  return accepted({
    path,
    nameBytes,
    needed: view.getUint16(6, true),
    flags,
    method: view.getUint16(10, true),
    time: view.getUint16(12, true),
    date: view.getUint16(14, true),
    crc32: view.getUint32(16, true),
    packedBytes,
    bytes,
    offset,
    raw,
  });
}

/** Replaces each number that is at its maximum by the next one of the zip64 extra field; undefined when that lacks it. */
function zip64Numbers(extra: Uint8Array, numbers: readonly number[]): number[] | undefined {
  const view = new DataView(extra.buffer, extra.byteOffset, extra.byteLength);
  let field: DataView | undefined;
  let at = 0;
  while (at + 4 <= extra.length) {
    const length = view.getUint16(at + 2, true);
    if (at + 4 + length > extra.length) return undefined;
    if (view.getUint16(at, true) === 1) {
      if (field !== undefined) return undefined;
      field = new DataView(extra.buffer, extra.byteOffset + at + 4, length);
    }
    at += 4 + length;
  }
  if (at !== extra.length) return undefined;
  let next = 0;
  const out: number[] = [];
  for (const number of numbers) {
    if (number !== max32) {
      out.push(number);
      continue;
    }
    if (field === undefined || next + 8 > field.byteLength) return undefined;
    const large = field.getBigUint64(next, true);
    if (large > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
    out.push(Number(large));
    next += 8;
  }
  return out;
}

function entryProblem(entry: CentralEntry, limits: ZipLimits): ZipRefusal | undefined {
  const { path, flags, method, bytes, packedBytes } = entry;
  const folder = path.endsWith("/");
  const unsafe = unsafePath(folder ? path.slice(0, -1) : path);
  if (unsafe !== undefined)
    return refused("zip_path_unsafe", `the path ${JSON.stringify(path)} in the zip ${unsafe}`).error;
  // Bit 0 encryption, 6 strong encryption, 13 hidden headers; 5 patch data; 3 descriptor and 1-2, 11 are harmless.
  if ((flags & 0x2041) !== 0) return refused("zip_encrypted", `${path} is encrypted`).error;
  if ((flags & ~0x080e) !== 0) return refused("zip_malformed", `${path} has unknown flags`).error;
  if (method !== 0 && method !== 8)
    return refused("zip_method_unsupported", `${path} is packed with method ${method}`).error;
  if (method === 0 && bytes !== packedBytes)
    return refused("zip_malformed", `${path} is stored, yet has two sizes`).error;
  if (folder && bytes !== 0) return refused("zip_not_a_file", `${path} is a folder, yet has content`).error;
  if (bytes > ratioFromBytes && bytes > packedBytes * limits.ratioMax) {
    return refused("zip_too_large", `${path} would unpack to more than ${limits.ratioMax} times its size`).error;
  }
  return undefined;
}

function pathProblem(entries: readonly CentralEntry[]): ZipRefusal | undefined {
  const [first] = collidingPaths(entries.map((entry) => entry.path.replace(/\/$/, "")));
  if (first === undefined) return undefined;
  return refused("zip_path_twice", `the zip holds the same path twice: ${first.join(", ")}`).error;
}

function totalProblem(entries: readonly CentralEntry[], limits: ZipLimits): ZipRefusal | undefined {
  const total = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  return total > limits.bytesMax ? refused("zip_too_large", `the zip would unpack to ${total} bytes`).error : undefined;
}

/** Reads every local header, in file order: each entry must begin where the one before ended, the first at 0. */
async function placeEntries(
  source: ByteSource,
  central: readonly CentralEntry[],
  directoryOffset: number,
): Promise<Result<ZipEntry[], ZipRefusal>> {
  const entries = new Map<CentralEntry, ZipEntry>();
  let expected = 0;
  for (const entry of central.toSorted((a, b) => a.offset - b.offset)) {
    const { path, offset } = entry;
    if (offset < expected) return refused("zip_overlap", `${path} overlaps the entry before it`);
    if (offset > expected)
      return refused("zip_surrounding_data", `there are ${offset - expected} unexplained bytes before ${path}`);
    const local = await localExtent(source, entry, directoryOffset);
    if (!local.ok) return local;
    expected = local.value.end;
    if (path.endsWith("/")) continue;
    entries.set(entry, {
      path,
      method: entry.method === 0 ? "stored" : "deflated",
      bytes: entry.bytes,
      packedBytes: entry.packedBytes,
      crc32: entry.crc32,
      dataOffset: local.value.dataOffset,
    });
  }
  if (expected !== directoryOffset) {
    return refused(
      "zip_surrounding_data",
      `there are ${directoryOffset - expected} unexplained bytes before the directory`,
    );
  }
  return accepted(central.flatMap((entry) => entries.get(entry) ?? []));
}

type Extent = { readonly dataOffset: number; readonly end: number };

async function localExtent(
  source: ByteSource,
  entry: CentralEntry,
  limit: number,
): Promise<Result<Extent, ZipRefusal>> {
  const { path, offset } = entry;
  if (offset + 30 > limit) return refused("zip_truncated", `the zip ends before ${path}`);
  const fixed = await source.read(offset, 30);
  const view = new DataView(fixed.buffer, fixed.byteOffset, fixed.byteLength);
  const [nameLength, extraLength] = [view.getUint16(26, true), view.getUint16(28, true)];
  const dataOffset = offset + 30 + nameLength + extraLength;
  if (view.getUint32(0, true) !== localSignature || dataOffset > limit) {
    return refused("zip_headers_differ", `the header of ${path} is damaged`);
  }
  const variable = await source.read(offset + 30, nameLength + extraLength);
  const problem = localProblem(entry, view, variable.subarray(nameLength));
  const sameName = entry.nameBytes.length === nameLength && entry.nameBytes.every((byte, i) => byte === variable[i]);
  if (problem !== undefined || !sameName) {
    return refused("zip_headers_differ", `the header of ${path} contradicts the directory: ${problem ?? "name"}`);
  }
  const dataEnd = dataOffset + entry.packedBytes;
  if (dataEnd > limit) return refused("zip_truncated", `the zip ends inside ${path}`);
  if ((entry.flags & 0x08) === 0) return accepted({ dataOffset, end: dataEnd });
  const descriptor = await descriptorLength(source, entry, { dataEnd, limit });
  if (descriptor === undefined) return refused("zip_headers_differ", `the data descriptor of ${path} is damaged`);
  return accepted({ dataOffset, end: dataEnd + descriptor });
}

function localProblem(entry: CentralEntry, local: DataView, extra: Uint8Array): string | undefined {
  if (local.getUint16(6, true) !== entry.flags) return "flags";
  if (local.getUint16(8, true) !== entry.method) return "method";
  if (local.getUint16(10, true) !== entry.time || local.getUint16(12, true) !== entry.date) return "time";
  if (local.getUint16(4, true) > max16 >> 8) return "version";
  const described = (entry.flags & 0x08) !== 0;
  const crc32 = local.getUint32(14, true);
  if (crc32 !== entry.crc32 && !(described && crc32 === 0)) return "CRC";
  // In a local header zip64 gives both sizes, unpacked first, when either is at its maximum.
  const [bytes, packed] = zip64Numbers(extra, [local.getUint32(22, true), local.getUint32(18, true)]) ?? [];
  if (bytes === undefined || packed === undefined) return "zip64 sizes";
  const zeros = described && bytes === 0 && packed === 0;
  return zeros || (bytes === entry.bytes && packed === entry.packedBytes) ? undefined : "sizes";
}

/** Data descriptors come with or without signature, with 4- or 8-byte sizes; what it says must fit in any case. */
async function descriptorLength(
  source: ByteSource,
  entry: CentralEntry,
  at: { readonly dataEnd: number; readonly limit: number },
): Promise<number | undefined> {
  const bytes = await source.read(at.dataEnd, Math.min(24, at.limit - at.dataEnd));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const start of [4, 0]) {
    if (start === 4 && (bytes.length < 4 || view.getUint32(0, true) !== descriptorSignature)) continue;
    for (const wide of [false, true]) {
      const length = start + 4 + (wide ? 16 : 8);
      if (length > bytes.length || view.getUint32(start, true) !== entry.crc32) continue;
      const packed = wide ? Number(view.getBigUint64(start + 4, true)) : view.getUint32(start + 4, true);
      const unpacked = wide ? Number(view.getBigUint64(start + 12, true)) : view.getUint32(start + 8, true);
      if (packed === entry.packedBytes && unpacked === entry.bytes) return length;
    }
  }
  return undefined;
}

const chunkBytes = 256 * 1024;

/**
 * The unpacked bytes of an entry, streamed. Throws EvidenceFault `zip_entry_damaged` when they do not have the promised length or CRC,
 * at the latest after the last chunk; a reader MUST NOT trust what it got before the end.
 */
export async function* openZipEntry(
  source: ByteSource,
  entry: ZipEntry,
  hashing: Pick<Hashing, "crc32">,
): AsyncGenerator<Uint8Array, void, void> {
  const packed = packedChunks(source, entry);
  let [bytes, crc32] = [0, 0];
  for await (const chunk of entry.method === "stored" ? packed : inflate(packed, entry.path)) {
    bytes += chunk.length;
    // A bomb that lies about its size stops here, not when the disk is full.
    if (bytes > entry.bytes) break;
    crc32 = hashing.crc32(chunk, crc32);
    yield chunk;
  }
  if (bytes !== entry.bytes || crc32 !== entry.crc32) {
    throw new EvidenceFault("zip_entry_damaged", `${entry.path} does not have the length and CRC that the zip states`);
  }
}

async function* packedChunks(source: ByteSource, entry: ZipEntry): AsyncGenerator<Uint8Array, void, void> {
  for (let at = 0; at < entry.packedBytes; at += chunkBytes) {
    yield await source.read(entry.dataOffset + at, Math.min(chunkBytes, entry.packedBytes - at));
  }
}

async function* inflate(packed: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<Uint8Array, void, void> {
  const { readable, writable } = new DecompressionStream("deflate-raw");
  const writer = writable.getWriter();
  const feeding = (async () => {
    for await (const chunk of packed) await writer.write(new Uint8Array(chunk));
    await writer.close();
  })();
  // The reader below sees the same failure; without this the runtime would report it as unhandled.
  feeding.catch(() => undefined);
  const reader = readable.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      yield value;
    }
    await feeding;
  } catch (fault) {
    throw new EvidenceFault("zip_entry_damaged", `${path} cannot be unpacked`, fault);
  } finally {
    await reader.cancel().catch(() => undefined);
    await writer.abort().catch(() => undefined);
  }
}
