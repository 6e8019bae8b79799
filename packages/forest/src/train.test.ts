import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { countRows, forestOf } from "./testing/models.ts";
import { trainForest } from "./train.ts";

const codeOf = (...given: Parameters<typeof trainForest>) => {
  const trained = trainForest(...given);
  return trained.ok ? "trained" : `${trained.error.code} ${trained.error.place}`;
};

describe("growing an isolation forest", () => {
  const rows = countRows(500, 3);
  const features = ["a", "b", "c"];

  it("C06 the same rows and seed give the same forest, another seed another one", () => {
    const first = trainForest(rows, { features, seed: 42 });
    assert.deepEqual(trainForest(rows, { features, seed: 42 }), first);
    assert.notDeepEqual(trainForest(rows, { features, seed: 43 }), first);
    // Seeds that differ only beyond 32 bit are different seeds.
    assert.notDeepEqual(trainForest(rows, { features, seed: 42 + 2 ** 32 }), first);
  });

  it("C06 a tree does not depend on how many others there are", () => {
    const few = forestOf(rows, 3, { trees: 3 });
    assert.deepEqual(forestOf(rows, 3, { trees: 9 }).trees.slice(0, 3), few.trees);
  });

  it("C06 trees are grown from as many rows as asked for, to the depth that they need", () => {
    for (const sampleSize of [2, 3, 100, 256, 257]) {
      const { trees, sampleSize: used } = forestOf(rows, 3, { sampleSize });
      assert.equal(used, sampleSize);
      for (const { samples, left, right, feature } of trees) {
        assert.equal(samples[0], sampleSize);
        const depths = new Map([[0, 0]]);
        for (let node = 0; node < feature.length; node++) {
          for (const child of [left[node] ?? -1, right[node] ?? -1])
            if (child !== -1) depths.set(child, (depths.get(node) ?? 0) + 1);
        }
        assert.ok(Math.max(...depths.values()) <= Math.ceil(Math.log2(sampleSize)));
      }
    }
  });

  it("C06 fewer rows than the sample size are all used, and rows that are alike are one leaf", () => {
    const { trees, sampleSize } = forestOf(new Float64Array(30), 3);
    assert.equal(sampleSize, 10);
    assert.ok(trees.every(({ feature }) => feature.length === 1));
  });

  it("C06 a feature that never differs is never asked for", () => {
    const flat = rows.map((value, at) => (at % 3 === 1 ? 5 : value));
    const asked = forestOf(flat, 3).trees.flatMap(({ feature }) => [...feature]);
    assert.ok(asked.includes(0) && asked.includes(2));
    assert.ok(!asked.includes(1));
  });

  it("C06 rows and settings that cannot be trained from are refused with their place", () => {
    const broken = rows.slice();
    broken[4] = Number.NaN;
    assert.equal(codeOf(broken, { features, seed: 1 }), "model_value_malformed rows[1].b");
    broken[4] = 1e39; // finite in 64 bit, not in 32
    assert.equal(codeOf(broken, { features, seed: 1 }), "model_value_malformed rows[1].b");
    assert.equal(codeOf(rows.slice(0, 3), { features, seed: 1 }), "model_rows_too_few rows");
    assert.equal(codeOf(rows.slice(1), { features, seed: 1 }), "model_value_malformed rows");
    assert.equal(codeOf(rows, { features, seed: 1.5 }), "model_value_malformed seed");
    assert.equal(codeOf(rows, { features, seed: 1, trees: 0 }), "model_value_malformed trees");
    assert.equal(codeOf(rows, { features, seed: 1, sampleSize: 1 }), "model_value_malformed sampleSize");
    assert.equal(codeOf(rows, { features: ["a", "b", "a"], seed: 1 }), "model_features_malformed features");
    assert.equal(codeOf(rows, { features: ["a", "b", "C c"], seed: 1 }), "model_features_malformed features");
    assert.equal(
      codeOf(new Float64Array(600_000), { features: ["a"], seed: 1, trees: 1000, sampleSize: 600 }),
      "model_too_large trees",
    );
  });
});
