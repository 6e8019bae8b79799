import { writeFileSync } from "node:fs";
import { PolicyEngine } from "../access/policy/policy-engine.ts";
import { loadPolicies, overduePolicies, type PolicyProblem, type PolicySet } from "../access/policy/policy-set.ts";
import {
  policyTestGaps,
  readPolicyTests,
  runPolicyTests,
  type PolicyTestResult,
} from "../access/policy/policy-tests.ts";
import { readPackFiles } from "../pack/pack-files.ts";
import { systemClock } from "../platform/clock.ts";
import { exitFailed, exitOk, exitUnusable, type Cli, type Command } from "./command.ts";
import { configOf } from "./configured.ts";

export const policyCommand: Command = {
  usage: "policy check|test [PACK] [--junit FILE]",
  summary:
    "check: parse the access policies and hold them to their schema; tells overdue reviews. test: run the tests beside them",
  run: async (cli) => {
    const [verb, ...rest] = cli.args;
    const junit = rest.includes("--junit") ? rest[rest.indexOf("--junit") + 1] : undefined;
    const [given] = rest.filter((arg, index) => arg !== "--junit" && rest[index - 1] !== "--junit");
    if ((verb !== "check" && verb !== "test") || (rest.includes("--junit") && junit === undefined)) {
      cli.err("say: tillwatch policy check|test [PACK] [--junit FILE]\n");
      return exitUnusable;
    }
    const files = readPackFiles(given ?? configOf(cli).packFolder);
    const loaded = loadPolicies(files);
    if (!loaded.ok) return refuse(cli, loaded.error);
    return verb === "check" ? check(cli, loaded.value) : test(cli, { files, set: loaded.value, junit });
  },
};

function refuse(cli: Cli, problems: readonly PolicyProblem[]): number {
  for (const { file, line, message } of problems) cli.err(`${file}${line === null ? "" : `:${line}`}: ${message}\n`);
  cli.err(`${problems.length} problem${problems.length === 1 ? "" : "s"}: nothing was loaded\n`);
  return exitFailed;
}

function check(cli: Cli, set: PolicySet): number {
  const today = new Date(systemClock()).toISOString().slice(0, 10);
  const overdue = overduePolicies(set, today);
  for (const { file, line, id, owner, review } of overdue) {
    cli.err(`${file}:${line}: policy ${id}: its review was due on ${review}; ask ${owner}\n`);
  }
  cli.out(`${set.version}: ${set.policies.size} policies, ${set.actions.size} actions, all held to the schema\n`);
  return overdue.length === 0 ? exitOk : exitFailed;
}

type Testing = {
  readonly files: ReadonlyMap<string, string>;
  readonly set: PolicySet;
  readonly junit: string | undefined;
};

function test(cli: Cli, { files, set, junit }: Testing): number {
  const tests = readPolicyTests(files, set);
  if (!tests.ok) return refuse(cli, tests.error);
  const results = runPolicyTests(new PolicyEngine(set), tests.value);
  const failed = results.filter((result) => !result.ok);
  for (const { test: one, got, by } of failed) {
    const wanted = `${one.expect}${one.by === null ? "" : ` by ${one.by}`}`;
    cli.err(
      `${one.file}: ${one.says}: ${one.action}: expected ${wanted}, got ${got} by ${by.join(", ") || "no policy"}\n`,
    );
  }
  if (junit !== undefined) writeFileSync(junit, junitOf(results));
  for (const gap of policyTestGaps(set, tests.value)) cli.err(`no case says it: ${gap}\n`);
  if (results.length === 0) cli.err("the pack holds no policy test (policies/*.test.yaml)\n");
  cli.out(`${set.version}: ${results.length - failed.length} passed, ${failed.length} failed\n`);
  return failed.length === 0 && results.length > 0 ? exitOk : exitFailed;
}

/** What CI servers read. */
function junitOf(results: readonly PolicyTestResult[]): string {
  const cases = results.map(({ test: one, ok, got, by }) => {
    const name = `<testcase classname="${xml(one.file)}" name="${xml(`${one.says}: ${one.action}`)}"`;
    if (ok) return `  ${name}/>`;
    return `  ${name}><failure message="${xml(`expected ${one.expect}, got ${got} by ${by.join(", ")}`)}"/></testcase>`;
  });
  const failures = results.filter((result) => !result.ok).length;
  const head = `<testsuite name="policies" tests="${results.length}" failures="${failures}">`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${head}\n${cases.join("\n")}\n</testsuite>\n`;
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function xml(text: string): string {
  return text.replaceAll(/[&<>"]/g, (character) => entities[character] ?? "");
}
