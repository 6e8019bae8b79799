import assert from "node:assert/strict";
import { test } from "node:test";
import type { Draft } from "./draft.ts";
import { localText, minorFrom, staffReport } from "./staff-report.ts";

const nowMs = Date.parse("2026-11-20T10:00:00Z");
const whole: Draft = {
  category: "vandalism",
  siteId: "S-1001",
  zoneId: "",
  occurredAt: "",
  value: "",
  currency: "EUR",
  summary: "The mirror is broken",
  keptBecause: "",
  description: { persons: [{}], scene: {} },
  colleagues: null,
  key: "k",
};

test("F02 the least that makes a report: what, where, in a sentence; now stands in for when", () => {
  assert.deepEqual(staffReport(whole, nowMs), {
    ok: true,
    value: {
      siteId: "S-1001",
      category: "vandalism",
      occurredAt: "2026-11-20T10:00:00.000Z",
      summary: "The mirror is broken",
    },
  });
});

const aboutSomebody: readonly (readonly [string, Draft["colleagues"], object])[] = [
  ["nobody of the house", null, {}],
  ["a colleague who is not listed", [], { aboutColleague: true }],
  ["a colleague", ["c0"], { aboutColleague: true, aboutColleagues: ["c0"] }],
];
for (const [says, colleagues, want] of aboutSomebody) {
  test(`N13 a report about ${says} says so`, () => {
    const made = staffReport({ ...whole, colleagues }, nowMs);
    const { aboutColleague, aboutColleagues } = made.ok ? made.value : {};
    const said = { ...(aboutColleague && { aboutColleague }), ...(aboutColleagues && { aboutColleagues }) };
    assert.deepEqual([made.ok, said], [true, want]);
  });
}

test("B05 the moment of a first sending, kept in the form, makes the same report", () => {
  const first = staffReport(whole, nowMs);
  const again = staffReport({ ...whole, occurredAt: localText(nowMs) }, nowMs + 3_600_000);
  assert.deepEqual(again, first);
});

const refusals: readonly { readonly says: string; readonly news: Partial<Draft>; readonly field: keyof Draft }[] = [
  { says: "no category", news: { category: "" }, field: "category" },
  { says: "no shop", news: { siteId: "" }, field: "siteId" },
  { says: "only blanks for words", news: { summary: "  \n" }, field: "summary" },
  { says: "a book for a sentence", news: { summary: "x".repeat(4_001) }, field: "summary" },
  { says: "a day that does not exist", news: { occurredAt: "yesterday" }, field: "occurredAt" },
  { says: "the future", news: { occurredAt: localText(nowMs + 3_600_000) }, field: "occurredAt" },
  { says: "words for an amount", news: { value: "much" }, field: "value" },
];
for (const { says, news, field } of refusals) {
  test(`F02 a report is refused with ${says}`, () => {
    const made = staffReport({ ...whole, ...news }, nowMs);
    assert.equal(made.ok, false);
    assert.deepEqual(made.ok ? [] : Object.keys(made.error), [field]);
  });
}

const amounts: readonly (readonly [string, string, number | null | "malformed"])[] = [
  ["", "EUR", null],
  ["49.90", "EUR", 4990],
  ["49,9", "EUR", 4990],
  ["49", "EUR", 4900],
  ["500", "JPY", 500],
  ["1.234", "KWD", 1234],
  ["1.5", "JPY", "malformed"],
  ["1.234", "EUR", "malformed"],
  ["-5", "EUR", "malformed"],
  ["1e9", "EUR", "malformed"],
];
for (const [text, currency, want] of amounts) {
  test(`F02 "${text}" ${currency} is ${want === null ? "no amount" : want}`, () =>
    assert.equal(minorFrom(text, currency), want));
}
