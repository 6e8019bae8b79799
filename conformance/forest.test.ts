import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { readModel, Scorer, trainForest, writeModel, type Forest, type Model, type Tree } from "@tillwatch/forest";
import { pythonTool, runTool, skipWithout } from "./tools.ts";

/**
 * Isolation forests against scikit-learn, both ways: forests that it trained are scored by us as it scores them, and forests that we
 * trained are scored from our file, by a few lines of NumPy that know the paper and not our code, as we score them.
 */

const python = pythonTool(["scikit-learn==1.9.1", "numpy==2.4.6", "scipy==1.17.1"]);
const skip = skipWithout("scikit-learn", python);
const folder = mkdtempSync(join(tmpdir(), "tillwatch-forest-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const within = 1e-9;
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

function runPython(script: string, ...args: readonly string[]): string {
  const file = join(folder, "script.py");
  writeFileSync(file, script);
  const run = runTool(python ?? "", [file, folder, ...args], { msMax: 300_000 });
  assert.equal(run.code, 0, run.output);
  return run.output;
}

/** Trains on one kind of data, exports the forest, and scores `rows` rows, among them each threshold and its neighbours in 32 bit. */
const trainAndScore = `
import json, sys
import numpy as np
from sklearn.ensemble import IsolationForest

folder, kind, trees, sample, rows = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4], int(sys.argv[5])
rng = np.random.default_rng(20261121)
width = 6
def draw(n):
    if kind == "counts":
        return rng.poisson([0.1, 0.5, 2, 5, 20, 0.01], size=(n, width)).astype(float)
    if kind == "normal":
        return rng.normal(size=(n, width)) * [1, 10, 1e-3, 1e6, 1, 1]
    return np.where(rng.random((n, width)) < 0.5, 7.25, rng.choice([0.1, 0.2, 0.3, 1e20, -1e20, 1e-30], size=(n, width)))
train = draw(4000)
forest = IsolationForest(n_estimators=trees, max_samples=int(sample) if sample != "auto" else "auto", random_state=7).fit(train)
exported, thresholds = [], []
for estimator, features in zip(forest.estimators_, forest.estimators_features_):
    tree = estimator.tree_
    leaf = tree.children_left == -1
    feature = np.where(leaf, -1, np.asarray(features)[np.where(leaf, 0, tree.feature)])
    for node in np.flatnonzero(~leaf):
        thresholds.append((int(feature[node]), float(tree.threshold[node])))
    exported.append({
        "feature": feature.tolist(),
        "threshold": np.where(leaf, 0.0, tree.threshold).tolist(),
        "left": tree.children_left.tolist(),
        "right": tree.children_right.tolist(),
        "samples": tree.n_node_samples.tolist(),
    })
scored = [train, draw(rows)]
edges = []
for feature, threshold in thresholds[:: max(1, len(thresholds) // 3000)]:
    near = np.float32(threshold)
    for value in (threshold, float(near), float(np.nextafter(near, np.float32(np.inf))), float(np.nextafter(near, np.float32(-np.inf))),
                  np.nextafter(threshold, np.inf), np.nextafter(threshold, -np.inf)):
        row = train[len(edges) % len(train)].copy()
        row[feature] = value
        edges.append(row)
special = np.array([[v] * width for v in (0.0, -0.0, 1e-45, -1e-45, 1e-60, 3.4e38, -3.4e38, 0.1, 16777217.0, 1e-38)])
rows_all = np.vstack(scored + [np.array(edges), special])
json.dump({"sampleSize": int(forest._max_samples), "trees": exported}, open(f"{folder}/forest.json", "w"))
rows_all.astype("<f8").tofile(f"{folder}/rows.f64")
forest.score_samples(rows_all).astype("<f8").tofile(f"{folder}/scores.f64")
print(len(rows_all), len(edges), __import__("sklearn").__version__)
`;

type Exported = { readonly sampleSize: number; readonly trees: readonly Readonly<Record<keyof Tree, number[]>>[] };

const features = ["a", "b", "c", "d", "e", "f"];

function forestOf({ sampleSize, trees }: Exported): Forest {
  const grown = trees.map((tree) => ({
    feature: Int32Array.from(tree.feature),
    threshold: Float64Array.from(tree.threshold),
    left: Int32Array.from(tree.left),
    right: Int32Array.from(tree.right),
    samples: Int32Array.from(tree.samples),
  }));
  return { features, sampleSize, trees: grown };
}

function numbersIn(file: string): Float64Array {
  const bytes = readFileSync(join(folder, file));
  return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

function exportedForest(): Forest {
  return forestOf(JSON.parse(readFileSync(join(folder, "forest.json"), "utf8")) as Exported);
}

function largestDifference(ours: Float64Array, theirs: Float64Array): number {
  assert.equal(ours.length, theirs.length);
  return ours.reduce((most, score, row) => Math.max(most, Math.abs(score - (theirs[row] ?? Number.NaN))), 0);
}

/** As a model file, so that what is scored went through our reader. */
function throughOurFile(forest: Forest): Forest {
  const read = readModel(writeModel(modelOf(forest), sha256), sha256);
  assert.ok(read.ok, read.ok ? "" : JSON.stringify(read.error));
  return read.value.model.forest;
}

function modelOf(forest: Forest): Model {
  const at = "2026-11-21T00:00:00Z";
  const spread = { edges: [], shares: [1] };
  return {
    card: {
      id: "conformance",
      version: "1",
      title: "A forest of another program",
      purpose: "To be scored by two programs.",
      origin: "simulated",
      data: "Drawn by a generator.",
      from: at,
      to: at,
      sites: 1,
      windows: 4000,
      personalData: "none",
      trainedAt: at,
      trainedBy: "conformance",
      trainedWith: "conformance",
      approvedBy: null,
      limits: ["Says nothing about a shop."],
    },
    features: features.map((name) => ({ name, unit: "things", says: `things of ${name}`, spread })),
    threshold: 0.5,
    forest,
  };
}

describe("forests that scikit-learn trained", { skip }, () => {
  for (const [kind, trees, sample] of [
    ["counts", 100, "auto"],
    ["normal", 100, "auto"],
    ["ties", 50, "1000"],
    ["normal", 13, "3"],
  ] as const) {
    it(`C06 we score ${kind}, ${trees} trees of ${sample} rows, as score_samples does to 1e-9`, (context) => {
      const printed = runPython(trainAndScore, kind, String(trees), sample, "12000").trim();
      const rows = numbersIn("rows.f64");
      const theirs = numbersIn("scores.f64");
      assert.ok(theirs.length >= 16_000);
      const scorer = new Scorer(throughOurFile(exportedForest()));
      const most = largestDifference(scorer.scoreAll(rows), theirs);
      context.diagnostic(
        `rows, edge rows, scikit-learn: ${printed}; largest difference ${most}, ${new Set(theirs).size} different scores`,
      );
      assert.ok(most <= within, `${most}`);
      const different = new Set(theirs).size;
      assert.ok(different > 5, `${different}: scores that are all alike would prove nothing`);
    });
  }

  it("C06 one threshold that is another one is noticed", () => {
    const [first, ...rest] = exportedForest().trees;
    assert.ok(first !== undefined);
    const rows = numbersIn("rows.f64");
    const changed = { ...first, threshold: first.threshold.map((value, node) => (node === 0 ? value + 0.5 : value)) };
    const scorer = new Scorer({ ...exportedForest(), trees: [changed, ...rest] });
    assert.ok(largestDifference(scorer.scoreAll(rows), numbersIn("scores.f64")) > within);
  });

  it("C06 rows that are not rounded to 32 bit first would score otherwise", () => {
    // Else the rows on the thresholds would not tell whether we round.
    const { trees } = exportedForest();
    const rows = numbersIn("rows.f64");
    const otherSides = trees.some(({ feature, threshold }) =>
      threshold.some((edge, node) => {
        const asked = feature[node] ?? -1;
        if (asked === -1) return false;
        for (let at = asked; at < rows.length; at += features.length) {
          const value = rows[at] ?? 0;
          if (value <= edge !== Math.fround(value) <= edge) return true;
        }
        return false;
      }),
    );
    assert.ok(otherSides);
  });
});

/** Scores from our file by the paper: no tree of scikit-learn, nothing of ours but the format. */
const scoreOurFile = `
import json, math, sys
import numpy as np

folder = sys.argv[1]
model = json.load(open(f"{folder}/model.json"))
forest = model["forest"]
width = len(model["features"])
rows = np.fromfile(f"{folder}/rows.f64", dtype="<f8").reshape(-1, width).astype(np.float32)
def c(n):
    return 0.0 if n <= 1 else 1.0 if n == 2 else 2 * (math.log(n - 1) + 0.5772156649015329) - 2 * (n - 1) / n
total = np.zeros(len(rows))
for tree in forest["trees"]:
    feature, threshold = np.array(tree["feature"]), np.array(tree["threshold"])
    left, right = np.array(tree["left"]), np.array(tree["right"])
    node = np.zeros(len(rows), dtype=int)
    depth = np.zeros(len(rows))
    while True:
        inner = np.flatnonzero(feature[node] != -1)
        if len(inner) == 0:
            break
        at = node[inner]
        goes_left = rows[inner, feature[at]].astype(np.float64) <= threshold[at]
        node[inner] = np.where(goes_left, left[at], right[at])
        depth[inner] += 1
    total += depth + np.array([c(n) for n in tree["samples"]])[node]
scores = -np.power(2.0, -(total / len(forest["trees"])) / c(forest["sampleSize"]))
scores.astype("<f8").tofile(f"{folder}/scores.f64")
print(len(rows))
`;

describe("forests that we trained", { skip }, () => {
  const count = 10_000;
  const rows = new Float64Array(count * features.length);
  let state = 12345;
  for (let at = 0; at < rows.length; at++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    rows[at] = at % 3 === 0 ? state % 7 : state / 2 ** 31;
  }
  const trained = trainForest(rows, { features, seed: 99 });

  function theirScores(text: string): Float64Array {
    writeFileSync(join(folder, "model.json"), text);
    writeFileSync(join(folder, "rows.f64"), new Uint8Array(rows.buffer));
    assert.equal(runPython(scoreOurFile).trim(), String(count));
    return numbersIn("scores.f64");
  }

  it("C06 score, from our file and by the paper alone, as we score them to 1e-9", () => {
    assert.ok(trained.ok);
    const theirs = theirScores(writeModel(modelOf(trained.value), sha256));
    const most = largestDifference(new Scorer(trained.value).scoreAll(rows), theirs);
    assert.ok(most <= within, `${most}`);
    assert.ok(new Set(theirs).size > 1000);
  });

  it("C06 one threshold of our file that is another one is noticed", () => {
    assert.ok(trained.ok);
    const text = writeModel(modelOf(trained.value), sha256).replace(/"threshold":\[[\d.e+-]+,/, '"threshold":[0.123,');
    const refusal = readModel(text, sha256);
    assert.equal(refusal.ok ? "read" : refusal.error.code, "model_digest_wrong");
    assert.ok(largestDifference(new Scorer(trained.value).scoreAll(rows), theirScores(text)) > within);
  });
});
