import ts from "typescript";
import { parseSource } from "./source-files.ts";

/** A test as its source names it; `ids` are the requirement IDs in front of the name, in their order. */
export type NamedTest = {
  readonly file: string;
  readonly line: number;
  readonly name: string;
  readonly ids: readonly string[];
};

export type BadName = { readonly file: string; readonly line: number; readonly says: string };

export type FoundTests = { readonly tests: readonly NamedTest[]; readonly bad: readonly BadName[] };

/** Requirement IDs, separated by one space: `B05 a repeat ...`, `B05 B12 both ...`. */
const leadingIds = /^(?:[A-U]\d\d )+/;

/** For tests that hold the repository itself in order and prove no requirement. */
const repositoryPrefix = "ground ";

/** What runs a test by its first argument; a builder that test files share is named after what it runs them on or with. */
const callers = /^(?:test|it|describe|suite|test(?:On|With)[A-Z]\w*)$/;
const groups = new Set(["describe", "suite"]);

/**
 * Finds the tests of one source file. A name must begin with IDs, or stand in a `describe` whose name does; a name that is
 * computed must at least begin with literal text that holds them (`D08 ${c.says}`), because a reader and this page see the source.
 * A function of the file that hands its first parameter on as a test's name (`onLog(name, run)`) counts as a caller itself.
 */
export function findTestNames(file: string, text: string): FoundTests {
  const tests: NamedTest[] = [];
  const bad: BadName[] = [];
  const source = parseSource(file, text);
  const wrappers = wrappersIn(source);
  visit(source, []);
  return { tests, bad };

  function visit(node: ts.Node, inherited: readonly string[]): void {
    if (ts.isFunctionDeclaration(node) && wrappers.has(node.name?.text ?? "")) return;
    const call = asTestCall(node, wrappers);
    if (call === null) {
      ts.forEachChild(node, (child) => visit(child, inherited));
      return;
    }
    const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
    const name = literalHead(call.name);
    const ids = name === null ? [] : idsOf(name);
    const all = ids.length > 0 ? ids : inherited;
    if (all.length === 0 && !(name ?? "").startsWith(repositoryPrefix) && !call.isGroup) {
      const shown = name ?? call.name?.getText(source) ?? "";
      bad.push({ file, line, says: `a test's name begins with a requirement ID or "${repositoryPrefix}": ${shown}` });
    } else if (!call.isGroup && all.length > 0) {
      tests.push({ file, line, name: (name ?? "").replace(leadingIds, ""), ids: all });
    }
    // Subtests (context.test) belong to the test that runs them; only a group's children are tests of their own.
    if (call.isGroup) ts.forEachChild(node, (child) => visit(child, all.length > 0 ? all : groundIds(name)));
  }
}

function groundIds(name: string | null): readonly string[] {
  return name?.startsWith(repositoryPrefix) === true ? ["ground"] : [];
}

type TestCall = { readonly name: ts.Expression | undefined; readonly isGroup: boolean };

function wrappersIn(source: ts.SourceFile): ReadonlySet<string> {
  const found = new Set<string>();
  for (const statement of source.statements) {
    if (!ts.isFunctionDeclaration(statement) || statement.name === undefined) continue;
    const first = statement.parameters[0]?.name;
    if (first !== undefined && ts.isIdentifier(first) && handsOn(statement, first.text)) found.add(statement.name.text);
  }
  return found;
}

function handsOn(node: ts.Node, parameter: string): boolean {
  const name = asTestCall(node, new Set())?.name;
  if (name !== undefined && ts.isIdentifier(name) && name.text === parameter) return true;
  return ts.forEachChild(node, (child) => handsOn(child, parameter)) === true;
}

function asTestCall(node: ts.Node, wrappers: ReadonlySet<string>): TestCall | null {
  if (!ts.isCallExpression(node)) return null;
  let callee: ts.Expression = node.expression;
  // test.skip(...), test.only(...): the same test
  if (ts.isPropertyAccessExpression(callee) && ["skip", "only", "todo"].includes(callee.name.text)) {
    callee = callee.expression;
  }
  if (!ts.isIdentifier(callee) || !(callers.test(callee.text) || wrappers.has(callee.text))) return null;
  return { name: node.arguments[0], isGroup: groups.has(callee.text) };
}

/** The text of a literal name; of a computed one the text up to the first computed part, with an ellipsis. */
function literalHead(name: ts.Expression | undefined): string | null {
  if (name === undefined) return null;
  if (ts.isStringLiteralLike(name)) return name.text;
  if (ts.isTemplateExpression(name)) return name.head.text === "" ? null : `${name.head.text}…`;
  if (ts.isBinaryExpression(name) && name.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    const left = literalHead(name.left);
    return left === null ? null : `${left}…`;
  }
  return null;
}

export function idsOf(name: string): readonly string[] {
  const found = leadingIds.exec(name);
  return found === null ? [] : found[0].trim().split(" ");
}
