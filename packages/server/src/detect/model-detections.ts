import type { Explanation, Feature, Model, Scorer } from "@tillwatch/forest";
import type { Detection, DetectionModel, MatchedOn, SigmaLevel, TriageLevel } from "@tillwatch/wire";
import { isJsonObject, type JsonObject } from "@tillwatch/wire";
import type { DetectedSignal, EnrichedSignal } from "../flow.ts";

/** What a detection by a model means, as the pack's models/index.yaml says. `categories`: by the feature that did most. */
export type ModelMeaning = {
  readonly level: SigmaLevel;
  readonly triageLevel: TriageLevel;
  readonly category: string;
  readonly categories: ReadonlyMap<string, string>;
};

/** A model ready to score. `ruleId` stands where a rule's id would: `model:site-windows`. */
export type ReadyModel = {
  readonly ruleId: string;
  readonly model: Model;
  readonly sha256: string;
  readonly scorer: Scorer;
  readonly meaning: ModelMeaning;
};

export function ruleIdOfModel(modelId: string): string {
  return `model:${modelId}`;
}

export type ModelInputs = { readonly signalId: string; readonly view: EnrichedSignal["view"] };

/** A window of a view and how odd a model finds it. */
export type ScoredWindow = {
  readonly window: JsonObject;
  readonly values: readonly number[];
  readonly anomaly: number;
};

/** The oddest of a signal's windows; null where it has none of this model's features. The earliest of those that are equally odd. */
export function oddestWindow({ scorer }: Pick<ReadyModel, "scorer">, view: ModelInputs["view"]): ScoredWindow | null {
  let oddest: ScoredWindow | null = null;
  for (const window of windowsIn(view)) {
    const values = scorer.features.map((name) => window[name]);
    if (!values.every((value) => typeof value === "number" && Number.isFinite(value))) continue;
    const row = values as readonly number[];
    const anomaly = -scorer.score(row);
    if (oddest === null || anomaly > oddest.anomaly) oddest = { window, values: row, anomaly };
  }
  return oddest;
}

export function windowsIn(view: ModelInputs["view"]): readonly JsonObject[] {
  const windows = view["site_windows"];
  return Array.isArray(windows) ? windows.filter(isJsonObject) : [];
}

/** A detection for each model that finds one of the signal's windows odd. From recorded inputs it is the same again. */
export function detectByModels({ signalId, view }: ModelInputs, models: readonly ReadyModel[]): readonly Detection[] {
  return models.flatMap((ready) => {
    const found = oddestWindow(ready, view);
    if (found === null || found.anomaly < ready.model.threshold) return [];
    return [toDetection(ready, found, signalId as Detection["signalId"])];
  });
}

/** The signal with what models find, after what rules found. */
export function withModels(detected: DetectedSignal, models: readonly ReadyModel[]): DetectedSignal {
  const found = detectByModels({ signalId: detected.signal.id, view: detected.view }, models);
  return found.length === 0 ? detected : { ...detected, detections: [...detected.detections, ...found] };
}

function toDetection(ready: ReadyModel, found: ScoredWindow, signalId: Detection["signalId"]): Detection {
  const { model, meaning, sha256 } = ready;
  const explanation = ready.scorer.explain(found.values);
  const parts = partsOf(model.features, found.values, explanation);
  const most = parts.toSorted(byBits);
  const leading = most[0]?.feature ?? "";
  return {
    signalId,
    ruleId: ready.ruleId,
    ruleTitle: model.card.title,
    ruleLevel: meaning.level,
    category: meaning.categories.get(leading) ?? meaning.category,
    triageLevel: meaning.triageLevel,
    because: most
      .filter(({ bits }) => bits > 0)
      .slice(0, 4)
      .map(toMatchedOn),
    model: {
      id: model.card.id,
      version: model.card.version,
      sha256,
      anomaly: rounded(explanation.anomaly),
      threshold: model.threshold,
      windowEndsAt: typeof found.window["ends_at"] === "string" ? found.window["ends_at"] : "",
      baselineBits: rounded(explanation.baselineBits),
      contributions: parts,
    },
  };
}

type Part = DetectionModel["contributions"][number];

function partsOf(
  features: readonly Feature[],
  values: readonly number[],
  { contributions }: Explanation,
): readonly Part[] {
  return features.map(({ name, unit, says, spread }, at) => ({
    feature: name,
    says,
    unit,
    value: values[at] ?? 0,
    usualMax: usualMaxOf(spread),
    bits: rounded(contributions[at] ?? 0),
  }));
}

const usualShare = 0.95;

/** The least edge at or below which nearly all of the training lay; null where the spread does not say. */
function usualMaxOf({ edges, shares }: Feature["spread"]): number | null {
  let sum = 0;
  for (const [bin, edge] of edges.entries()) {
    sum += shares[bin] ?? 0;
    if (sum >= usualShare) return edge;
  }
  return null;
}

function toMatchedOn({ feature, says, value, usualMax, bits }: Part): MatchedOn {
  const usual =
    usualMax === null
      ? "rarely more than a few"
      : usualMax === 0
        ? "hardly ever any"
        : `nearly always at most ${usualMax}`;
  return { selection: "model", field: feature, value: `${value} ${says}`, pattern: `${usual}; ${timesOdder(bits)}` };
}

/** Bits as a factor of the anomaly, for people. */
function timesOdder(bits: number): string {
  return `makes the window ${(2 ** bits).toFixed(2)} times as odd`;
}

function byBits(a: Part, b: Part): number {
  return b.bits - a.bits || (a.feature < b.feature ? -1 : 1);
}

// To a millionth: far below what anybody reads, and far above what one machine computes otherwise than another.
function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
