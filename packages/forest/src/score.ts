import { averagePathLength, type Forest, type Tree } from "./forest.ts";
import type { Rows } from "./train.ts";

/**
 * One row's score and what each feature did to it.
 *
 * `score` is scikit-learn's `score_samples`: -(2 ^ (-mean path length / c(sampleSize))), from -1 (odd) to 0; `anomaly` is its negative.
 *
 * `contributions` are in bits, one a feature: `baselineBits` and they add up to log2(anomaly). The walk down a tree begins with the
 * mean path length of all training rows below the root; each step changes that mean to the one below the child, and the change is
 * put down to the feature that was asked (Saabas 2014; Palczewska et al. 2013, "Interpreting random forest models using a feature
 * contribution method"; here of the path length). Positive: this value made the row odder.
 */
export type Explanation = {
  readonly score: number;
  readonly anomaly: number;
  readonly baselineBits: number;
  readonly contributions: Float64Array;
};

/**
 * A forest laid out for walking. Children of a node stand side by side and a leaf leads to itself, so that a step is a load, a
 * comparison and an addition whatever the row holds, and several trees are walked at once.
 */
export class Scorer {
  readonly features: readonly string[];
  readonly #nodes: Nodes;
  readonly #roots: Int32Array; // of trees in groups of `lanes`, the last one filled up with trees of a single leaf of length 0
  readonly #steps: Int32Array; // of each group
  readonly #trees: number;
  readonly #normal: number;
  readonly #baseline: number; // mean over the trees of the mean path length below the root
  readonly #row: Float32Array;
  readonly #leaves: Int32Array; // where the last walk ended in each tree

  constructor(forest: Forest) {
    this.features = forest.features;
    this.#trees = forest.trees.length;
    this.#normal = averagePathLength(forest.sampleSize);
    const laidOut = layOut(forest);
    this.#nodes = laidOut.nodes;
    this.#roots = laidOut.roots;
    this.#steps = laidOut.steps;
    this.#baseline = laidOut.baseline;
    this.#row = new Float32Array(forest.features.length);
    this.#leaves = new Int32Array(this.#roots.length);
  }

  /** The score of one row, its values in the order of `features`. Throws RangeError on anything but finite numbers. */
  score(values: ArrayLike<number>): number {
    this.#take(values);
    return this.#scoreOf(this.#walk());
  }

