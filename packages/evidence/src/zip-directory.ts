import { utf8Text } from "./bytes.ts";
import { accepted, refused, type Result } from "./refusal.ts";
import {
  endSignature,
  localSignature,
  max16,
  max32,
  sealedComment,
  zip64EndSignature,
  zip64LocatorSignature,
} from "./zip-form.ts";
import type { ByteSource, ZipLimits, ZipRefusal } from "./zip-archive.ts";

/** Where a zip's central directory lies, and its bytes. */
export type Directory = {
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly count: number;
  readonly comment: string;
};

type Extent = { readonly offset: number; readonly length: number; readonly count: number; readonly endsAt: number };

/**
 * Finds the central directory. Nothing may follow the end record but a comment of exactly the stated length, and the only comment
 * that is accepted is ours: comments are where data hides.
 */
export async function findDirectory(source: ByteSource, limits: ZipLimits): Promise<Result<Directory, ZipRefusal>> {
  if (source.size < 22) return notAZip(source);
  const found = await findEnd(source);
  if (!found.ok) return found;
  const { end, endOffset, comment } = found.value;
  if (
    end.getUint16(4, true) !== 0 ||
    end.getUint16(6, true) !== 0 ||
    end.getUint16(8, true) !== end.getUint16(10, true)
  ) {
    return refused("zip_malformed", "the zip is split over several files or its end record is damaged");
  }
  const extent = await directoryExtent(source, end, endOffset);
  if (!extent.ok) return extent;
  const { offset, length, count, endsAt } = extent.value;
  if (count > limits.entriesMax || length > limits.directoryBytesMax) {
    return refused("zip_too_large", `the zip's directory has ${count} entries in ${length} bytes`);
  }
  if (offset + length !== endsAt) {
    return refused("zip_surrounding_data", "the zip's directory does not end where its end record begins");
  }
  return accepted({ offset, bytes: await source.read(offset, length), count, comment });
}

type End = { readonly end: DataView; readonly endOffset: number; readonly comment: string };

async function findEnd(source: ByteSource): Promise<Result<End, ZipRefusal>> {
  for (const comment of ["", sealedComment]) {
    const offset = source.size - 22 - comment.length;
    if (offset < 0) continue;
    const bytes = await source.read(offset, 22 + comment.length);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const fits = view.getUint32(0, true) === endSignature && view.getUint16(20, true) === comment.length;
    if (fits && utf8Text(bytes.subarray(22)) === comment) return accepted({ end: view, endOffset: offset, comment });
  }
  return describeMissingEnd(source);
}

/** Only to say what is wrong: looks through the last 64 KiB for an end record that does not stand at the end. */
async function describeMissingEnd(source: ByteSource): Promise<Result<End, ZipRefusal>> {
  const length = Math.min(source.size, 22 + max16);
  const tail = await source.read(source.size - length, length);
  for (let at = tail.length - 4; at >= 0; at -= 1) {
    if (tail[at] === 0x50 && tail[at + 1] === 0x4b && tail[at + 2] === 5 && tail[at + 3] === 6) {
      return at + 22 > tail.length
        ? refused("zip_truncated", "the zip ends inside its end record")
        : refused("zip_surrounding_data", "something follows the zip's end record");
    }
  }
  return notAZip(source);
}

async function notAZip(source: ByteSource): Promise<Result<never, ZipRefusal>> {
  if (source.size >= 4) {
    const start = await source.read(0, 4);
    if (new DataView(start.buffer, start.byteOffset, 4).getUint32(0, true) === localSignature) {
      return refused("zip_truncated", "the zip is cut off or damaged: it has no end record");
    }
  }
  return refused("zip_not_a_zip", "the file is not a zip");
}

async function directoryExtent(
  source: ByteSource,
  end: DataView,
  endOffset: number,
): Promise<Result<Extent, ZipRefusal>> {
  const plain: Extent = {
    count: end.getUint16(10, true),
    length: end.getUint32(12, true),
    offset: end.getUint32(16, true),
    endsAt: endOffset,
  };
  const full = plain.count === max16 || plain.length === max32 || plain.offset === max32;
  const locatorOffset = endOffset - 20;
  if (locatorOffset < 56) return full ? damaged64() : accepted(plain);
  const locatorBytes = await source.read(locatorOffset, 20);
  const locator = new DataView(locatorBytes.buffer, locatorBytes.byteOffset, 20);
  if (locator.getUint32(0, true) !== zip64LocatorSignature) return full ? damaged64() : accepted(plain);
  const recordOffset = Number(locator.getBigUint64(8, true));
  // The record stands directly before its locator: an extensible data sector is a place to hide things.
  if (recordOffset !== locatorOffset - 56 || locator.getUint32(4, true) !== 0 || locator.getUint32(16, true) !== 1)
    return damaged64();
  const recordBytes = await source.read(recordOffset, 56);
  const record = new DataView(recordBytes.buffer, recordBytes.byteOffset, 56);
  const [count, length, offset] = [
    Number(record.getBigUint64(32, true)),
    Number(record.getBigUint64(40, true)),
    Number(record.getBigUint64(48, true)),
  ];
  const agrees =
    record.getUint32(0, true) === zip64EndSignature &&
    record.getBigUint64(4, true) === 44n &&
    record.getBigUint64(24, true) === record.getBigUint64(32, true) &&
    record.getUint32(16, true) === 0 &&
    record.getUint32(20, true) === 0 &&
    (plain.count === max16 || plain.count === count) &&
    (plain.length === max32 || plain.length === length) &&
    (plain.offset === max32 || plain.offset === offset);
  return agrees ? accepted({ count, length, offset, endsAt: recordOffset }) : damaged64();
}

function damaged64(): Result<never, ZipRefusal> {
  return refused("zip_malformed", "the zip64 end records are damaged");
}
