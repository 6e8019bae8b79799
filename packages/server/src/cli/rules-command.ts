import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { compileRules, parseRules, runRuleTests, type SigmaProblem, type SigmaRule } from "@tillwatch/sigma";
import { exitFailed, exitOk, exitUnusable, Unusable, type Cli, type Command } from "./command.ts";
import { configOf } from "./configured.ts";

export const rulesCommand: Command = {
  usage: "rules check|test [FOLDER|FILE]",
  summary: "check: parse and compile rule files. test: run the tests that each rule carries",
  run: async (cli) => {
    const [verb, given] = cli.args;
    if (verb !== "check" && verb !== "test") {
      cli.err("say: tillwatch rules check|test [FOLDER|FILE]\n");
      return exitUnusable;
    }
    const path = given ?? join(configOf(cli).packFolder, "rules");
    const rules = readRules(cli, path);
    if (rules === null) return exitFailed;
    if (verb === "check") {
      cli.out(`${counted(rules.length, "rule")}, all understood\n`);
      return exitOk;
    }
    return testRules(cli, rules);
  },
};

/** Null where a rule was refused; each refusal is printed as file:line:column with its remedy. */
function readRules(cli: Cli, path: string): readonly SigmaRule[] | null {
  const parsed = filesUnder(path).map((file) => parseRules(readFileSync(file, "utf8"), file));
  const rules = parsed.flatMap((result) => (result.ok ? result.value : []));
  const compiled = compileRules(rules);
  const problems = [
    ...parsed.flatMap((result) => (result.ok ? [] : result.error)),
    ...(compiled.ok ? [] : compiled.error),
  ];
  if (problems.length === 0) return rules;
  for (const problem of problems) cli.err(`${lineOf(problem)}\n`);
  cli.err(`${counted(problems.length, "problem")}: nothing was loaded\n`);
  return null;
}

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}

function lineOf({ file, line, column, code, message, remedy }: SigmaProblem): string {
  return `${file}:${line}:${column}: ${code}: ${message}\n    ${remedy}`;
}

function testRules(cli: Cli, rules: readonly SigmaRule[]): number {
  let passed = 0;
  let failed = 0;
  for (const rule of rules) {
    const compiled = compileRules([rule]);
    if (!compiled.ok) throw new Error(`${rule.title} compiled before and does not now`);
    const results = runRuleTests(rule, compiled.value);
    if (results.length === 0) cli.err(`${rule.title}: carries no test\n`);
    failed += results.length === 0 ? 1 : 0;
    for (const result of results) {
      if (result.ok) passed++;
      else failed++;
      if (!result.ok) cli.err(`${rule.title}: ${result.title}: expected ${result.expected}, got ${result.got}\n`);
    }
  }
  cli.out(`${counted(rules.length, "rule")}: ${passed} passed, ${failed} failed\n`);
  return failed === 0 ? exitOk : exitFailed;
}

function filesUnder(path: string): readonly string[] {
  try {
    if (statSync(path).isFile()) return [path];
    const names = readdirSync(path, { recursive: true, encoding: "utf8" }).filter((name) => /\.ya?ml$/.test(name));
    if (names.length === 0) throw new Unusable(`${path} holds no rule file (.yml, .yaml)`);
    return names.sort().map((name) => join(path, name));
  } catch (fault) {
    if (fault instanceof Unusable) throw fault;
    throw new Unusable(`${path} cannot be read: ${fault instanceof Error ? fault.message : String(fault)}`);
  }
}
