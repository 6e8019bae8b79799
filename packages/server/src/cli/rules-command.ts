import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { parseArgs } from "node:util";
import {
  compile,
  parsePipelines,
  readyPipeline,
  readyPipelines,
  runCorrelationTests,
  runFilterTests,
  runRuleTests,
  type CorrelationTestResult,
  type Detector,
  type FilterTestResult,
  type RuleTestResult,
  type SigmaPipeline,
  type SigmaProblem,
} from "@tillwatch/sigma";
import { parseTaxonomy } from "../incident/taxonomy.ts";
import type { RuleFile } from "../pack/load-rules.ts";
import { loadMisuseRules, runMisuseTests, type MisuseRules } from "../record/misuse-rules.ts";
import { sectionProblems } from "../rule/check-section.ts";
import { exitFailed, exitOk, exitUnusable, Unusable, type Cli, type Command } from "./command.ts";
import { configOf } from "./configured.ts";
import { backtestOnServer, rulesOptions, type Values } from "./rules-backtest.ts";
import { Outcome, problemLine, type FileProblem } from "./rules-outcome.ts";

export const rulesCommand: Command = {
  usage:
    "rules check|test [FOLDER|FILE] [--pipeline NAME|FILE]... | rules backtest FOLDER|FILE [--since 30d] [--url URL] [--token KEY] [--at-most N] | rules pipeline [NAME]",
  summary:
    "check: parse and compile rule files. test: run the tests that each rule carries. backtest: what the files would have made and unmade of a server's stored signals. --junit FILE: the outcome for a build server. pipeline: print a ready field pipeline",
  run: async (cli) => {
    const { verb, given, values } = argumentsOf(cli.args);
    if (verb === "pipeline") return printPipeline(cli, given);
    if (verb !== "check" && verb !== "test" && verb !== "backtest") {
      cli.err(`say: tillwatch ${rulesCommand.usage}\n`);
      return exitUnusable;
    }
    const told = new Outcome(cli, verb);
    const code =
      verb === "backtest"
        ? await backtestFiles(cli, { given, values, told })
        : judge(cli, verb, { given, values, told });
    if (values.junit !== undefined) writeFileSync(values.junit, told.xml());
    return code;
  },
};

type Asked = { readonly given: string | undefined; readonly values: Values; readonly told: Outcome };

function judge(cli: Cli, verb: "check" | "test", { given, values, told }: Asked): number {
  const pipelines = readPipelines(cli, values.pipeline ?? []);
  if (pipelines === null) return exitFailed;
  const packFolder = () => configOf(cli).packFolder;
  const path = given ?? join(packFolder(), "rules");
  const misuse = given === undefined ? misuseOf(packFolder()) : null;
  const detector = readFiles(path, { pipelines, told, packFolder });
  if (detector === null) return exitFailed;
  if (misuse !== null && !misuse.ok) {
    told.problems(misuse.error);
    return exitFailed;
  }
  if (verb === "check") {
    cli.out(`${countedAll(detector.documents)}, all understood\n`);
    return exitOk;
  }
  return Math.max(testDocuments(cli, detector, told), misuse === null ? exitOk : testMisuse(cli, misuse.value, told));
}

async function backtestFiles(cli: Cli, { given, values, told }: Asked): Promise<number> {
  if (given === undefined) throw new Unusable("say which files: tillwatch rules backtest FOLDER|FILE --since 30d");
  const files = filesUnder(given).map((file) => ({
    file: relative(given, file) || basename(file),
    text: readFileSync(file, "utf8"),
  }));
  return backtestOnServer(cli, { files, values, told });
}

function argumentsOf(args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: rulesOptions,
      allowPositionals: true,
    });
    const [verb, given] = positionals;
    return { verb, given, values };
  } catch (fault) {
    throw new Unusable(fault instanceof Error ? fault.message : String(fault));
  }
}

/** Ready ones by name, others by file; null where one was refused. */
function readPipelines(cli: Cli, names: readonly string[]): readonly SigmaPipeline[] | null {
  const pipelines: SigmaPipeline[] = [];
  const problems: SigmaProblem[] = [];
  for (const name of names) {
    const ready = readyPipeline(name);
    if (ready !== null) {
      pipelines.push(ready);
      continue;
    }
    if (!existsSync(name))
      throw new Unusable(`${name} is neither a file nor one of ${[...readyPipelines.keys()].join(", ")}`);
    const parsed = parsePipelines(readFileSync(name, "utf8"), name);
    if (parsed.ok) pipelines.push(...parsed.value);
    else problems.push(...parsed.error);
  }
  for (const problem of problems) cli.err(`${problemLine(problem)}\n`);
  return problems.length > 0 ? null : pipelines;
}

function printPipeline(cli: Cli, name: string | undefined): number {
  const text = name === undefined ? [...readyPipelines.keys()].join("\n") : readyPipelines.get(name);
  if (text === undefined) throw new Unusable(`${name} is none of ${[...readyPipelines.keys()].join(", ")}`);
  cli.out(`${text.trimEnd()}\n`);
  return exitOk;
}