  /** The scores of many rows, one after the other as for training. A tree at a time over blocks of rows: both stay in the nearest cache. */
  scoreAll(rows: Rows): Float64Array {
    const width = this.features.length;
    if (rows.length % width !== 0) throw new RangeError(`the values do not fill rows of ${width}`);
    const scores = new Float64Array(rows.length / width);
    const block = new Float32Array(blockRows * width);
    for (let from = 0; from < scores.length; from += blockRows) {
      const count = Math.min(blockRows, scores.length - from);
      for (let at = 0; at < count * width; at++)
        block[at] = this.#finite(rows[from * width + at] ?? Number.NaN, at % width);
      const lengths = scores.subarray(from, from + count);
      for (let tree = 0; tree < this.#trees; tree++) this.#addLengths(tree, block, lengths);
      for (let at = 0; at < count; at++) lengths[at] = this.#scoreOf(lengths[at] ?? 0);
    }
    return scores;
  }

  /** Adds to each of `lengths` the path length of its row in one tree, eight rows abreast. What the block holds beyond them is walked in vain. */
  #addLengths(tree: number, block: Float32Array, lengths: Float64Array): void {
    const { feature, threshold, next, length } = this.#nodes;
    const width = this.features.length;
    const root = this.#roots[tree] as number;
    const steps = this.#steps[Math.floor(tree / lanes)] as number;
    for (let row = 0; row < lengths.length; row += lanes) {
      const at = row * width;
      const [a0, b0, c0, d0] = [at, at + width, at + 2 * width, at + 3 * width];
      const [e0, f0, g0, h0] = [at + 4 * width, at + 5 * width, at + 6 * width, at + 7 * width];
      let a = root;
      let b = root;
      let c = root;
      let d = root;
      let e = root;
      let f = root;
      let g = root;
      let h = root;
      for (let step = steps; step > 0; step--) {
        a = (next[a] as number) + +((block[a0 + (feature[a] as number)] as number) > (threshold[a] as number));
        b = (next[b] as number) + +((block[b0 + (feature[b] as number)] as number) > (threshold[b] as number));
        c = (next[c] as number) + +((block[c0 + (feature[c] as number)] as number) > (threshold[c] as number));
        d = (next[d] as number) + +((block[d0 + (feature[d] as number)] as number) > (threshold[d] as number));
        e = (next[e] as number) + +((block[e0 + (feature[e] as number)] as number) > (threshold[e] as number));
        f = (next[f] as number) + +((block[f0 + (feature[f] as number)] as number) > (threshold[f] as number));
        g = (next[g] as number) + +((block[g0 + (feature[g] as number)] as number) > (threshold[g] as number));
        h = (next[h] as number) + +((block[h0 + (feature[h] as number)] as number) > (threshold[h] as number));
      }
      lengths[row] = (lengths[row] as number) + (length[a] as number);
      lengths[row + 1] = (lengths[row + 1] as number) + (length[b] as number);
      lengths[row + 2] = (lengths[row + 2] as number) + (length[c] as number);
      lengths[row + 3] = (lengths[row + 3] as number) + (length[d] as number);
      lengths[row + 4] = (lengths[row + 4] as number) + (length[e] as number);
      lengths[row + 5] = (lengths[row + 5] as number) + (length[f] as number);
      lengths[row + 6] = (lengths[row + 6] as number) + (length[g] as number);
      lengths[row + 7] = (lengths[row + 7] as number) + (length[h] as number);
    }
  }

  /** The score of one row with what each feature did to it. */
  explain(values: ArrayLike<number>): Explanation {
    this.#take(values);
    const score = this.#scoreOf(this.#walk());
    const { way, wayFeature, wayChange } = this.#nodes;
    const contributions = new Float64Array(this.features.length);
    for (const leaf of this.#leaves) {
      for (let at = way[leaf] as number; at < (way[leaf + 1] as number); at++) {
        const feature = wayFeature[at] as number;
        contributions[feature] = (contributions[feature] as number) + (wayChange[at] as number);
      }
    }
    const bits = this.#normal === 0 ? 0 : -1 / (this.#trees * this.#normal);
    for (let at = 0; at < contributions.length; at++) contributions[at] = (contributions[at] as number) * bits + 0;
    return {
      score,
      anomaly: -score,
      baselineBits: this.#normal === 0 ? -1 : -this.#baseline / this.#normal,
      contributions,
    };
  }

