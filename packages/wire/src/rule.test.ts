import assert from "node:assert/strict";
import { test } from "node:test";
import { daysOfSignals } from "./rule.ts";

test("C10 a rate of a backtest is of the days that have signals, never of less than one", () => {
  const [from, to] = ["2026-10-01T00:00:00Z", "2026-10-31T00:00:00Z"];
  const cases = [
    { since: null, want: 30 },
    { since: from, want: 30 },
    { since: "2026-10-21T00:00:00Z", want: 10 },
    { since: "2026-10-30T22:00:00Z", want: 1 }, // two hours
    { since: to, want: 1 },
  ];
  for (const { since, want } of cases) assert.equal(daysOfSignals({ from, to, since }), want, since ?? "not known");
});
