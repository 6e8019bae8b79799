import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { binOf, driftOf, driftRowsMin, spreadOf, type Spread } from "./drift.ts";
import { chanceOf } from "./random.ts";

function counted(values: readonly number[], { edges }: Spread): number[] {
  const counts = Array.from({ length: edges.length + 1 }, () => 0);
  for (const value of values) counts[binOf(value, edges)] = (counts[binOf(value, edges)] ?? 0) + 1;
  return counts;
}

function normal(count: number, mean: number, seed: number): number[] {
  const chance = chanceOf(seed, 0);
  return Array.from(
    { length: count },
    () => mean + Array.from({ length: 12 }, chance).reduce((sum, one) => sum + one, -6),
  );
}

describe("drift of a feature", () => {
  it("C14 rows like those of training are steady, whatever the draw", () => {
    const spread = spreadOf(normal(5000, 0, 1));
    assert.equal(spread.edges.length, 11);
    for (let seed = 2; seed < 30; seed++) {
      const drift = driftOf(spread, counted(normal(1000, 0, seed), spread));
      assert.equal(drift.verdict, "steady");
      assert.ok((drift.index ?? 1) < 0.05);
    }
  });

  it("C14 a moved mean is seen: half a deviation is watched, a whole one warned of", () => {
    const spread = spreadOf(normal(5000, 0, 1));
    assert.equal(driftOf(spread, counted(normal(2000, 0.4, 2), spread)).verdict, "watch");
    const moved = driftOf(spread, counted(normal(2000, 1, 3), spread));
    assert.equal(moved.verdict, "drifted");
    // Of two normal distributions a deviation apart it is 1 (their symmetric divergence), a little less in bins.
    assert.ok(Math.abs((moved.index ?? 0) - 1) < 0.15, String(moved.index));
  });

  it("C14 the index is the sum of the textbook, for counts in plain numbers", () => {
    const spread = { edges: [0, 1], shares: [0.5, 0.3, 0.2] };
    const expected = -0.2 * Math.log(0.3 / 0.5) + 0 + 0.2 * Math.log(0.4 / 0.2);
    const { index } = driftOf(spread, [300_000, 300_000, 400_000]);
    assert.ok(Math.abs((index ?? 0) - expected) < 1e-5);
  });

  it("C14 rare counts have the bins that they have, and a rate that rises is seen", () => {
    const chance = chanceOf(1, 0);
    const values = Array.from({ length: 4000 }, () => (chance() < 0.8 ? 0 : 1 + Math.floor(chance() * 3)));
    const spread = spreadOf(values);
    assert.deepEqual(spread.edges, [0, 2]); // 0 up to four fifths, 2 at nine tenths, and nothing above 3
    assert.equal(driftOf(spread, counted(values.slice(0, 1000), spread)).verdict, "steady");
    const more = values.slice(0, 1000).map((value) => value + 1);
    assert.equal(driftOf(spread, counted(more, spread)).verdict, "drifted");
  });

  it("C14 a feature that never differed has one bin and cannot drift; few rows say nothing", () => {
    const spread = spreadOf([3, 3, 3]);
    assert.deepEqual(spread, { edges: [], shares: [1] });
    assert.equal(driftOf(spread, [1000]).index, 0);
    assert.deepEqual(driftOf(spread, [driftRowsMin - 1]), { rows: driftRowsMin - 1, index: null, verdict: "too_few" });
  });
});
