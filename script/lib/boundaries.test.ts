import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { after, test } from "node:test";

const root = resolve(import.meta.dirname, "../..");

type Tree = Readonly<Record<string, string>>;

/** A small tree in the shape of ours, in which every rule is kept. */
const clean: Tree = {
  "tsconfig.json": JSON.stringify({ compilerOptions: { module: "NodeNext", allowImportingTsExtensions: true } }),
  "packages/wire/src/index.ts": `export * from "./signal.ts";`,
  "packages/wire/src/signal.ts": `export type Signal = { id: string };\nexport const limit = 1;`,
  "packages/evidence/src/index.ts": `import { limit } from "@tillwatch/wire";\nexport const seal = limit;`,
  "packages/sigma/src/index.ts": `export const match = 1;`,
  "packages/forest/src/index.ts": `export const grow = 1;`,
  "packages/verify/src/index.ts": `import { seal } from "@tillwatch/evidence";\nexport const verify = seal;`,
  "packages/web/src/main.tsx": `import { limit } from "@tillwatch/wire";\nexport const web = limit;`,
  "packages/server/src/index.ts": `import "./app.ts";`,
  "packages/server/src/app.ts": `import { pipeline } from "./pipeline.ts";\nimport { api } from "./api/api-http.ts";\nexport const app = [pipeline, api];`,
  "packages/server/src/pipeline.ts": `import { scoreStage } from "./score/score-stage.ts";\nimport { respondStage } from "./respond/respond-stage.ts";\nexport const pipeline = [scoreStage, respondStage];`,
  "packages/server/src/flow.ts": `import type { Signal } from "@tillwatch/wire";\nexport type Batch = Signal[];`,
  "packages/server/src/platform/database/database.ts": `export const db = 1;\nexport type Db = typeof db;`,
  "packages/server/src/platform/clock.ts": `export type Clock = () => number;\nexport const systemClock: Clock = () => 0;`,
  "packages/server/src/score/score.ts": `import type { Clock } from "../platform/clock.ts";\nexport const score = (clock: Clock) => clock();`,
  "packages/server/src/score/score-store.ts": `import { db } from "../platform/database/database.ts";\nexport const save = db;`,
  "packages/server/src/score/score-read.ts": `import { db } from "../platform/database/database.ts";\nexport const scoreOf = db;`,
  "packages/server/src/score/score-stage.ts": `import type { Batch } from "../flow.ts";\nimport { score } from "./score.ts";\nimport { save } from "./score-store.ts";\nexport const scoreStage = (batch: Batch) => [batch, score, save];`,
  "packages/server/src/respond/respond-stage.ts": `import { scoreOf } from "../score/score-read.ts";\nimport { systemClock } from "../platform/clock.ts";\nexport const respondStage = [scoreOf, systemClock];`,
  "packages/server/src/api/api-http.ts": `import { scoreOf } from "../score/score-read.ts";\nexport const api = scoreOf;`,
  "packages/server/src/testing/builders.ts": `export const built = 1;`,
};

/** Each line is appended to a file of the clean tree, or makes a new one that index.ts of its package imports. */
const planted: readonly { readonly rule: string; readonly file: string; readonly text: string }[] = [
  plant("pure-unless-the-name-says-so", "server/src/score/score.ts", `import "../platform/database/database.ts";`),
  plant("pure-unless-the-name-says-so", "server/src/score/score.ts", `import "./score-store.ts";`),
  plant("pure-has-no-node-builtins", "server/src/score/score.ts", `import "node:fs";`),
  plant("stages-are-strangers", "server/src/respond/respond-stage.ts", `import "../score/score.ts";`),
  plant("only-http-knows-the-api", "server/src/score/score-store.ts", `import type {} from "../api/api-http.ts";`),
  plant("only-the-pipeline-wires-stages", "server/src/index.ts", `import "./score/score-stage.ts";`),
  plant("sql-lives-in-stores", "server/src/score/score-stage.ts", `import "../platform/database/database.ts";`),
  plant("api-reads-through-read-models", "server/src/api/api-http.ts", `import "../score/score-store.ts";`),
  plant("platform-knows-no-domain", "server/src/platform/clock.ts", `import type {} from "../flow.ts";`),
  plant("schema-holds-types-only", "server/src/flow.ts", `import "./platform/clock.ts";`),
  plant("wire-stands-alone", "wire/src/signal.ts", `import type {} from "@tillwatch/sigma";`),
  plant("pure-packages-do-no-io", "evidence/src/index.ts", `import "node:fs";`),
  plant("libraries-stand-on-wire-alone", "sigma/src/index.ts", `import "@tillwatch/evidence";`),
  plant("pure-packages-do-no-io", "forest/src/index.ts", `import "node:fs";`),
  plant("libraries-stand-on-wire-alone", "forest/src/index.ts", `import "@tillwatch/evidence";`),
  plant("verify-knows-only-evidence-and-wire", "verify/src/index.ts", `import "@tillwatch/sigma";`),
  plant("verify-has-no-third-party", "verify/src/index.ts", `import "third-party";`),
  plant("server-is-not-a-library", "web/src/main.tsx", `import "@tillwatch/server";`),
  plant("packages-use-the-front-door", "web/src/main.tsx", `import "../../wire/src/signal.ts";`),
  plant("not-to-tests", "server/src/app.ts", `import "./testing/builders.ts";`),
  plant("no-circular", "server/src/score/score-store.ts", `import "./score-stage.ts";`),
  plant("no-orphans", "server/src/score/forgotten.ts", `export const forgotten = 1;`),
  plant("not-unresolvable", "server/src/app.ts", `import "./nowhere.ts";`),
];

