/**
 * An isolation forest (Liu, Ting, Zhou, 2008). A node sends a row to `left` where the row's value of `feature` is at most
 * `threshold`, else to `right`; both stand after it. A leaf has feature -1 and no children (-1). `samples` counts the training rows
 * that reached the node. All arrays of a tree are equally long.
 */
export type Tree = {
  readonly feature: Int32Array;
  readonly threshold: Float64Array;
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly samples: Int32Array;
};

/** `sampleSize` is the number of rows that each tree was grown from; `features` names a row's values in their order. */
export type Forest = {
  readonly features: readonly string[];
  readonly sampleSize: number;
  readonly trees: readonly Tree[];
};

export const treesMax = 1_000;
export const featuresMax = 256;
export const nodesMax = 1_000_000; // of a forest, all its trees together
export const depthMax = 64;
export const sampleSizeMax = 1_000_000;

const featureName = /^[a-z][a-z0-9_]{0,63}$/;

/** What is wrong with these names; null: nothing. */
export function faultOfFeatures(features: readonly string[]): string | null {
  if (features.length === 0 || features.length > featuresMax) return `${features.length} features are named`;
  const odd = features.find((name) => !featureName.test(name));
  if (odd !== undefined) return `${JSON.stringify(odd.slice(0, 80))} is no name of a feature`;
  return new Set(features).size === features.length ? null : "a feature is named twice";
}

/**
 * The mean depth at which `count` rows that nothing tells apart would be isolated from each other: c(n) of the paper, with the
 * values for 0, 1 and 2 that scikit-learn uses.
 */
export function averagePathLength(count: number): number {
  if (count <= 1) return 0;
  if (count === 2) return 1;
  return 2 * (Math.log(count - 1) + eulerGamma) - (2 * (count - 1)) / count;
}

const eulerGamma = 0.577_215_664_901_532_9;
