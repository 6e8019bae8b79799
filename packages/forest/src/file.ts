import { canonicalJson, type JsonValue } from "./canonical.ts";
import { readCard, type ModelCard } from "./card.ts";
import type { Spread } from "./drift.ts";
import {
  depthMax,
  faultOfFeatures,
  featuresMax,
  nodesMax,
  sampleSizeMax,
  treesMax,
  type Forest,
  type Tree,
} from "./forest.ts";
import { forestProblem, type ForestProblem } from "./problem.ts";
import { Reader, Refusal } from "./reader.ts";
import { ok, refused, type Result } from "./result.ts";

/** What a row's value is, for a person, and how it was spread in training. */
export type Feature = {
  readonly name: string;
  readonly unit: string; // `people`, `refunds`
  readonly says: string; // `people who came in within 10 seconds`
  readonly spread: Spread;
};

/** A model as its file holds it. `threshold`: the anomaly (0..1) from which a row counts as odd. */
export type Model = {
  readonly card: ModelCard;
  readonly features: readonly Feature[];
  readonly threshold: number;
  readonly forest: Forest;
};

/** SHA-256 of a text's UTF-8 bytes, in small hexadecimal digits. */
export type Sha256 = (text: string) => string;

export const modelFormat = "tillwatch-model/1";
export const modelBytesMax = 32 * 1024 * 1024;

/** The file of a model: JSON, a tree a line. Its `sha256` is that of the canonical JSON (RFC 8785) of everything else. */
export function writeModel(model: Model, sha256: Sha256): string {
  const { trees } = model.forest;
  const rest = {
    format: modelFormat,
    card: model.card,
    features: model.features,
    threshold: model.threshold,
    forest: { sampleSize: model.forest.sampleSize, trees: trees.map(treeJson) },
  };
  const digest = sha256(canonicalJson(rest));
  const head = JSON.stringify({ ...rest, forest: undefined, sha256: digest }, null, 1);
  const lines = rest.forest.trees.map((tree) => `   ${JSON.stringify(tree)}`).join(",\n");
  const forest = ` "forest": {\n  "sampleSize": ${rest.forest.sampleSize},\n  "trees": [\n${lines}\n  ]\n }`;
  return `${head.slice(0, -2)},\n${forest}\n}\n`;
}

function treeJson(tree: Tree) {
  return {
    feature: [...tree.feature],
    threshold: [...tree.threshold],
    left: [...tree.left],
    right: [...tree.right],
    samples: [...tree.samples],
  };
}

/**
 * Reads a model from a text that nobody vouches for: all of it is checked before any of it is used, and what is not known is refused.
 * `sha256` in the answer is the file's own, found right.
 */
export function readModel(
  text: string,
  sha256: Sha256,
): Result<{ readonly model: Model; readonly sha256: string }, ForestProblem> {
  if (text.length > modelBytesMax)
    return refused(forestProblem("model_file_too_large", "", `The file has ${text.length} characters.`));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (fault) {
    const message = fault instanceof Error ? fault.message.slice(0, 200) : "";
    return refused(forestProblem("model_json_syntax", "", `The file is no JSON: ${message}`));
  }
  try {
    const model = readParts(value);
    const { sha256: stated, ...rest } = value as Readonly<Record<string, JsonValue>>;
    const found = sha256(canonicalJson(rest));
    if (stated !== found) return refused(forestProblem("model_digest_wrong", "sha256", `The content has ${found}.`));
    return ok({ model, sha256: found });
  } catch (fault) {
    if (fault instanceof Refusal) return refused(fault.problem);
    throw fault;
  }
}

function readParts(value: unknown): Model {
  const whole = new Reader(value, "");
  refuseOtherFormat(value);
  const has = whole.members(["format", "card", "features", "threshold", "forest", "sha256"]);
  has.sha256.matching(/^[0-9a-f]{64}$/, "SHA-256 in small hexadecimal digits");
  const card = readCard(has.card);
  const features = has.features.list(1, featuresMax).map(readFeature);
  const names = features.map(({ name }) => name);
  const fault = faultOfFeatures(names);
  if (fault !== null) throw new Refusal("model_features_malformed", "features", `${fault}.`);
  const threshold = has.threshold.number(0, 1);
  return { card, features, threshold, forest: readForest(has.forest, names) };
}

