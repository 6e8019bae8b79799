import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { steadySignals } from "./steady.ts";
import { smallDirectory, tuesdayNoonMs } from "./testing/small-directory.ts";

const textOf = (value: unknown) => (typeof value === "string" ? value : "");
const options = { seed: 7, directory: smallDirectory, count: 5_000, startMs: tuesdayNoonMs };

describe("steady signals for benchmarks", () => {
  it("C07 so many, each with an id of its own, times rising, one seed one sequence", () => {
    const signals = [...steadySignals(options)];
    assert.equal(signals.length, 5_000);
    assert.equal(new Set(signals.map(({ id }) => id)).size, 5_000);
    const times = signals.map(({ time }) => textOf(time));
    assert.deepEqual(times, times.toSorted());
    assert.equal(times.at(-1), new Date(tuesdayNoonMs + 4_999).toISOString());
    assert.equal(JSON.stringify(signals), JSON.stringify([...steadySignals(options)]));
    assert.notEqual(JSON.stringify(signals), JSON.stringify([...steadySignals({ ...options, seed: 8 })]));
  });

  it("C07 the suspicious share is what was asked for", () => {
    const classes = ["pos_void", "person_loitering", "eas_alarm"];
    const share = (suspiciousShare: number) =>
      [...steadySignals({ ...options, suspiciousShare })].filter(({ type }) => classes.includes(textOf(type))).length /
      5_000;
    assert.equal(share(0), 0);
    assert.ok(Math.abs(share(0.2) - 0.2) < 0.03);
  });
});