  #take(values: ArrayLike<number>): void {
    const row = this.#row;
    const count = values.length;
    if (count !== row.length) throw new RangeError(`a row has ${row.length} values, not ${count}`);
    for (let at = 0; at < count; at++) row[at] = this.#finite(values[at] ?? Number.NaN, at);
  }

  // Also what is finite in 64 bit and not in 32: scikit-learn refuses it as well.
  #finite(value: number, feature: number): number {
    const rounded = Math.fround(value);
    if (rounded - rounded !== 0) throw new RangeError(`${this.features[feature]} is no finite 32-bit number`);
    return rounded;
  }

  // A forest grown from single rows says nothing of anybody.
  #scoreOf(length: number): number {
    return this.#normal === 0 ? -0.5 : -(2 ** (-length / (this.#trees * this.#normal)));
  }

  /** Notes the leaf of every tree in `#leaves`; the sum of their path lengths. */
  #walk(): number {
    const { feature, threshold, next, length } = this.#nodes;
    const roots = this.#roots;
    const leaves = this.#leaves;
    const row = this.#row;
    let sum = 0;
    // Eight trees abreast: each step waits for its loads, and the steps of other trees fill the wait. Spelled out, because a loop over
    // the eight would keep their places in memory instead of registers.
    for (let group = 0; group < this.#steps.length; group++) {
      const at = group * lanes;
      let a = roots[at] as number;
      let b = roots[at + 1] as number;
      let c = roots[at + 2] as number;
      let d = roots[at + 3] as number;
      let e = roots[at + 4] as number;
      let f = roots[at + 5] as number;
      let g = roots[at + 6] as number;
      let h = roots[at + 7] as number;
      for (let step = this.#steps[group] as number; step > 0; step--) {
        a = (next[a] as number) + +((row[feature[a] as number] as number) > (threshold[a] as number));
        b = (next[b] as number) + +((row[feature[b] as number] as number) > (threshold[b] as number));
        c = (next[c] as number) + +((row[feature[c] as number] as number) > (threshold[c] as number));
        d = (next[d] as number) + +((row[feature[d] as number] as number) > (threshold[d] as number));
        e = (next[e] as number) + +((row[feature[e] as number] as number) > (threshold[e] as number));
        f = (next[f] as number) + +((row[feature[f] as number] as number) > (threshold[f] as number));
        g = (next[g] as number) + +((row[feature[g] as number] as number) > (threshold[g] as number));
        h = (next[h] as number) + +((row[feature[h] as number] as number) > (threshold[h] as number));
      }
      leaves[at] = a;
      leaves[at + 1] = b;
      leaves[at + 2] = c;
      leaves[at + 3] = d;
      leaves[at + 4] = e;
      leaves[at + 5] = f;
      leaves[at + 6] = g;
      leaves[at + 7] = h;
      sum += (length[a] as number) + (length[b] as number) + (length[c] as number) + (length[d] as number);
      sum += (length[e] as number) + (length[f] as number) + (length[g] as number) + (length[h] as number);
    }
    return sum;
  }
}

const lanes = 8;
const blockRows = 256; // a multiple of `lanes`

type Nodes = {
  readonly feature: Int32Array;
  readonly threshold: Float32Array; // the largest 32-bit number that is not above the forest's: rows are 32 bit, so nothing changes sides
  readonly next: Int32Array; // the left child, the right one after it; a leaf: itself
  readonly length: Float64Array; // of leaves: depth plus c(samples)
  readonly way: Int32Array; // of a leaf: from where to where (the next one's) its way stands in the two below
  readonly wayFeature: Int32Array;
  readonly wayChange: Float64Array; // what asking the feature on the way to the leaf changed in the mean path length below
};

function layOut({ trees }: Forest) {
  const total = trees.reduce((sum, tree) => sum + tree.feature.length, 0);
  const filler = (lanes - (trees.length % lanes)) % lanes;
  const laid = {
    feature: new Int32Array(total + 1),
    threshold: new Float32Array(total + 1).fill(Number.POSITIVE_INFINITY),
    next: new Int32Array(total + 1),
    length: new Float64Array(total + 1),
    way: new Int32Array(total + 2),
    wayFeature: [] as number[],
    wayChange: [] as number[],
  };
  laid.next[total] = total; // the filler's leaf
  const roots = new Int32Array(trees.length + filler).fill(total);
  const steps = new Int32Array(roots.length / lanes);
  let baseline = 0;
  let from = 0;
  for (const [index, tree] of trees.entries()) {
    const { depth, mean } = place(tree, laid, from);
    roots[index] = from;
    const group = Math.floor(index / lanes);
    steps[group] = Math.max(steps[group] ?? 0, depth);
    baseline += mean;
    from += tree.feature.length;
  }
  laid.way[total + 1] = laid.way[total] = laid.wayFeature.length;
  const nodes: Nodes = {
    ...laid,
    wayFeature: Int32Array.from(laid.wayFeature),
    wayChange: Float64Array.from(laid.wayChange),
  };
  return { nodes, roots, steps, baseline: baseline / trees.length };
}

