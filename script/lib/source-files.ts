import { globSync } from "node:fs";
import ts from "typescript";

export function parseSource(file: string, text: string): ts.SourceFile {
  const kind = file.endsWith("x") ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  return ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true, kind);
}

/** What ships: sources without tests and their builders, as paths from the root. */
export function shippedFiles(root: string, patterns: readonly string[]): readonly string[] {
  return globSync([...patterns], { cwd: root, exclude: (path) => /(^|\/)(node_modules|dist|testing)(\/|$)/.test(path) })
    .filter((path) => !/\.test\.tsx?$|\.d\.ts$/.test(path))
    .sort();
}
