import { equalBytes } from "./bytes.ts";
import type { Directory } from "./zip-directory.ts";
import { centralHeader, endRecords, localHeader, type DosTime } from "./zip-form.ts";
import type { ByteSource, CentralEntry } from "./zip-archive.ts";

/**
 * Where a zip that claims to be as sealed differs from the form that we write, or undefined. Without this a changed bit in a field
 * that no reader looks at (a version, an attribute) would go unseen.
 */
export async function sealedFormProblem(
  source: ByteSource,
  central: readonly CentralEntry[],
  directory: Directory,
): Promise<string | undefined> {
  const [first] = central;
  const at: DosTime = { date: first?.date ?? 0, time: first?.time ?? 0 };
  let before = -1;
  for (const entry of central) {
    if (entry.offset <= before) return `${entry.path} is out of order`;
    before = entry.offset;
    if (!equalBytes(centralHeader(entry, at), entry.raw)) return `the directory's line for ${entry.path} was changed`;
    const local = localHeader(entry, at);
    if (!equalBytes(await source.read(entry.offset, local.length), local))
      return `the header of ${entry.path} was changed`;
  }
  const { offset, bytes, count, comment } = directory;
  const end = endRecords({ entries: count, offset, bytes: bytes.length, comment });
  const endOffset = offset + bytes.length;
  const sameEnd = endOffset + end.length === source.size && equalBytes(await source.read(endOffset, end.length), end);
  return sameEnd ? undefined : "the zip's end record was changed";
}
