import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { findImpureGlobals } from "./impure-globals.ts";
import { shippedFiles } from "./source-files.ts";

const root = resolve(import.meta.dirname, "../..");

/** The same words as in .dependency-cruiser.cjs: a file whose name says what it touches is not pure. */
const io = /-(store|stage|read|http|mqtt|kafka|s3|jobs|files?|cli|append)\.ts$/;
const stages = "signal,enrich,detect,correlate,score,decision,incident,respond,notify,exhibit,packet,share";
const purePatterns = [
  `packages/server/src/{${stages}}/**/*.ts`,
  "packages/{wire,evidence,sigma,forest,sim}/src/**/*.ts",
];

/** File -> what it may use all the same, each with its reason. */
const exceptions: Readonly<Record<string, readonly string[]>> = {};

const usesIn = (file: string) => findImpureGlobals(file, readFileSync(join(root, file), "utf8"));

test("ground pure files take time, chance and the outside as arguments", () => {
  const files = shippedFiles(root, purePatterns).filter((file) => !io.test(file));
  assert.ok(files.length > 10);
  const found = files.flatMap(usesIn).filter(({ file, uses }) => exceptions[file]?.includes(uses) !== true);
  assert.deepEqual(found, []);
});

test("ground only main.ts reads the environment", () => {
  const found = shippedFiles(root, ["packages/*/src/**/*.{ts,tsx}"])
    .filter((file) => !file.endsWith("/src/main.ts"))
    .flatMap(usesIn)
    .filter(({ uses }) => uses === "process.env");
  assert.deepEqual(found, []);
});

const caught: readonly (readonly [string, string])[] = [
  ["const a = Date.now();", "Date.now"],
  ["const a = new Date();", "new Date()"],
  ["const a = Math.random();", "Math.random"],
  ["const a = crypto.randomUUID();", "crypto.randomUUID"],
  ["import { randomUUID } from 'node:crypto'; const a = randomUUID();", "randomUUID"],
  ["const a = process.env['A'];", "process.env"],
  ["await fetch(url);", "fetch"],
  ["setTimeout(run, 1);", "setTimeout"],
];
for (const [text, uses] of caught) {
  test(`ground the scan catches ${uses}`, () => {
    assert.deepEqual(
      findImpureGlobals("x.ts", text).map((found) => found.uses),
      [uses],
    );
  });
}

test("ground the scan lets pass what only looks alike", () => {
  const text = `// Date.now()\nconst a = new Date(nowMs); const b = "Math.random()"; clock.now(); job.fetch(); type T = Date;`;
  assert.deepEqual(findImpureGlobals("x.ts", text), []);
});
