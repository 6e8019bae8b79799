/**
 * Isolation forests in plain TypeScript without I/O: `trainForest` grows one, `Scorer` scores rows as scikit-learn does and says what
 * each feature did, `writeModel` and `readModel` keep it with its card, `driftOf` tells whether the rows still look like training.
 */
export { canonicalJson, type JsonValue } from "./canonical.ts";
export type { ModelCard } from "./card.ts";
export {
  binOf,
  driftOf,
  driftRowsMin,
  driftWarnFrom,
  driftWatchFrom,
  spreadOf,
  type Drift,
  type Spread,
} from "./drift.ts";
export { modelBytesMax, modelFormat, readModel, writeModel, type Feature, type Model, type Sha256 } from "./file.ts";
export { averagePathLength, type Forest, type Tree } from "./forest.ts";
export { forestProblemCodes, type ForestProblem, type ForestProblemCode } from "./problem.ts";
export type { Result } from "./result.ts";
export { Scorer, type Explanation } from "./score.ts";
export { trainForest, type Rows, type TrainOptions } from "./train.ts";
