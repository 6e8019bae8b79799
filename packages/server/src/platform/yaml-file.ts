import type { Static, TSchema } from "typebox";
import { Value } from "typebox/value";
import { isNode, LineCounter, parseDocument, type Document } from "yaml";
import { ok, refused, type Result } from "@tillwatch/wire";

/** What is wrong with a file that an organisation edits: where, and what to do. */
export type FileProblem = {
  readonly code: "file_not_yaml" | "file_shape_wrong" | "file_content_wrong";
  readonly file: string;
  readonly line: number; // 1-based
  readonly message: string;
};

const aliasesMax = 100;

/** Reads a YAML text against a schema. All problems at once, each with its line. */
export function readYaml<S extends TSchema>(
  text: string,
  file: string,
  schema: S,
): Result<Static<S>, readonly FileProblem[]> {
  const read = readYamlWithLines(text, file, schema);
  return read.ok ? ok(read.value.value) : read;
}

/** As `readYaml`; `lineAt` answers the line (1-based) of a JSON pointer, for problems that no schema can say. */
export function readYamlWithLines<S extends TSchema>(
  text: string,
  file: string,
  schema: S,
): Result<{ readonly value: Static<S>; readonly lineAt: (pointer: string) => number }, readonly FileProblem[]> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, version: "1.2" });
  if (document.errors.length > 0) {
    return refused(
      document.errors.map((error) => ({
        code: "file_not_yaml",
        file,
        line: lines.linePos(error.pos[0]).line,
        message: error.message,
      })),
    );
  }
  const value: unknown = document.toJS({ maxAliasCount: aliasesMax });
  if (Value.Check(schema, value)) return ok({ value, lineAt: (pointer) => lineOf(document, lines, pointer) });
  const problems = [...Value.Errors(schema, value)].map(({ instancePath, message }) => ({
    code: "file_shape_wrong" as const,
    file,
    line: lineOf(document, lines, instancePath),
    message: `${instancePath === "" ? "the file" : instancePath}: ${message}`,
  }));
  return refused(problems);
}

/** The line of the nearest existing node on the way to a JSON pointer. */
function lineOf(document: Document, lines: LineCounter, pointer: string): number {
  const path = pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  for (let length = path.length; length > 0; length--) {
    const steps = path.slice(0, length).map((step) => (/^\d+$/.test(step) ? Number(step) : step));
    const node = document.getIn(steps, true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}