function plant(rule: string, file: string, text: string) {
  return { rule, file: `packages/${file}`, text };
}

const folder = mkdtempSync(join(tmpdir(), "tillwatch-boundaries-"));
after(() => rmSync(folder, { recursive: true, force: true }));

test("ground the clean tree keeps every boundary", () => {
  assert.deepEqual(violations(clean), []);
});

test("ground every boundary has a planted violation", async () => {
  const config = (await import(join(root, ".dependency-cruiser.cjs"))) as {
    default: { forbidden: readonly { name: string }[] };
  };
  const rules = new Set(config.default.forbidden.map((rule) => rule.name));
  assert.deepEqual([...rules].sort(), [...new Set(planted.map((p) => p.rule))].sort());
});

test("ground every planted violation is caught by its rule, in its file", async (context) => {
  // All in one tree: a run costs a second.
  const tree: Record<string, string> = { ...clean };
  for (const { file, text } of planted) tree[file] = `${tree[file] ?? ""}\n${text}`;
  const found = violations(tree);
  for (const { rule, file, text } of planted) {
    await context.test(`${rule}: ${text}`, () => {
      const inFile = found.filter((violation) => violation.files.includes(file)).map((violation) => violation.rule);
      assert.ok(inFile.includes(rule), `broken with ${file}: ${inFile.join(", ")}`);
    });
  }
});

type Violation = { readonly rule: string; readonly files: readonly string[] };

/** Writes the tree and answers what dependency-cruiser finds wrong with it. */
function violations(tree: Tree): readonly Violation[] {
  const home = mkdtempSync(join(folder, "tree-"));
  const packages = new Set<string>();
  for (const [path, text] of Object.entries(tree)) {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileSync(join(home, path), text);
    const [, name] = /^packages\/([^/]+)\//.exec(path) ?? [];
    if (name !== undefined) packages.add(name);
  }
  mkdirSync(join(home, "node_modules/@tillwatch"), { recursive: true });
  mkdirSync(join(home, "node_modules/third-party"), { recursive: true });
  writeFileSync(join(home, "node_modules/third-party/package.json"), `{"name":"third-party","main":"index.js"}`);
  writeFileSync(join(home, "node_modules/third-party/index.js"), "");
  for (const name of packages) {
    const text = JSON.stringify({ name: `@tillwatch/${name}`, type: "module", exports: { ".": "./src/index.ts" } });
    writeFileSync(join(home, `packages/${name}/package.json`), text);
    symlinkSync(join(home, "packages", name), join(home, "node_modules/@tillwatch", name));
  }
  const binary = join(root, "node_modules/.bin/depcruise");
  const args = [binary, "--config", join(root, ".dependency-cruiser.cjs"), "--output-type", "json", "packages"];
  const run = spawnSync(process.execPath, args, { cwd: home, encoding: "utf8", maxBuffer: 64 * 2 ** 20 });
  if (!run.stdout.startsWith("{")) throw new Error(`dependency-cruiser said: ${run.stdout}${run.stderr}`);
  type Found = { from: string; to: string; rule: { name: string }; cycle?: readonly { name: string }[] };
  const report = JSON.parse(run.stdout) as { summary: { violations: readonly Found[] } };
  return report.summary.violations.map(({ from, to, rule, cycle = [] }) => ({
    rule: rule.name,
    files: [from, to, ...cycle.map((module) => module.name)],
  }));
}
