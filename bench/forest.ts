// Isolation forest: our scores against scikit-learn's, the same forest (100 trees of 256 rows, exported from it) and the same rows, one
// core, one after the other in each pair, by processor time, because others use the core as well. The scores are compared first.
// Options: --long, --rows, --pairs.
import { createHash } from "node:crypto";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Scorer, type Forest } from "@tillwatch/forest";
import { pythonTool, systemTool } from "../conformance/tools.ts";
import { isLong, median, numberOption, quantile, ratioOf, report, thousands } from "./lib/report.ts";

const rowCount = numberOption("rows", isLong() ? 100_000 : 40_000);
const pairs = numberOption("pairs", isLong() ? 15 : 7);
const rowByRow = isLong() ? 100 : 40; // of scikit-learn, which takes some 30 ms a row
const width = 10;
const warmUp = 3; // pairs that are not counted: neither side is asked cold

const peerScript = `
import json, sys, time
import numpy, scipy, sklearn
from sklearn.ensemble import IsolationForest

folder, rows, width, one = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
rng = numpy.random.default_rng(1)
train = rng.normal(size=(20000, width))
forest = IsolationForest(n_estimators=100, max_samples=256, random_state=7, n_jobs=1).fit(train)
trees = []
for estimator in forest.estimators_:
    t = estimator.tree_
    leaf = t.children_left == -1
    trees.append({"feature": numpy.where(leaf, -1, t.feature).tolist(), "threshold": numpy.where(leaf, 0.0, t.threshold).tolist(),
                  "left": t.children_left.tolist(), "right": t.children_right.tolist(), "samples": t.n_node_samples.tolist()})
scored = rng.normal(size=(rows, width))
json.dump({"sampleSize": 256, "trees": trees}, open(f"{folder}/forest.json", "w"))
scored.astype("<f8").tofile(f"{folder}/rows.f64")
forest.score_samples(scored).astype("<f8").tofile(f"{folder}/scores.f64")
print(f"scikit-learn {sklearn.__version__}, NumPy {numpy.__version__}, SciPy {scipy.__version__}, Python {sys.version.split()[0]}", flush=True)
for line in sys.stdin:
    started = time.process_time()
    if line.strip() == "batch":
        forest.score_samples(scored)
        print(rows / (time.process_time() - started), flush=True)
    else:
        for row in range(one):
            forest.score_samples(scored[row:row + 1])
        print(one / (time.process_time() - started), flush=True)
`;

