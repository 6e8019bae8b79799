import { globSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { resolve, sep } from "node:path";
import { buildWeb } from "./build-web.ts";
import { startThrowawayPostgres } from "./postgres.ts";
import { closingLine, isGreen, noTests, runTests, type Counts } from "./run-tests.ts";
import { onInterrupt, runStep, type Step } from "./steps.ts";

const root = resolve(import.meta.dirname, "../..");
const fileMsMax = 10 * 60_000;

const prettierCache = [
  "--cache",
  "--cache-strategy",
  "content",
  "--cache-location",
  "node_modules/.tillwatch-prettier",
];

const checks: readonly Step[] = [
  { name: "format", command: "prettier", args: ["--check", "--log-level", "warn", ...prettierCache, "."] },
  { name: "lint", command: "oxlint", args: ["--deny-warnings", "--quiet"] },
  { name: "types", command: "node", args: ["--run", "typecheck"] },
  { name: "boundaries", command: "node", args: ["--run", "boundaries"] },
  { name: "traceability", command: "node", args: ["script/lib/trace.ts", "--check"] },
  { name: "supply", command: "node", args: ["script/lib/supply.ts"] },
];

const patterns = ["packages/*/src/**/*.test.ts", "packages/*/test/**/*.test.ts", "script/lib/**/*.test.ts"];

const signal = onInterrupt();
const counts = await main(process.argv.slice(2));
console.log(closingLine(counts));
process.exit(process.exitCode ?? (isGreen(counts) ? 0 : 1));

async function main(parts: readonly string[]): Promise<Counts> {
  if (parts.length === 0) {
    // The tests say little about a tree that does not even compile: the first failed check ends the run.
    for (const check of checks) if (!(await runStep(check, { root, signal }))) return { ...noTests, failed: 1 };
    if (!(await buildWeb(root, signal))) return { ...noTests, failed: 1 };
  }
  const files = findTests(parts);
  if (files.length === 0) {
    console.log(`no test found${parts.length === 0 ? "" : ` under ${parts.join(", ")}`}`);
    return { ...noTests, failed: 1 }; // a mistyped folder must not read as success
  }
  return withPostgres(() => {
    const requireAll = process.env["TILLWATCH_REQUIRE_ALL"] === "1";
    const concurrency = availableParallelism();
    console.log(`== tests (${files.length} files, ${concurrency} at once)`);
    const print = (line: string) => console.log(line);
    return runTests(files, { root, concurrency, fileMsMax, requireAll, signal, print });
  });
}

function findTests(parts: readonly string[]): readonly string[] {
  const all = globSync(patterns, { cwd: root, exclude: (path) => path.includes("node_modules") })
    .map((path) => resolve(root, path))
    .sort();
  if (parts.length === 0) return all;
  const wanted = parts.map((part) => resolve(root, part));
  return all.filter((file) => wanted.some((path) => file === path || file.startsWith(folder(path))));
}

function folder(path: string): string {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true ? path + sep : path;
}

/** A server that somebody already runs for the tests is used; otherwise one is started and ended here. */
async function withPostgres(body: () => Promise<Counts>): Promise<Counts> {
  if (process.env["TILLWATCH_TEST_POSTGRES_URL"] !== undefined) return body();
  const postgres = await startThrowawayPostgres();
  if (postgres === null) {
    console.log("postgres not found: tests on it say so");
    return body();
  }
  process.env["TILLWATCH_TEST_POSTGRES_URL"] = postgres.url;
  try {
    return await body();
  } finally {
    await postgres.close();
  }
}
