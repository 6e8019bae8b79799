import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Addition } from "@tillwatch/wire";
import { axisMarks, axisPercent, logisticOfMilli, milliOfSeverity, waterfall } from "./waterfall-steps.ts";

const addition = (kind: Addition["kind"], milliLogOdds: number): Addition => ({
  kind,
  code: `${kind}-${milliLogOdds}`,
  milliLogOdds,
  says: "says",
  signalIds: [],
});

const additions = fc.array(
  fc.record({
    kind: fc.constantFrom<Addition["kind"]>("base_rate", "detection", "context", "exculpatory"),
    milli: fc.integer({ min: -20_000, max: 20_000 }),
  }),
  { maxLength: 30 },
);

test("E05 any additions sum exactly, each bar begins where the last ended, and all lie on the axis", () => {
  fc.assert(
    fc.property(additions, (given) => {
      const drawn = waterfall(
        given.map(({ kind, milli }) => addition(kind, milli)),
        [milliOfSeverity(0.9)],
      );
      assert.equal(
        drawn.totalMilli,
        given.reduce((sum, { milli }) => sum + milli, 0),
      );
      let endedMilli = 0;
      for (const step of drawn.steps) {
        assert.equal(step.fromMilli, endedMilli);
        assert.ok(step.toMilli > drawn.minMilli && step.toMilli < drawn.maxMilli);
        endedMilli = step.toMilli;
      }
      const marks = axisMarks(drawn);
      assert.ok(marks.some(({ severity }) => severity === 0.9));
      for (const [index, { percent }] of marks.entries()) {
        assert.ok(percent >= 0 && percent <= 100);
        assert.ok(index === 0 || percent - (marks[index - 1]?.percent ?? 0) >= 9);
      }
    }),
  );
});

test("E05 the base rate stands first, the rest keeps the order of the server", () => {
  const { steps } = waterfall(
    [addition("detection", 4_000), addition("context", 500), addition("base_rate", -4_600)],
    [],
  );
  assert.deepEqual(
    steps.map((step) => step.addition.kind),
    ["base_rate", "detection", "context"],
  );
});

test("E05 the axis puts 0.9 and the logistic of its log-odds in one place", () => {
  assert.equal(milliOfSeverity(0.9), 2_197);
  assert.ok(Math.abs(logisticOfMilli(2_197) - 0.9) < 0.0001);
  assert.ok(logisticOfMilli(60_000) < 1, "no evidence is certainty");
  const drawn = waterfall([addition("base_rate", -4_600), addition("detection", 8_500)], []);
  assert.ok(axisPercent(0, drawn) > axisPercent(-4_600, drawn));
  assert.equal(axisPercent(1e9, drawn), 100);
});