function refuseOtherFormat(value: unknown): void {
  const format = typeof value === "object" && value !== null ? (value as { format?: unknown }).format : undefined;
  if (format !== modelFormat) throw new Refusal("model_format_unknown", "format", `The format is not ${modelFormat}.`);
}

function readFeature(feature: Reader): Feature {
  const has = feature.members(["name", "unit", "says", "spread"]);
  const spread = has.spread.members(["edges", "shares"]);
  const edges = spread.edges.numbers(0, 100);
  if (edges.some((edge, at) => at > 0 && edge <= (edges[at - 1] ?? 0))) throw spread.edges.refusal("do not ascend");
  const shares = spread.shares.numbers(edges.length + 1, edges.length + 1);
  const sum = shares.reduce((total, share) => total + share, 0);
  if (shares.some((share) => share < 0) || Math.abs(sum - 1) > 1e-6) throw spread.shares.refusal("do not add up to 1");
  const name = has.name.text(64);
  return { name, unit: has.unit.text(60), says: has.says.text(200), spread: { edges, shares } };
}

function readForest(forest: Reader, features: readonly string[]): Forest {
  const has = forest.members(["sampleSize", "trees"]);
  const sampleSize = has.sampleSize.whole(1, sampleSizeMax);
  let nodes = 0;
  const trees = has.trees.list(1, treesMax).map((tree) => {
    const read = readTree(tree, { features: features.length, sampleSize });
    nodes += read.feature.length;
    if (nodes > nodesMax)
      throw new Refusal("model_too_large", tree.place, `The forest has more than ${nodesMax} nodes.`);
    return read;
  });
  return { features, sampleSize, trees };
}

type Bounds = { readonly features: number; readonly sampleSize: number };

function readTree(tree: Reader, { features, sampleSize }: Bounds): Tree {
  const has = tree.members(["feature", "threshold", "left", "right", "samples"]);
  const threshold = Float64Array.from(has.threshold.numbers(1, nodesMax));
  const count = threshold.length;
  const read = {
    feature: has.feature.wholes(count, -1, features - 1),
    threshold,
    left: has.left.wholes(count, -1, count - 1),
    right: has.right.wholes(count, -1, count - 1),
    samples: has.samples.wholes(count, 1, sampleSize),
  };
  const fault = faultOfTree(read);
  if (fault !== null) throw new Refusal("model_tree_malformed", `${tree.place}${fault.place}`, `${fault.message}.`);
  return read;
}

/**
 * Whether these arrays are one tree: leaves have neither children nor feature, children stand after their parent (so there is no
 * ring), every node but the first has one parent, no way is longer than `depthMax`, and rows neither vanish nor appear.
 */
function faultOfTree({
  feature,
  left,
  right,
  samples,
}: Tree): { readonly place: string; readonly message: string } | null {
  const depths = new Int32Array(feature.length).fill(-1);
  depths[0] = 0;
  for (let node = 0; node < feature.length; node++) {
    const depth = depths[node] ?? -1;
    const children = [left[node] ?? -1, right[node] ?? -1] as const;
    if (depth === -1) return { place: `.left[${node}]`, message: `no way leads to node ${node}` };
    if (depth > depthMax) return { place: `.left[${node}]`, message: `node ${node} is deeper than ${depthMax}` };
    if (feature[node] === -1) {
      if (children[0] === -1 && children[1] === -1) continue;
      return { place: `.left[${node}]`, message: `node ${node} asks for no feature and has children` };
    }
    for (const [side, child] of children.entries()) {
      const place = `.${side === 0 ? "left" : "right"}[${node}]`;
      if (child <= node) return { place, message: `the child ${child} of node ${node} does not stand after it` };
      if (depths[child] !== -1) return { place, message: `node ${child} has two parents` };
      depths[child] = depth + 1;
    }
    if (samples[node] !== (samples[children[0]] ?? 0) + (samples[children[1]] ?? 0))
      return { place: `.samples[${node}]`, message: `the rows of node ${node} are not those of its children` };
  }
  return null;
}