type TestResult = RuleTestResult | CorrelationTestResult | FilterTestResult;

type Reading = {
  readonly pipelines: readonly SigmaPipeline[];
  readonly told: Outcome;
  readonly packFolder: () => string;
};

/** Null where something was refused; each refusal is printed as file:line:column with its remedy. */
function readFiles(path: string, { pipelines, told, packFolder }: Reading): Detector | null {
  const files = filesUnder(path).map((file) => ({ file, text: readFileSync(file, "utf8") }));
  const detector = compile(files, { pipelines });
  const problems = detector.ok ? sectionsOf(files, detector.value, packFolder) : detector.error;
  const refusedIn = new Set(problems.map(({ file }) => file));
  for (const { file } of files) if (!refusedIn.has(file)) told.holds(file, "is understood");
  if (detector.ok && problems.length === 0) return detector.value;
  told.problems(problems);
  return null;
}

/** What a server would refuse of the sections `tillwatch`, by the categories of the pack. Rules that have none need no pack. */
function sectionsOf(
  files: readonly RuleFile[],
  { documents }: Detector,
  packFolder: () => string,
): readonly FileProblem[] {
  const own = [...documents.rules, ...documents.correlations].filter(({ custom }) => custom["tillwatch"] !== undefined);
  if (own.length === 0) return [];
  const categories = categoriesOf(packFolder());
  const texts = new Map(files.map(({ file, text }) => [file, text]));
  return own.flatMap((rule) =>
    sectionProblems(rule, texts.get(rule.file) ?? "", categories).map((problem) => ({ ...problem, file: rule.file })),
  );
}

function categoriesOf(packFolder: string): ReadonlySet<string> {
  const file = join(packFolder, "taxonomy.yaml");
  if (!existsSync(file)) throw new Unusable(`${file} is missing: TILLWATCH_PACK names the pack whose categories count`);
  const taxonomy = parseTaxonomy(readFileSync(file, "utf8"), file);
  if (taxonomy.ok) return new Set(taxonomy.value.categories.map(({ code }) => code));
  const lines = taxonomy.error.map(({ line, message }) => `  ${file}:${line}: ${message}`);
  throw new Unusable(`the categories of the pack cannot be read:\n${lines.join("\n")}`);
}

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}

function testDocuments(cli: Cli, { documents, ruleSet, effectOf }: Detector, told: Outcome): number {
  const { rules, correlations, filters } = documents;
  const silent = new Set(correlations.flatMap((one) => one.rules.map(({ name }) => name)));
  let passed = 0;
  let failed = 0;
  const count = (title: string, results: readonly TestResult[]) => {
    for (const result of results) {
      const { title: test, expected, got, ok } = result;
      if (ok) passed++;
      else failed++;
      const idle = "proves" in result && !result.proves;
      const says = idle ? "no rule matches it without the filter either" : `expected ${expected}, got ${got}`;
      if (ok) told.holds(title, test);
      else told.fails(title, { name: test, kind: "test", says });
    }
    if (results.length > 0) return;
    told.fails(title, { name: "carries a test", kind: "missing", says: "carries no test" });
    failed++;
  };
  for (const rule of rules) {
    const results = runRuleTests(rule, ruleSet);
    // A rule that is counted may be proven by its correlation.
    if (results.length > 0 || ![rule.id, rule.name].some((name) => name !== null && silent.has(name))) {
      count(rule.title, results);
    }
  }
  for (const correlation of correlations) {
    const results = runCorrelationTests(correlation, { rules, correlations, ruleSet });
    if (!results.ok) throw new Error(`${correlation.title} compiled before and does not now`);
    count(correlation.title, results.value);
  }
  for (const filter of filters) count(filter.title, runFilterTests(filter, effectOf(filter)));
  cli.out(`${countedAll(documents)}: ${passed} passed, ${failed} failed\n`);
  return failed === 0 ? exitOk : exitFailed;
}

function countedAll({ rules, correlations, filters }: Detector["documents"]): string {
  const parts = [counted(rules.length, "rule")];
  if (correlations.length > 0) parts.push(counted(correlations.length, "correlation"));
  if (filters.length > 0) parts.push(counted(filters.length, "filter"));
  return parts.join(", ");
}

/** The rules over the record itself; they stand in a folder of their own and may hold correlations. */
function misuseOf(packFolder: string) {
  const folder = join(packFolder, "misuse");
  const files = existsSync(folder) ? filesUnder(folder) : [];
  return loadMisuseRules(
    files.map((file) => ({ file, text: readFileSync(file, "utf8") })),
    "checked",
  );
}

function testMisuse(cli: Cli, loaded: MisuseRules, told: Outcome): number {
  const results = runMisuseTests(loaded);
  for (const { rule, title, expected, ok } of results) {
    if (ok) told.holds(`misuse: ${rule}`, title);
    else told.fails(rule, { name: title, kind: "test", says: `expected ${expected}, got the other` });
  }
  const failed = results.filter((result) => !result.ok).length;
  cli.out(`misuse: ${results.length - failed} passed, ${failed} failed\n`);
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
