import { execFileSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, tmpdir, totalmem, type } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { buildWeb } from "./build-web.ts";
import { startThrowawayPostgres } from "./postgres.ts";
import { onInterrupt, runStep } from "./steps.ts";

const root = resolve(import.meta.dirname, "../..");

const signal = onInterrupt();
const words = process.argv.slice(2);
const wanted = words.filter((word) => !word.startsWith("--"));
const options = words.filter((word) => word.startsWith("--")); // handed to each bench: --long, --rounds=200 ...
const files = globSync("bench/*.ts", { cwd: root })
  .filter((path) => !path.endsWith(".test.ts"))
  .filter((path) => wanted.length === 0 || wanted.some((word) => basename(path).includes(word)))
  .sort();
console.log(machine());
if (files.length === 0) {
  console.log("no bench found");
  process.exit(1);
}
if (!(await buildWeb(root, signal))) process.exit(1);
const postgres = await startThrowawayPostgres();
if (postgres === null) console.log("postgres not found: benches on it say so");
else process.env["TILLWATCH_TEST_POSTGRES_URL"] = postgres.url;
const rowsFile = join(mkdtempSync(join(tmpdir(), "tillwatch-bench-rows-")), "rows");
process.env["BENCH_ROWS"] = rowsFile;
let failed = 0;
for (const path of files) {
  if (signal.aborted) break;
  const bench = { name: basename(path, ".ts"), command: "node", args: [path, ...options] };
  if (!(await runStep(bench, { root, signal }))) failed += 1;
}
await postgres?.close();
printTable(readRows(rowsFile));
process.exit(process.exitCode ?? (failed === 0 ? 0 : 1));

type Row = { readonly bench: string; readonly what: string; readonly figure: string; readonly aim: string };

/** What the benches reported (bench/lib/report.ts); the file is removed. */
function readRows(file: string): readonly Row[] {
  const lines = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
  rmSync(dirname(file), { recursive: true, force: true });
  return lines.filter(Boolean).map((line) => JSON.parse(line) as Row);
}

function printTable(rows: readonly Row[]): void {
  console.log(`\n| bench | what | figure | aim |\n| --- | --- | --- | --- |`);
  for (const { bench, what, figure, aim } of rows) console.log(`| ${bench} | ${what} | ${figure} | ${aim} |`);
}

function machine(): string {
  const memoryGib = Math.round(totalmem() / 2 ** 30);
  return [
    `machine: ${cpus()[0]?.model.trim() ?? "unknown processor"}, ${availableParallelism()} cores, ${memoryGib} GiB, ${type()} ${release()}, load ${loadavg()[0]?.toFixed(1)} before`,
    `versions: Node ${process.version}, ${firstLine("psql", ["--version"])}, commit ${firstLine("git", ["rev-parse", "--short", "HEAD"])}`,
  ].join("\n");
}

function firstLine(command: string, args: readonly string[]): string {
  try {
    return execFileSync(command, args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return `${command} not found`;
  }
}
