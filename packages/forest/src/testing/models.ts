import { createHash } from "node:crypto";
import { spreadOf } from "../drift.ts";
import type { Model } from "../file.ts";
import type { Forest } from "../forest.ts";
import { chanceOf } from "../random.ts";
import { trainForest } from "../train.ts";

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Rows of small counts, as in a shop: many zeros, many ties. */
export function countRows(rows: number, width: number, seed = 1): Float64Array {
  const chance = chanceOf(seed, 0);
  return Float64Array.from({ length: rows * width }, () => Math.floor(-2 * Math.log(1 - chance())));
}

export function forestOf(
  rows: Float64Array,
  width: number,
  options: { trees?: number; sampleSize?: number } = {},
): Forest {
  const features = Array.from({ length: width }, (_, at) => `f${at}`);
  const trained = trainForest(rows, { features, seed: 7, ...options });
  if (!trained.ok) throw new Error(JSON.stringify(trained.error));
  return trained.value;
}

export function modelOf(forest: Forest, rows: Float64Array): Model {
  const width = forest.features.length;
  return {
    card: {
      id: "site-windows",
      version: "1",
      title: "Odd windows",
      purpose: "For tests.",
      origin: "simulated",
      data: "Made up.",
      from: "2026-11-01T00:00:00Z",
      to: "2026-11-08T00:00:00Z",
      sites: 3,
      windows: rows.length / width,
      personalData: "none",
      trainedAt: "2026-11-08T00:00:00Z",
      trainedBy: "a test",
      trainedWith: "a test",
      approvedBy: null,
      limits: ["Knows nothing of the world."],
    },
    features: forest.features.map((name, feature) => ({
      name,
      unit: "things",
      says: `things of ${name}`,
      spread: spreadOf(rows.filter((_, at) => at % width === feature)),
    })),
    threshold: 0.6,
    forest,
  };
}
