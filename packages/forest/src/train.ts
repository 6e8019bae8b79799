import { faultOfFeatures, nodesMax, sampleSizeMax, treesMax, type Forest, type Tree } from "./forest.ts";
import { forestProblem, type ForestProblem } from "./problem.ts";
import { chanceOf, type Chance } from "./random.ts";
import { ok, refused, type Result } from "./result.ts";

/** Rows one after the other: `values[row * features + feature]`. */
export type Rows = Float32Array | Float64Array;

export type TrainOptions = {
  readonly features: readonly string[];
  readonly seed: number; // a whole number; the same rows, options and seed give the same forest
  readonly trees?: number; // default 100
  readonly sampleSize?: number; // rows that each tree is grown from; default 256, or all rows where there are fewer
};

export const rowsMin = 2;

/**
 * Grows an isolation forest: each tree from rows drawn without repeats, each node split at a place drawn evenly between the least and
 * the largest value of a feature drawn from those that still differ, down to a depth of ceil(log2(sampleSize)). Values are rounded to
 * 32 bit first, as scikit-learn does. Refuses rows that hold anything but finite numbers.
 */
export function trainForest(rows: Rows, options: TrainOptions): Result<Forest, ForestProblem> {
  const { features, seed, trees = 100 } = options;
  const fault = faultOfFeatures(features);
  if (fault !== null) return refused(forestProblem("model_features_malformed", "features", `${fault}.`));
  if (!Number.isSafeInteger(seed)) return malformed("seed", "The seed is no whole number.");
  if (!isCount(trees, treesMax)) return malformed("trees", `The number of trees is not from 1 to ${treesMax}.`);
  const width = features.length;
  if (rows.length % width !== 0) return malformed("rows", `The values do not fill rows of ${width}.`);
  const count = rows.length / width;
  if (count < rowsMin) return refused(forestProblem("model_rows_too_few", "rows", `There are ${count} rows.`));
  const sampleSize = Math.min(options.sampleSize ?? 256, count);
  if (!isCount(sampleSize, sampleSizeMax) || sampleSize < rowsMin)
    return malformed("sampleSize", `The sample size is not from ${rowsMin} to ${sampleSizeMax}.`);
  if (trees * (2 * sampleSize - 1) > nodesMax)
    return refused(forestProblem("model_too_large", "trees", `The forest could get more than ${nodesMax} nodes.`));
  const values = Float32Array.from(rows);
  const odd = values.findIndex((value) => !Number.isFinite(value));
  if (odd !== -1)
    return malformed(
      `rows[${Math.floor(odd / width)}].${features[odd % width]}`,
      "A value is no finite 32-bit number.",
    );
  const order = Int32Array.from({ length: count }, (_, row) => row);
  const grown = Array.from({ length: trees }, (_, tree) => {
    const chance = chanceOf(seed, tree);
    return grow({ values, width, chance, depthLimit: ceilLog2(sampleSize), rows: draw(order, sampleSize, chance) });
  });
  return ok({ features: [...features], sampleSize, trees: grown });
}

function malformed(place: string, message: string) {
  return refused(forestProblem("model_value_malformed", place, message));
}

function isCount(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= max;
}

/** In whole numbers, because Math.log2 may differ in its last bit between machines. */
function ceilLog2(count: number): number {
  return 32 - Math.clz32(count - 1);
}

/** The first `count` of a shuffle; `order` is put back as it was, so that every tree draws from the same order. */
function draw(order: Int32Array, count: number, chance: Chance): Int32Array {
  const swapped = new Int32Array(count);
  for (let at = 0; at < count; at++) {
    const from = at + Math.floor(chance() * (order.length - at));
    swapped[at] = from;
    swap(order, at, from);
  }
  const drawn = order.slice(0, count);
  for (let at = count - 1; at >= 0; at--) swap(order, at, swapped[at] ?? at);
  return drawn;
}

function swap(list: Int32Array, one: number, other: number): void {
  const kept = list[one] ?? 0;
  list[one] = list[other] ?? 0;
  list[other] = kept;
}

type Growing = {
  readonly values: Float32Array;
  readonly width: number;
  readonly chance: Chance;
  readonly depthLimit: number;
  readonly rows: Int32Array; // sorted in place, so that a node's rows stand together
};

function grow(growing: Growing): Tree {
  const { rows, depthLimit } = growing;
  const nodes = { feature: [] as number[], threshold: [] as number[], left: [] as number[], right: [] as number[] };
  const samples: number[] = [];
  const visit = (from: number, to: number, depth: number): number => {
    const at = samples.length;
    samples.push(to - from);
    nodes.feature.push(-1);
    nodes.threshold.push(0);
    nodes.left.push(-1);
    nodes.right.push(-1);
    const split = to - from < 2 || depth >= depthLimit ? null : drawSplit(growing, from, to);
    if (split === null) return at;
    const middle = part(growing, { from, to, ...split });
    nodes.feature[at] = split.feature;
    nodes.threshold[at] = split.threshold;
    nodes.left[at] = visit(from, middle, depth + 1);
    nodes.right[at] = visit(middle, to, depth + 1);
    return at;
  };
  visit(0, rows.length, 0);
  return {
    feature: Int32Array.from(nodes.feature),
    threshold: Float64Array.from(nodes.threshold),
    left: Int32Array.from(nodes.left),
    right: Int32Array.from(nodes.right),
    samples: Int32Array.from(samples),
  };
}

type Split = { readonly feature: number; readonly threshold: number };

/** Null where the rows are all alike. */
function drawSplit({ values, width, rows, chance }: Growing, from: number, to: number): Split | null {
  const untried = Array.from({ length: width }, (_, feature) => feature);
  while (untried.length > 0) {
    const [feature = 0] = untried.splice(Math.floor(chance() * untried.length), 1);
    let least = Number.POSITIVE_INFINITY;
    let largest = Number.NEGATIVE_INFINITY;
    for (let at = from; at < to; at++) {
      const value = values[(rows[at] ?? 0) * width + feature] ?? 0;
      if (value < least) least = value;
      if (value > largest) largest = value;
    }
    if (least === largest) continue;
    const drawn = least + chance() * (largest - least);
    return { feature, threshold: drawn < largest ? drawn : least };
  }
  return null;
}

/** Puts the rows that go left before those that go right; where the right ones begin. */
function part({ values, width, rows }: Growing, at: Split & { from: number; to: number }): number {
  let middle = at.from;
  for (let index = at.from; index < at.to; index++) {
    const value = values[(rows[index] ?? 0) * width + at.feature] ?? 0;
    if (value <= at.threshold) swap(rows, index, middle++);
  }
  return middle;
}
