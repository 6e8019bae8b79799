import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { averagePathLength, type Forest } from "./forest.ts";
import { Scorer } from "./score.ts";
import { countRows, forestOf } from "./testing/models.ts";

/** The definition, word by word and in no hurry. */
function plainScore({ trees, sampleSize }: Forest, row: readonly number[]): number {
  const lengths = trees.map((tree) => {
    let node = 0;
    let depth = 0;
    while (tree.feature[node] !== -1) {
      const value = Math.fround(row[tree.feature[node] ?? 0] ?? 0);
      node = (value <= (tree.threshold[node] ?? 0) ? tree.left[node] : tree.right[node]) ?? 0;
      depth++;
    }
    return depth + averagePathLength(tree.samples[node] ?? 0);
  });
  const mean = lengths.reduce((sum, length) => sum + length, 0) / trees.length;
  return -(2 ** (-mean / averagePathLength(sampleSize)));
}

const leaf = { feature: [-1], threshold: [0], left: [-1], right: [-1] };
function stump(threshold: number): Forest {
  const tree = {
    feature: Int32Array.of(0, -1, -1),
    threshold: Float64Array.of(threshold, 0, 0),
    left: Int32Array.of(1, -1, -1),
    right: Int32Array.of(2, -1, -1),
    samples: Int32Array.of(10, 9, 1),
  };
  return { features: ["a"], sampleSize: 10, trees: [tree] };
}

describe("scoring with an isolation forest", () => {
  const width = 4;
  const rows = countRows(1001, width);

  it("C06 the path length of n rows that nothing tells apart is the one of the paper", () => {
    assert.deepEqual([0, 1, 2].map(averagePathLength), [0, 0, 1]);
    assert.ok(Math.abs(averagePathLength(5) - (2 * (1 / 1 + 1 / 2 + 1 / 3 + 1 / 4) - (2 * 4) / 5)) < 0.3);
    assert.ok(Math.abs(averagePathLength(256) - 10.244771) < 1e-6);
  });

  it("C06 any row scores as the plain definition says, whatever the number of trees", () => {
    for (const trees of [1, 7, 8, 9, 100]) {
      const forest = forestOf(rows, width, { trees });
      const scorer = new Scorer(forest);
      const value = fc.oneof(fc.integer({ min: -2, max: 30 }), fc.double({ noNaN: true, min: -1e30, max: 1e30 }));
      fc.assert(
        fc.property(fc.array(value, { minLength: width, maxLength: width }), (row) => {
          assert.ok(Math.abs(scorer.score(row) - plainScore(forest, row)) < 1e-12);
        }),
        { numRuns: 200, seed: 1 },
      );
    }
  });

  it("C06 many rows at once score as each alone", () => {
    const scorer = new Scorer(forestOf(rows, width));
    const all = scorer.scoreAll(rows);
    assert.equal(all.length, 1001); // more than a block of them, and no multiple of the rows that are walked abreast
    for (let row = 0; row < all.length; row++)
      assert.ok(Math.abs((all[row] ?? 0) - scorer.score(rows.subarray(row * width, row * width + width))) < 1e-14);
  });

  it("C06 a value on the threshold goes left, the next 32-bit number above it right", () => {
    const scorer = new Scorer(stump(1));
    assert.equal(scorer.score([1]), scorer.score([-5]));
    assert.equal(scorer.score([1 + 2 ** -23]), scorer.score([9]));
    assert.notEqual(scorer.score([1]), scorer.score([9]));
    // Less than half a step above: rounded to 32 bit it is the threshold.
    assert.equal(scorer.score([1 + 2 ** -25]), scorer.score([1]));
  });

  it("C06 a threshold between two 32-bit numbers parts them, wherever it is", () => {
    const value = fc.oneof(
      fc.double({ noNaN: true, min: -3e38, max: 3e38 }),
      fc.constantFrom(0, -0, 1e-60, -1e-60, 1e-45, -1e-45, 3.5e38, -3.5e38),
    );
    fc.assert(
      fc.property(value, fc.float({ noNaN: true, noDefaultInfinity: true }), (threshold, row) => {
        const forest = stump(threshold);
        for (const at of [row, Math.fround(threshold)]) {
          if (Number.isFinite(at)) assert.equal(new Scorer(forest).score([at]), plainScore(forest, [at]));
        }
      }),
      { numRuns: 2000, seed: 2 },
    );
  });

  it("C06 the contributions and the baseline add up to the anomaly in bits, for any row", () => {
    const scorer = new Scorer(forestOf(rows, width));
    const value = fc.oneof(fc.integer({ min: -2, max: 30 }), fc.double({ noNaN: true, min: -1e30, max: 1e30 }));
    fc.assert(
      fc.property(fc.array(value, { minLength: width, maxLength: width }), (row) => {
        const { score, anomaly, baselineBits, contributions } = scorer.explain(row);
        assert.equal(score, scorer.score(row));
        assert.equal(anomaly, -score);
        const sum = contributions.reduce((total, one) => total + one, baselineBits);
        assert.ok(Math.abs(sum - Math.log2(anomaly)) < 1e-9, `${sum} is not ${Math.log2(anomaly)}`);
      }),
      { numRuns: 500, seed: 3 },
    );
  });

  it("C06 what is odd is put down to the feature that is odd, and to no feature that nobody asked for", () => {
    const flat = rows.map((one, at) => (at % width === 3 ? 5 : one));
    const scorer = new Scorer(forestOf(flat, width));
    const { anomaly, contributions } = scorer.explain([1, 40, 1, 99]);
    assert.equal(contributions.indexOf(Math.max(...contributions)), 1);
    assert.equal(contributions[3], 0);
    assert.ok(anomaly > -scorer.score([1, 1, 1, 5]));
  });

  it("C06 a row that cannot be scored is refused", () => {
    const scorer = new Scorer(stump(1));
    for (const row of [[Number.NaN], [Number.POSITIVE_INFINITY], [1e39], [], [1, 2]])
      assert.throws(() => scorer.score(row), RangeError);
    assert.throws(() => new Scorer(forestOf(rows, width)).scoreAll(rows.subarray(1)), RangeError);
  });

  it("C06 a forest grown from single rows calls nobody odd", () => {
    const one = Int32Array.of(1);
    const tree = {
      feature: Int32Array.from(leaf.feature),
      threshold: Float64Array.of(0),
      left: Int32Array.of(-1),
      right: Int32Array.of(-1),
      samples: one,
    };
    const scorer = new Scorer({ features: ["a"], sampleSize: 1, trees: [tree] });
    assert.equal(scorer.score([3]), -0.5);
    const { baselineBits, contributions } = scorer.explain([3]);
    assert.equal(baselineBits + (contributions[0] ?? 0), -1);
  });
});
