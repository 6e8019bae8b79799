import { execFileSync } from "node:child_process";
import { globSync } from "node:fs";
import { availableParallelism, cpus, release, totalmem, type } from "node:os";
import { basename, resolve } from "node:path";
import { buildWeb } from "./build-web.ts";
import { startThrowawayPostgres } from "./postgres.ts";
import { onInterrupt, runStep } from "./steps.ts";

const root = resolve(import.meta.dirname, "../..");

const signal = onInterrupt();
const wanted = process.argv.slice(2);
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
let failed = 0;
for (const path of files) {
  if (signal.aborted) break;
  const bench = { name: basename(path, ".ts"), command: "node", args: [path] };
  if (!(await runStep(bench, { root, signal }))) failed += 1;
}
await postgres?.close();
process.exit(process.exitCode ?? (failed === 0 ? 0 : 1));

function machine(): string {
  const memoryGib = Math.round(totalmem() / 2 ** 30);
  return [
    `machine: ${cpus()[0]?.model.trim() ?? "unknown processor"}, ${availableParallelism()} cores, ${memoryGib} GiB, ${type()} ${release()}`,
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
