import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const folder = new URL(".", import.meta.url);
const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
  (name) => name.endsWith(".ts") && !name.endsWith(".test.ts"),
);

test("I06 the package runs anywhere: no Node module, no Node global, no clock, no chance", () => {
  assert.ok(files.length > 20);
  for (const name of files) {
    const text = readFileSync(new URL(name, folder), "utf8").replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
    assert.doesNotMatch(text, /from "(node:|fs|crypto|buffer)|\bBuffer\b|\bprocess\.|\brequire\(/, name);
    assert.doesNotMatch(
      text,
      /Date\.now|new Date\(\)|Math\.random|randomUUID|getRandomValues|\bfetch\(|setTimeout/,
      name,
    );
  }
});

test("I06 the package depends on nothing but canonical JSON and hashes", () => {
  const manifest: { dependencies: Record<string, string> } = JSON.parse(
    readFileSync(new URL("../package.json", import.meta.url), "utf8"),
  );
  assert.deepEqual(Object.keys(manifest.dependencies), ["@noble/hashes", "canonicalize"]);
});
