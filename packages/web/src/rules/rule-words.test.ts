import assert from "node:assert/strict";
import { test } from "node:test";
import {
  barText,
  countText,
  doneText,
  everyDay,
  hitsText,
  precisionText,
  quietTexts,
  stepText,
  sumOf,
  versionWord,
} from "./rule-words.ts";

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

test("C09 C11 a step is said as it was: what ran afterwards, whether it ran before, and who signed", () => {
  const step = { actor: "user:anna", because: "it is so", judged: null, at: "2026-12-01T10:00:00Z", signedBy: null };
  const ran = { ...step, kind: "activated" as const, number: 1, liveBefore: null, liveAfter: 1 };
  const retired = { ...step, kind: "retired" as const, number: 1, liveBefore: 1, liveAfter: null };
  const back = { ...step, kind: "rolled_back" as const, number: 1, liveBefore: 1, liveAfter: null };
  assert.equal(stepText(ran, []), "let run");
  assert.equal(stepText(ran, [retired, ran]), "let run again");
  assert.equal(stepText({ ...ran, signedBy: "user:bob" }, []), "signed, so that it runs:");
  assert.equal(stepText(back, [ran]), "rolled back");
  assert.equal(stepText({ ...back, liveBefore: 2, liveAfter: 1 }, [ran]), "rolled back to");
  assert.equal(stepText({ ...retired, liveBefore: null }, [retired, ran]), "left retired");
  assert.equal(doneText({ kind: "rolled_back", live: null }), "Rolled back: nothing of it runs now.");
  assert.equal(doneText({ kind: "rolled_back", live: 3 }), "Rolled back: version 3 runs again.");
  assert.equal(doneText({ kind: "rolled_back", live: 0 }), "Rolled back: it runs as shipped again.");
});

test("C11 one match is one match", () => {
  assert.equal(hitsText("rule", "ran", 1), "1 match of what ran");
  assert.equal(hitsText("rule", "ran", 2), "2 matches of what ran");
  assert.equal(countText({ kind: "rule", days: [{ day: "2026-12-01", live: 1, shadow: 0 }], shadow: null }), "1 match");
});

test("C10 E04 what silences and dismissals did in a backtest is said where they did something, and what is not known", () => {
  const none = { before: 0, after: 0 };
  assert.deepEqual(quietTexts({ held: none, lowered: none, unknown: [] }), []);
  assert.deepEqual(
    quietTexts({ held: { before: 3, after: 5 }, lowered: { before: 1, after: 1 }, unknown: ["dismissal_switch"] }),
    [
      "Silences of the time held back 5 situations (3 without the change) from being incidents.",
      "Dismissals of the time ranked 1 situation lower.",
      "The record does not say when dismissals were switched on and off, so they were taken as they are now.",
    ],
  );
  assert.equal(quietTexts(null).length, 1);
});
