import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import ts from "typescript";
import { parseSource } from "./source-files.ts";

/** A code that a user can meet, and where it is made. */
export type UsedCode = { readonly code: string; readonly file: string; readonly line: number };

const snakeCase = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)+$/;

/**
 * Finds the error codes of a source file: snake_case literals that stand
 * - as the value of a member or variable called `code` (also in a type, a conditional, or behind `as const`),
 * - in a type alias whose name ends in `Code`, or in a list whose name ends in `Codes`,
 * - as an argument of `problem(...)`, `new HttpProblem(...)`, or of a class or function whose name ends in Fault, Refusal,
 *   Refused or Problem, or begins with refuse,
 * - as the argument of a function of the same file whose parameter is called `code`.
 * A literal elsewhere that only looks like a code is not one: codes are made where one of these words stands.
 */
export function findErrorCodes(file: string, text: string): readonly UsedCode[] {
  const source = parseSource(file, text);
  const found: UsedCode[] = [];
  const take = (node: ts.Node | undefined) => {
    if (node === undefined) return;
    for (const literal of literalsIn(node)) {
      if (!snakeCase.test(literal.text)) continue;
      const line = source.getLineAndCharacterOfPosition(literal.getStart(source)).line + 1;
      found.push({ code: literal.text, file, line });
    }
  };
  const codeParameters = findCodeParameters(source);
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAssignment(node) && nameOf(node.name) === "code") take(node.initializer);
    if ((ts.isPropertySignature(node) || ts.isPropertyDeclaration(node)) && nameOf(node.name) === "code")
      take(node.type);
    if (ts.isPropertyDeclaration(node) && nameOf(node.name) === "code") take(node.initializer);
    if (ts.isVariableDeclaration(node) && nameOf(node.name) === "code") take(node.initializer);
    if (ts.isTypeAliasDeclaration(node) && node.name.text.endsWith("Code")) take(node.type);
    if (ts.isVariableDeclaration(node) && nameOf(node.name).endsWith("Codes")) take(node.initializer);
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
      const given = [...(node.arguments ?? [])];
      const own = codeParameters.get(node.expression.getText(source));
      if (own !== undefined) given.slice(own, own + 1).forEach(takeArgument);
      else if (makesRefusal(node.expression)) given.forEach(takeArgument);
    }
    ts.forEachChild(node, visit);
  };
  const takeArgument = (argument: ts.Expression) => {
    if (isChoice(argument)) take(argument);
  };
  visit(source);
  return found;
}

/** The functions of this file that take a parameter called `code`, with its position. */
function findCodeParameters(source: ts.SourceFile): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const add = (name: string, signature: ts.SignatureDeclaration) => {
    const index = signature.parameters.findIndex((parameter) => nameOf(parameter.name) === "code");
    if (index >= 0 && name !== "") found.set(name, index);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionDeclaration(node)) add(node.name?.text ?? "", node);
    if (ts.isVariableDeclaration(node) && node.initializer !== undefined && ts.isArrowFunction(node.initializer)) {
      add(nameOf(node.name), node.initializer);
    }
    if (ts.isConstructorDeclaration(node)) add(node.parent.name?.text ?? "", node);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function makesRefusal(callee: ts.Expression): boolean {
  const name = ts.isPropertyAccessExpression(callee) ? callee.name.text : callee.getText();
  return /^(problem|HttpProblem|refuse[A-Za-z]*|[A-Za-z]*(Fault|Refusal|Refused|Problem))$/.test(name);
}

/** A literal or a choice between literals: what a code argument looks like. Objects have their own `code` member. */
function isChoice(node: ts.Expression): boolean {
  return ts.isStringLiteralLike(node) || ts.isConditionalExpression(node);
}

function literalsIn(node: ts.Node): readonly ts.StringLiteralLike[] {
  if (ts.isStringLiteralLike(node)) return [node];
  if (ts.isLiteralTypeNode(node)) return literalsIn(node.literal);
  if (ts.isUnionTypeNode(node)) return node.types.flatMap(literalsIn);
  if (ts.isConditionalExpression(node)) return [...literalsIn(node.whenTrue), ...literalsIn(node.whenFalse)];
  if (ts.isArrayLiteralExpression(node)) return node.elements.flatMap(literalsIn);
  if (ts.isAsExpression(node) || ts.isSatisfiesExpression(node) || ts.isParenthesizedExpression(node)) {
    return literalsIn(node.expression);
  }
  return [];
}

function nameOf(name: ts.PropertyName | ts.BindingName): string {
  return ts.isIdentifier(name) || ts.isStringLiteral(name) ? name.text : "";
}

export type DocumentedCode = { readonly code: string; readonly page: string; readonly cells: readonly string[] };

/** The rows `| code | meaning | remedy |` of docs/errors/*.md. */
export function documentedCodes(root: string): readonly DocumentedCode[] {
  return globSync("docs/errors/*.md", { cwd: root })
    .sort()
    .flatMap((page) => readCodeTable(basename(page), readFileSync(join(root, page), "utf8")));
}

export function readCodeTable(page: string, text: string): readonly DocumentedCode[] {
  return text.split("\n").flatMap((line) => {
    const cells = line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim());
    const code = /^`?([a-z][a-z0-9]*(?:_[a-z0-9]+)+)`?$/.exec(cells[0] ?? "")?.[1];
    return code === undefined ? [] : [{ code, page, cells }];
  });
}
