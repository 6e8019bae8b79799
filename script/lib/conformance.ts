import { existsSync, globSync } from "node:fs";
import { resolve } from "node:path";
import { closingLine, isGreen, runTests } from "./run-tests.ts";
import { onInterrupt } from "./steps.ts";

const root = resolve(import.meta.dirname, "../..");
const fileMsMax = 15 * 60_000; // the first run builds outside tools

const signal = onInterrupt();
const vectors = resolve(root, process.env["TILLWATCH_VECTORS"] ?? "../shared/vectors");
process.env["TILLWATCH_VECTORS"] = vectors;
console.log(existsSync(vectors) ? `vectors: ${vectors}` : "vectors not found: name their folder in TILLWATCH_VECTORS");
const files = globSync("conformance/**/*.test.ts", { cwd: root })
  .map((path) => resolve(root, path))
  .sort();
const counts = await runTests(files, {
  root,
  concurrency: 1, // tools are built by the first test that needs them
  fileMsMax,
  requireAll: process.env["TILLWATCH_REQUIRE_ALL"] === "1",
  signal,
  print: (line) => console.log(line),
});
console.log(closingLine(counts));
process.exit(process.exitCode ?? (isGreen(counts) ? 0 : 1));
