import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const areas = "audit|bag|bundle|checkpoint|custody|dsse|exhibit|json|log|note|packet|proof|tlog|verify|vkey|zip";

function sources(kind: "code" | "tests"): string {
  return globSync("packages/{evidence,verify}/src/**/*.ts", { cwd: root })
    .filter((path) => path.endsWith(".test.ts") === (kind === "tests") && !path.endsWith("error-codes.test.ts"))
    .map((path) => readFileSync(`${root}/${path}`, "utf8"))
    .join("\n");
}

const written = new Set(
  [...sources("code").matchAll(new RegExp(`"((?:${areas})_[a-z_]+)"`, "g"))].map(([, code]) => code),
);
const page = readFileSync(`${root}/docs/errors/evidence.md`, "utf8");
const documented = new Set([...page.matchAll(/^\| `([a-z_]+)`/gm)].map(([, code]) => code));

test("I06 every error code of evidence and verify stands in docs/errors/evidence.md, and the other way round", () => {
  assert.ok(written.size > 50);
  assert.deepEqual(documented, written);
});

test("I06 every error code has a test that names it", () => {
  const tests = sources("tests");
  // Reported through a check of the verifier, whose sentence is tested instead.
  const bySentence = new Set(["dsse_signature_invalid", "packet_keys_malformed"]);
  const unnamed = [...written].filter((code) => code !== undefined && !bySentence.has(code) && !tests.includes(code));
  assert.deepEqual(unnamed, []);
});
