import { Scorer, spreadOf, trainForest, type ForestProblem, type Model, type ModelCard } from "@tillwatch/forest";
import { ok, refused, type Result } from "@tillwatch/wire";
import { windowFeatures } from "../enrich/site-windows.ts";
import { featureNames, type TrainingRows } from "./training-rows.ts";

export const windowModelId = "site-windows";
export const trainingWindowsMin = 1_000;

export type TrainGiven = {
  readonly rows: TrainingRows;
  readonly origin: ModelCard["origin"];
  readonly data: string; // where the rows come from, in a sentence
  readonly version: string;
  readonly trainedBy: string;
  readonly approvedBy: string | null;
  readonly atMs: number;
  readonly seed: number;
  readonly trees: number;
  readonly sampleSize: number;
  readonly oddPerSiteWeek: number; // windows of training that may count as odd, a site and week
};

/**
 * Trains the model of odd windows. Its threshold lies just above as many windows of training as may count as odd: who trains says how
 * many windows a week a shop can look at, and not a number that means nothing to him.
 */
export function trainModel(given: TrainGiven): Result<Model, ForestProblem> {
  const { rows } = given;
  const { values } = rows;
  if (rows.windows < trainingWindowsMin) {
    const message = `There are ${rows.windows} windows; fewer than ${trainingWindowsMin} tell nothing.`;
    const remedy = "Give more windows: a longer time, or more sites.";
    return refused({ code: "model_rows_too_few", place: "rows", message, remedy });
  }
  const forest = trainForest(values, {
    features: featureNames,
    seed: given.seed,
    trees: given.trees,
    sampleSize: given.sampleSize,
  });
  if (!forest.ok) return forest;
  const width = featureNames.length;
  const scores = new Scorer(forest.value).scoreAll(values);
  const keptShare = scores.length / rows.windows;
  const allowed = Math.floor((rows.siteDays / 7) * given.oddPerSiteWeek * keptShare);
  return ok({
    card: cardOf(given),
    features: windowFeatures.map(({ name, unit, says }, feature) => ({
      name,
      unit,
      says,
      spread: spreadOf(values.filter((_, at) => at % width === feature)),
    })),
    threshold: thresholdAbove(scores, allowed),
    forest: forest.value,
  });
}

/** In millionths: the least anomaly that at most `allowed` of these rows reach. */
function thresholdAbove(scores: Float64Array, allowed: number): number {
  const anomalies = scores.map((score) => -score).sort();
  const first = anomalies[anomalies.length - 1 - Math.min(allowed, anomalies.length - 1)] ?? 1;
  return Math.min(1, (Math.floor(first * 1e6) + 1) / 1e6);
}

function cardOf(given: TrainGiven): ModelCard {
  const { rows, seed, trees, sampleSize, oddPerSiteWeek } = given;
  return {
    id: windowModelId,
    version: given.version,
    title: "A stretch of time unlike those that this model knows",
    purpose:
      "Points at stretches of time at a site in which arrivals, voids, refunds, exits and shelf drops came as they hardly ever do, " +
      "whatever the reason. It sorts and suggests: it opens no incident by itself, closes none, and says nothing about a person.",
    origin: given.origin,
    data: given.data,
    from: new Date(rows.fromMs).toISOString(),
    to: new Date(rows.toMs).toISOString(),
    sites: rows.sites,
    windows: rows.windows,
    personalData: "none",
    trainedAt: new Date(given.atMs).toISOString(),
    trainedBy: given.trainedBy,
    trainedWith:
      `isolation forest, ${trees} trees of ${sampleSize} windows, seed ${seed}; threshold from at most ${oddPerSiteWeek} odd ` +
      `windows a site and week of the training data`,
    approvedBy: given.approvedBy,
    limits: [
      "It knows no crime: what is odd may be harmless (a school class, a sale), and what is usual may be a crime.",
      "It knows the sites, hours and devices that it was trained on. Train it on signals of your own sites before you rely on it.",
      "It looks at counts of a site as a whole, so what is odd for a small shop and usual for a large one is missed.",
      "It looks at all counts together: one count alone (voids, refunds, exits or shelf drops) may not be enough however large it is; four of the eight counts are arrivals. Rules watch single counts.",
      "Signals that come more than five minutes late are not counted.",
      ...(given.origin === "simulated"
        ? ["It was trained on simulated shops. How well it fits a real one nobody has measured."]
        : []),
    ],
  };
}
