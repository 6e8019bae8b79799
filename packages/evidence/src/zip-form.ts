import { concatBytes, utf8 } from "./bytes.ts";

/**
 * The byte form of the zips that we write: stored entries, sizes and CRC known before the data, no data descriptors, UTF-8
 * names, one modification time for all, zip64 only where a number does not fit. The same entries give the same bytes.
 */

/** Stands in the archive comment of a packet as sealed: its presence promises that every header has exactly this form. */
export const sealedComment = "tillwatch-packet/1";

export const localSignature = 0x04034b50;
export const centralSignature = 0x02014b50;
export const endSignature = 0x06054b50;
export const zip64EndSignature = 0x06064b50;
export const zip64LocatorSignature = 0x07064b50;
export const descriptorSignature = 0x08074b50;

export const max16 = 0xffff;
export const max32 = 0xffffffff;

/** Deterministic description of one stored entry. `offset` is that of its local header. */
export type StoredEntry = {
  readonly path: string;
  readonly bytes: number;
  readonly crc32: number;
  readonly offset: number;
};

/** MS-DOS date and time, two-second steps, 1980 to 2107; UTC. */
export type DosTime = { readonly date: number; readonly time: number };

export function dosTime(atMs: number): DosTime {
  const at = new Date(atMs);
  const year = at.getUTCFullYear();
  if (!(year >= 1980 && year <= 2107)) throw new RangeError("zip times reach from 1980 to 2107");
  return {
    date: ((year - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate(),
    time: (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1),
  };
}

const utf8Flag = 0x0800;
const version = 20;
const versionZip64 = 45;
const madeByUnix = 3 << 8;
/** Regular file, rw-r--r--, in the upper half as Unix zips do. */
const externalAttributes = 0o100644 * 0x10000;

export function localHeader(entry: StoredEntry, at: DosTime): Uint8Array {
  const name = utf8(entry.path);
  const large = entry.bytes >= max32;
  const extra = large ? zip64Extra([entry.bytes, entry.bytes]) : new Uint8Array(0);
  const header = new Uint8Array(30);
  const view = new DataView(header.buffer);
  view.setUint32(0, localSignature, true);
  view.setUint16(4, large ? versionZip64 : version, true);
  view.setUint16(6, utf8Flag, true);
  view.setUint16(10, at.time, true);
  view.setUint16(12, at.date, true);
  view.setUint32(14, entry.crc32, true);
  view.setUint32(18, large ? max32 : entry.bytes, true);
  view.setUint32(22, large ? max32 : entry.bytes, true);
  view.setUint16(26, name.length, true);
  view.setUint16(28, extra.length, true);
  return concatBytes(header, name, extra);
}

export function centralHeader(entry: StoredEntry, at: DosTime): Uint8Array {
  const name = utf8(entry.path);
  const largeSize = entry.bytes >= max32;
  const largeOffset = entry.offset >= max32;
  const numbers = [...(largeSize ? [entry.bytes, entry.bytes] : []), ...(largeOffset ? [entry.offset] : [])];
  const extra = numbers.length > 0 ? zip64Extra(numbers) : new Uint8Array(0);
  const needed = largeSize || largeOffset ? versionZip64 : version;
  const header = new Uint8Array(46);
  const view = new DataView(header.buffer);
  view.setUint32(0, centralSignature, true);
  view.setUint16(4, madeByUnix | needed, true);
  view.setUint16(6, needed, true);
  view.setUint16(8, utf8Flag, true);
  view.setUint16(12, at.time, true);
  view.setUint16(14, at.date, true);
  view.setUint32(16, entry.crc32, true);
  view.setUint32(20, largeSize ? max32 : entry.bytes, true);
  view.setUint32(24, largeSize ? max32 : entry.bytes, true);
  view.setUint16(28, name.length, true);
  view.setUint16(30, extra.length, true);
  view.setUint32(38, externalAttributes, true);
  view.setUint32(42, largeOffset ? max32 : entry.offset, true);
  return concatBytes(header, name, extra);
}

/** Everything after the central directory. */
export function endRecords(directory: {
  readonly entries: number;
  readonly offset: number;
  readonly bytes: number;
  readonly comment: string;
}): Uint8Array {
  const { entries, offset, bytes } = directory;
  const comment = utf8(directory.comment);
  const large = entries >= max16 || offset >= max32 || bytes >= max32;
  const end = new Uint8Array(22);
  const view = new DataView(end.buffer);
  view.setUint32(0, endSignature, true);
  view.setUint16(8, Math.min(entries, max16), true);
  view.setUint16(10, Math.min(entries, max16), true);
  view.setUint32(12, Math.min(bytes, max32), true);
  view.setUint32(16, Math.min(offset, max32), true);
  view.setUint16(20, comment.length, true);
  return concatBytes(large ? zip64EndRecords({ entries, offset, bytes }) : new Uint8Array(0), end, comment);
}

function zip64EndRecords(directory: {
  readonly entries: number;
  readonly offset: number;
  readonly bytes: number;
}): Uint8Array {
  const records = new Uint8Array(56 + 20);
  const view = new DataView(records.buffer);
  view.setUint32(0, zip64EndSignature, true);
  view.setBigUint64(4, 44n, true);
  view.setUint16(12, madeByUnix | versionZip64, true);
  view.setUint16(14, versionZip64, true);
  view.setBigUint64(24, BigInt(directory.entries), true);
  view.setBigUint64(32, BigInt(directory.entries), true);
  view.setBigUint64(40, BigInt(directory.bytes), true);
  view.setBigUint64(48, BigInt(directory.offset), true);
  view.setUint32(56, zip64LocatorSignature, true);
  view.setBigUint64(64, BigInt(directory.offset + directory.bytes), true);
  view.setUint32(72, 1, true);
  return records;
}

function zip64Extra(numbers: readonly number[]): Uint8Array {
  const extra = new Uint8Array(4 + 8 * numbers.length);
  const view = new DataView(extra.buffer);
  view.setUint16(0, 1, true);
  view.setUint16(2, 8 * numbers.length, true);
  for (const [i, number] of numbers.entries()) view.setBigUint64(4 + 8 * i, BigInt(number), true);
  return extra;
}
