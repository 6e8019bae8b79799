import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { readmeExamples } from "./testing/readme.ts";

test("C09 the examples of the package's page print what it says", () => {
  const examples = readmeExamples();
  assert.equal(examples.length, 3);
  for (const { code, prints } of examples) {
    const args = ["--input-type=module-typescript", "--eval", code];
    const run = spawnSync(process.execPath, args, { cwd: new URL("..", import.meta.url), encoding: "utf8" });
    assert.equal(run.status, 0, run.stderr);
    assert.equal(run.stdout, prints);
  }
});