const python = pythonTool(["scikit-learn==1.9.1", "numpy==2.4.6", "scipy==1.17.1"]);
const taskset = systemTool("taskset");
if (python === undefined || taskset === undefined) {
  console.log(`skipped: ${python === undefined ? "scikit-learn" : "taskset"} not found`);
} else {
  const folder = mkdtempSync(join(tmpdir(), "tillwatch-bench-forest-"));
  try {
    await measure(folder, { python, taskset });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(folder: string, tools: { readonly python: string; readonly taskset: string }): Promise<void> {
  execFileSync(tools.taskset, ["-a", "-p", "-c", "0", String(process.pid)], { stdio: "ignore" });
  const script = join(folder, "peer.py");
  writeFileSync(script, peerScript);
  const single = { OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" };
  const args = ["-c", "0", tools.python, script, folder, String(rowCount), String(width), String(rowByRow)];
  const peer = spawn(tools.taskset, args, { stdio: ["pipe", "pipe", "inherit"], env: { ...process.env, ...single } });
  const lines = createInterface({ input: peer.stdout })[Symbol.asyncIterator]();
  const versions = await answer();
  const scorer = new Scorer(forestIn(folder));
  const rows = numbersIn(folder, "rows.f64");
  console.log(`  Node ${process.version}, ${versions}; ${rowCount} rows of ${width}, 100 trees of 256, both on core 0`);
  console.log(`  ${sameScores(scorer.scoreAll(rows), numbersIn(folder, "scores.f64"))}`);
  const views = Array.from({ length: rowCount }, (_, row) => rows.subarray(row * width, row * width + width));
  const found: Record<"theirBatch" | "theirRow" | "batch" | "row" | "explained", number>[] = [];
  for (let pair = -warmUp; pair < pairs; pair++) {
    const theirBatch = await asked("batch");
    const batch = rate(() => scorer.scoreAll(rows)[0] ?? 0);
    const theirRow = await asked("row");
    const row = rate(() => views.reduce((sum, view) => sum + scorer.score(view), 0));
    const explained = rate(() => views.reduce((sum, view) => sum + (scorer.explain(view).contributions[0] ?? 0), 0));
    if (pair >= 0) found.push({ theirBatch, theirRow, batch, row, explained });
  }
  peer.stdin.end();
  reportAll(found);

  async function answer(): Promise<string> {
    const line = await lines.next();
    if (line.done === true) throw new Error("scikit-learn's side ended early");
    return line.value;
  }
  async function asked(question: "batch" | "row"): Promise<number> {
    peer.stdin.write(`${question}\n`);
    return Number(await answer());
  }
}

function reportAll(found: readonly Record<"theirBatch" | "theirRow" | "batch" | "row" | "explained", number>[]): void {
  const middle = (name: keyof (typeof found)[number]) => thousands(median(found.map((one) => one[name])));
  const ratio = (ours: "batch" | "row" | "explained", theirs: "theirBatch" | "theirRow") =>
    ratioOf(found.map((one) => one[ours] / one[theirs]));
  const rowByRowAgainst = `${middle("theirRow")} rows/s`;
  report({
    bench: "forest",
    what: "row by row against scikit-learn row by row",
    figure: `${ratio("row", "theirRow")}: ${middle("row")} against ${rowByRowAgainst}`,
    aim: ">= 1,000",
  });
  report({
    bench: "forest",
    what: "row by row with contributions against scikit-learn row by row, without",
    figure: `${ratio("explained", "theirRow")}: ${middle("explained")} against ${rowByRowAgainst}, slowest ${thousands(
      quantile(
        found.map((one) => one.explained),
        0,
      ),
    )}`,
    aim: ">= 1,000",
  });
  report({
    bench: "forest",
    what: "batch against scikit-learn's batch",
    figure: `${ratio("batch", "theirBatch")}: ${middle("batch")} against ${middle("theirBatch")} rows/s`,
    aim: ">= 3",
  });
  report({
    bench: "forest",
    what: "row by row with contributions against scikit-learn's batch, without",
    figure: `${ratio("explained", "theirBatch")}: ${middle("explained")} against ${middle("theirBatch")} rows/s`,
    aim: ">= 3",
  });
}

/**
 * Rows a second of processor time (of all threads of this process), of what scores all rows once. The result is used, so that nothing
 * is left out as dead code.
 */
function rate(run: () => number): number {
  const before = process.cpuUsage();
  if (!Number.isFinite(run())) throw new Error("a score is no number");
  const { user, system } = process.cpuUsage(before);
  return (1_000_000 * rowCount) / (user + system);
}

function forestIn(folder: string): Forest {
  type Exported = { readonly sampleSize: number; readonly trees: readonly Record<string, number[]>[] };
  const { sampleSize, trees } = JSON.parse(readFileSync(join(folder, "forest.json"), "utf8")) as Exported;
  const features = Array.from({ length: width }, (_, at) => `f${at}`);
  const grown = trees.map(({ feature = [], threshold = [], left = [], right = [], samples = [] }) => ({
    feature: Int32Array.from(feature),
    threshold: Float64Array.from(threshold),
    left: Int32Array.from(left),
    right: Int32Array.from(right),
    samples: Int32Array.from(samples),
  }));
  return { features, sampleSize, trees: grown };
}

function numbersIn(folder: string, file: string): Float64Array {
  const bytes = readFileSync(join(folder, file));
  return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/** Throws where a score differs by more than 1e-9: a faster program that answers something else is no peer. */
function sameScores(ours: Float64Array, theirs: Float64Array): string {
  const most = ours.reduce(
    (largest, score, row) => Math.max(largest, Math.abs(score - (theirs[row] ?? Number.NaN))),
    0,
  );
  if (ours.length !== theirs.length || !(most <= 1e-9)) throw new Error(`the scores differ by ${most}`);
  const digest = createHash("sha256").update(new Uint8Array(theirs.buffer)).digest("hex").slice(0, 12);
  return `${ours.length} scores are equal to ${most.toExponential(1)} (sha256 of theirs ${digest})`;
}
