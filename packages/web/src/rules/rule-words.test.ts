import assert from "node:assert/strict";
import { test } from "node:test";
import { barText, everyDay, precisionText, sumOf, versionWord } from "./rule-words.ts";

test("C11 precision is said with what it is made of, and not at all where nothing was judged", () => {
  assert.equal(precisionText({ right: 28, wrong: 6 }), "82 % of 34");
  assert.equal(precisionText({ right: 0, wrong: 3 }), "0 % of 3");
  assert.equal(precisionText({ right: 0, wrong: 0 }), "no verdicts");
  assert.equal(precisionText(null), "not running");
});

test("C11 the bar is said with what it takes", () => {
  const bar = { share: 0.8, verdictsMin: 20 };
  assert.match(barText({ right: 16, wrong: 4 }, bar), /^Above the bar of 80 % of at least 20 cases/);
  for (const judged of [
    { right: 15, wrong: 5 },
    { right: 19, wrong: 0 },
    { right: 0, wrong: 0 },
  ]) {
    assert.match(barText(judged, bar), /another person signs/);
  }
});

test("C11 days without a match are drawn, over the end of a month too", () => {
  const days = everyDay([{ day: "2026-12-01", live: 3, shadow: 1 }], "2026-11-29", 4);
  assert.deepEqual(
    days.map(({ day, live }) => [day, live]),
    [
      ["2026-11-29", 0],
      ["2026-11-30", 0],
      ["2026-12-01", 3],
      ["2026-12-02", 0],
    ],
  );
  assert.equal(sumOf(days, "shadow"), 1);
  assert.deepEqual([0, 3, null].map(versionWord), ["as shipped", "version 3", "nothing"]);
});
