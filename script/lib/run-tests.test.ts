import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { closingLine, isGreen, runTests } from "./run-tests.ts";

const folder = mkdtempSync(join(tmpdir(), "tillwatch-run-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const head = `import test, { describe } from "node:test"; import assert from "node:assert/strict";\n`;

async function runText(text: string, requireAll = false) {
  const file = join(mkdtempSync(join(folder, "case-")), "a.test.ts");
  writeFileSync(file, head + text);
  const lines: string[] = [];
  const options = { root: folder, concurrency: 1, fileMsMax: 20_000, requireAll, signal: new AbortController().signal };
  // The runner of these tests must not pass its own settings on to the runner under test.
  const before = process.env["NODE_TEST_CONTEXT"];
  delete process.env["NODE_TEST_CONTEXT"];
  const counts = await runTests([file], { ...options, print: (line) => lines.push(line) });
  if (before !== undefined) process.env["NODE_TEST_CONTEXT"] = before;
  return { counts, line: closingLine(counts), said: lines.join("\n") };
}

const cases: readonly { readonly says: string; readonly text: string; readonly line: string; readonly all?: string }[] =
  [
    { says: "a passing test", text: `test("a", () => {});`, line: "1 passed, 0 failed, 0 skipped" },
    { says: "a failing test", text: `test("a", () => assert.equal(1, 2));`, line: "0 passed, 1 failed, 0 skipped" },
    {
      says: "a group counts through its tests",
      text: `describe("g", () => { test("a", () => {}); });`,
      line: "1 passed, 0 failed, 0 skipped",
    },
    { says: "a broken file", text: `throw new Error("broken");`, line: "0 passed, 1 failed, 0 skipped" },
    { says: "a file without a test", text: `export {};`, line: "0 passed, 1 failed, 0 skipped" },
    {
      says: "a skip without a reason",
      text: `test("a", { skip: true }, () => {});`,
      line: "0 passed, 1 failed, 0 skipped",
    },
    { says: "a test left to do", text: `test.todo("a");`, line: "0 passed, 1 failed, 0 skipped" },
    {
      says: "a missing tool skips, and fails where everything is required",
      text: `test("a", { skip: "skipped: age not found" }, () => {});`,
      line: "0 passed, 0 failed, 1 skipped",
      all: "0 passed, 1 failed, 0 skipped",
    },
    {
      says: "absent vectors of others are stated and never held against a run",
      text: `test("a", { skip: "skipped: vectors not found" }, () => {});`,
      line: "0 passed, 0 failed, 1 skipped",
      all: "0 passed, 0 failed, 1 skipped",
    },
  ];
for (const { says, text, line, all } of cases) {
  test(`ground running tests: ${says}`, async () => {
    assert.equal((await runText(text)).line, line);
    if (all !== undefined) assert.equal((await runText(text, true)).line, all);
  });
}

test("ground a failure is printed with its reason and what the file wrote", async () => {
  const { said } = await runText(`test("a", () => { console.log("seen before"); assert.equal(1, 2); });`);
  assert.match(said, /FAILED a/);
  assert.match(said, /1 !== 2/);
  assert.match(said, /seen before/);
});

test("ground a run in which nothing passed is not green", () => {
  assert.equal(isGreen({ passed: 0, failed: 0, skipped: 3 }), false);
  assert.equal(isGreen({ passed: 1, failed: 0, skipped: 3 }), true);
  assert.equal(isGreen({ passed: 9, failed: 1, skipped: 0 }), false);
});

test("ground running tests: properties draw the same in every plain run", async () => {
  const text = `import fc from "fast-check"; const checked = [];
fc.assert(fc.property(fc.integer(), (n) => { checked.push(n); }));
test("a", () => assert.fail("drew " + JSON.stringify(checked.slice(0, 20))));`;
  const runs = [await runText(text), await runText(text)].map(({ said }) => /drew \[.*?\]/.exec(said)?.[0]);
  assert.ok(runs[0] !== undefined);
  assert.equal(runs[0], runs[1]);
});
