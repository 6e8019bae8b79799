import assert from "node:assert/strict";
import { test } from "node:test";
import { findTestNames } from "./test-names.ts";
import { renderTraceability } from "./trace.ts";

const cases: readonly {
  readonly says: string;
  readonly text: string;
  readonly ids: readonly string[];
  readonly bad: number;
}[] = [
  { says: "one ID", text: `test("B05 twice", f);`, ids: ["B05"], bad: 0 },
  {
    says: "a function that hands its parameter on as the name",
    text: `function onLog(name, run) { test(name, run); } onLog("I05 rows", f); onLog("rows", f);`,
    ids: ["I05"],
    bad: 1,
  },
  { says: "several IDs", text: `testOnDatabases("B05 B12 twice", f);`, ids: ["B05,B12"], bad: 0 },
  {
    says: "a builder that test files share",
    text: `testOnScreen("F05 x", {}, f); testOnScreen("x", f);`,
    ids: ["F05"],
    bad: 1,
  },
  { says: "a template that begins with an ID", text: "test(`D08 ${c.says}`, f);", ids: ["D08"], bad: 0 },
  { says: "a group's IDs", text: `describe("E05 score", () => { it("sums", f); });`, ids: ["E05"], bad: 0 },
  { says: "no ID", text: `test("works", f);`, ids: [], bad: 1 },
  { says: "an ID in the middle", text: `test("a repeat, B05", f);`, ids: [], bad: 1 },
  { says: "a letter outside A to U", text: `test("V01 x", f);`, ids: [], bad: 1 },
  { says: "a computed name", text: `test(c.says, f);`, ids: [], bad: 1 },
  { says: "repository hygiene", text: `test("ground the tree is clean", f);`, ids: [], bad: 0 },
  { says: "a subtest", text: `test("B05 x", async (t) => { await t.test("part", f); });`, ids: ["B05"], bad: 0 },
  { says: "a skipped test", text: `test.skip("x", f);`, ids: [], bad: 1 },
];
for (const { says, text, ids, bad } of cases) {
  test(`ground test names: ${says}`, () => {
    const found = findTestNames("x.test.ts", text);
    assert.deepEqual(
      found.tests.filter((t) => !t.ids.includes("ground")).map((t) => t.ids.join(",")),
      ids,
    );
    assert.equal(found.bad.length, bad);
  });
}

test("ground traceability: a test stands under each of its IDs, in their order", () => {
  const { tests } = findTestNames("a.test.ts", `test("B12 B05 a | b", f); test("A02 c", f);`);
  const rows = renderTraceability(tests)
    .split("\n")
    .filter((line) => /^\| [A-U]\d/.test(line));
  assert.deepEqual(rows, [
    "| A02 | c | `a.test.ts` |",
    "| B05 | a \\| b | `a.test.ts` |",
    "| B12 | a \\| b | `a.test.ts` |",
  ]);
});
