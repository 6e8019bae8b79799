import assert from "node:assert/strict";
import { test } from "node:test";
import { answerLooks, refusedSentences, waitingText, wordsOf } from "./policy-words.ts";

test("N01 codes are shown as words, and no two answers look alike", () => {
  assert.equal(wordsOf("incident_investigation"), "Incident investigation");
  assert.equal(wordsOf("hr"), "Staff matters (HR)");
  assert.equal(wordsOf("constructor"), "Constructor");
  const looks = Object.values(answerLooks);
  assert.equal(new Set(looks.map(({ mark }) => mark)).size, looks.length);
  assert.equal(new Set(looks.map(({ says }) => says)).size, looks.length);
});

test("U13 what is never possible is said once a reason", () => {
  const says = "Evidence of crime is not used about staff at work or for advertising";
  const refused = [
    { purpose: "hr", says },
    { purpose: "marketing", says },
    { purpose: "audit", says: "Partners have others" },
  ];
  assert.deepEqual(refusedSentences(refused), [
    `Not possible: Staff matters (HR), Advertising and marketing. ${says}.`,
    "Not possible: Audit. Partners have others.",
  ]);
  assert.deepEqual(refusedSentences([]), []);
});

test("N08 the banner counts what waits for a review, and what waits for too long", () => {
  assert.equal(waitingText(1, 0), "One emergency access waits for your review.");
  assert.equal(waitingText(1, 1), "One emergency access waits for your review, for too long.");
  assert.equal(waitingText(3, 0), "3 emergency accesses wait for your review.");
  assert.equal(waitingText(3, 1), "3 emergency accesses wait for your review, 1 of them for too long.");
  assert.equal(waitingText(2, 2), "2 emergency accesses wait for your review, all of them for too long.");
});
