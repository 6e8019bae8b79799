import ts from "typescript";
import { parseSource } from "./source-files.ts";

export type Impurity = { readonly file: string; readonly line: number; readonly uses: string };

/** Globals through which time, chance or the outside enter a file without an import that a boundary could see. */
const members = new Set([
  "Date.now",
  "Math.random",
  "performance.now",
  "crypto.randomUUID",
  "crypto.getRandomValues",
  "process.env",
  "process.hrtime",
]);
const calls = new Set(["fetch", "setTimeout", "setInterval", "setImmediate", "randomUUID", "randomBytes"]);

/** Each use of such a global, and of `new Date()` without an argument. A name in a comment or a text is not a use. */
export function findImpureGlobals(file: string, text: string): readonly Impurity[] {
  const source = parseSource(file, text);
  const found: Impurity[] = [];
  const visit = (node: ts.Node): void => {
    const uses = impureUse(node);
    if (uses !== null) {
      const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
      found.push({ file, line, uses });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function impureUse(node: ts.Node): string | null {
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
    const name = `${node.expression.text}.${node.name.text}`;
    return members.has(name) ? name : null;
  }
  if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) {
    return calls.has(node.expression.text) ? node.expression.text : null;
  }
  if (ts.isNewExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === "Date") {
    return (node.arguments ?? []).length === 0 ? "new Date()" : null;
  }
  return null;
}