type Laid = Omit<Nodes, "wayFeature" | "wayChange"> & { readonly wayFeature: number[]; readonly wayChange: number[] };

/** Puts a tree into the arrays from `from` on, level by level. */
function place(tree: Tree, laid: Laid, from: number): { readonly depth: number; readonly mean: number } {
  const depths = depthsOf(tree);
  const means = meansOf(tree, depths);
  const parents = new Int32Array(tree.feature.length);
  const order = [0]; // order[n] is the tree's node that stands at from + n
  for (let index = 0; index < order.length; index++) {
    const node = order[index] ?? 0;
    const at = from + index;
    const left = tree.left[node] ?? -1;
    laid.way[at] = laid.wayFeature.length;
    if (left === -1) {
      laid.next[at] = at;
      laid.length[at] = means[node] ?? 0;
      addWay(laid, node, { tree, means, parents });
      continue;
    }
    laid.feature[at] = tree.feature[node] ?? 0;
    laid.threshold[at] = notAbove(tree.threshold[node] ?? 0);
    laid.next[at] = from + order.length;
    const right = tree.right[node] ?? 0;
    parents[left] = node;
    parents[right] = node;
    order.push(left, right);
  }
  return { depth: Math.max(...depths), mean: means[0] ?? 0 };
}

type Known = { readonly tree: Tree; readonly means: Float64Array; readonly parents: Int32Array };

/** Notes for each feature that was asked on the way to a leaf what asking it changed. */
function addWay({ wayFeature, wayChange }: Laid, leaf: number, { tree, means, parents }: Known): void {
  const begin = wayFeature.length;
  for (let node = leaf; node !== 0;) {
    const parent = parents[node] ?? 0;
    const asked = tree.feature[parent] ?? 0;
    const change = (means[node] ?? 0) - (means[parent] ?? 0);
    let at = begin;
    while (at < wayFeature.length && wayFeature[at] !== asked) at++;
    wayFeature[at] = asked;
    wayChange[at] = (wayChange[at] ?? 0) + change;
    node = parent;
  }
}

function depthsOf(tree: Tree): Int32Array {
  const depths = new Int32Array(tree.feature.length);
  for (let node = 0; node < depths.length; node++) {
    for (const child of [tree.left[node] ?? -1, tree.right[node] ?? -1])
      if (child !== -1) depths[child] = (depths[node] ?? 0) + 1;
  }
  return depths;
}

/** The mean path length of the training rows below each node; of a leaf its own. Children stand after their parent. */
function meansOf(tree: Tree, depths: Int32Array): Float64Array {
  const means = new Float64Array(depths.length);
  for (let node = means.length - 1; node >= 0; node--) {
    const left = tree.left[node] ?? -1;
    const right = tree.right[node] ?? -1;
    const [ours, onLeft, onRight] = [node, left, right].map((one) => tree.samples[one] ?? 0) as [
      number,
      number,
      number,
    ];
    means[node] =
      left === -1
        ? (depths[node] ?? 0) + averagePathLength(ours)
        : (onLeft * (means[left] ?? 0) + onRight * (means[right] ?? 0)) / ours;
  }
  return means;
}

function notAbove(value: number): number {
  const rounded = Math.fround(value);
  if (rounded <= value) return rounded;
  const bits = new Int32Array(new Float32Array([rounded]).buffer);
  // One step towards minus infinity: down in size above zero, up in size below, and from zero to the least number below it.
  bits[0] = rounded > 0 ? (bits[0] ?? 0) - 1 : rounded < 0 ? (bits[0] ?? 0) + 1 : 0x8000_0001 | 0;
  return new Float32Array(bits.buffer)[0] ?? value;
}
