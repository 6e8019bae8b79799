import { isMap, isScalar, LineCounter, parseAllDocuments } from "yaml";

export type KeyPlace = { readonly line: number; readonly column: number };

/**
 * Where the value of a key stands in a rule file, both counted from 1: `path` from the top of the document that begins at or holds `line` (a file may
 * hold several); of a key that is not there the nearest above it, and the line itself where none of them is.
 */
export function keyPlace(text: string, line: number, path: readonly string[]): KeyPlace {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, logLevel: "silent", uniqueKeys: false });
  const from = lines.lineStarts[line - 1] ?? 0;
  const document = [...documents].find(({ range }) => range[2] > from);
  let node: unknown = document?.contents;
  let at: number | null = null;
  for (const key of path) {
    if (!isMap(node)) break;
    const pair = node.items.find((one) => isScalar(one.key) && one.key.value === key);
    if (pair === undefined) break;
    const value = pair.value as { readonly range?: readonly number[] | null } | null;
    const place = isMap(value) ? (pair.key as typeof value) : (value ?? (pair.key as typeof value));
    at = place?.range?.[0] ?? at;
    node = pair.value;
  }
  if (at === null) return { line, column: 1 };
  const { line: row, col: column } = lines.linePos(at);
  return { line: row, column };
}
