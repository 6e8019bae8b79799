import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";

const root = resolve(import.meta.dirname, "../..");
const list = resolve(root, process.env["TILLWATCH_VECTORS"] ?? "../shared/vectors", "asvs/asvs-5.0.csv");
const rows = readFileSync(join(root, "docs/asvs.md"), "utf8")
  .split("\n")
  .map((line) => line.split("|").map((cell) => cell.trim()))
  .filter((cells) => /^V\d/.test(cells[1] ?? ""))
  .map(([, id = "", level = "", state = "", where = ""]) => ({ id, level, state, where }));

test("ground docs/asvs.md: every row says where, and every place that it names is there", () => {
  assert.ok(rows.length > 200);
  for (const { id, state, where } of rows) {
    assert.match(state, /^(met|partly|no|n\/a)$/, id);
    assert.ok(where.length > 3, `${id} says nothing`);
    for (const [, place = ""] of where.matchAll(
      /`((?:packages|pack|docs|script|bench|conformance)\/[^`]*|[\w.-]+\.(?:md|json|cjs))`/g,
    ))
      assert.ok(existsSync(join(root, place)), `${id} names ${place}, which is not there`);
  }
});

test("ground docs/asvs.md: the figures above the tables are those of the rows", () => {
  const text = readFileSync(join(root, "docs/asvs.md"), "utf8");
  const figures = ["met", "partly", "no", "n/a"].map((state) => rows.filter((row) => row.state === state).length);
  const said = /\|\s*(\d+)\s*\|\s*(\d+)\s*\|\s*(\d+)\s*\|\s*(\d+)\s*\|/.exec(text)?.slice(1).map(Number);
  assert.deepEqual(said, figures);
});

test(
  "ground docs/asvs.md: each requirement of levels 1 and 2 once, under its level",
  { skip: existsSync(list) ? false : "skipped: the list of ASVS not found (TILLWATCH_VECTORS)" },
  () => {
    // The words are quoted and hold commas; the id comes before them, the level is the last cell.
    const wanted = [...readFileSync(list, "utf8").matchAll(/,(V\d+\.\d+\.\d+),(?:"(?:[^"]|"")*"|[^",]*),([123])\r?\n/g)]
      .filter(([, , level]) => level !== "3")
      .map(([, id, level]) => `${id} ${level}`);
    assert.equal(wanted.length, 253);
    assert.deepEqual(
      rows.map(({ id, level }) => `${id} ${level}`),
      wanted,
    );
  },
);
