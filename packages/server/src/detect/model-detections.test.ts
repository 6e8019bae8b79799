import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import type { JsonObject } from "@tillwatch/wire";
import { loadModels } from "../pack/load-models.ts";
import { detectByModels } from "./model-detections.ts";

const folder = new URL("../../../../pack/retail/models/", import.meta.url);
const files = ["index.yaml", "site-windows.json"].map((name) => ({
  file: `models/${name}`,
  text: readFileSync(new URL(name, folder), "utf8"),
}));
const loaded = loadModels(files);
assert.ok(loaded.ok, loaded.ok ? "" : JSON.stringify(loaded.error));
const { models, words } = loaded.value;
const threshold = models[0]?.model.threshold ?? 1;

const quiet = {
  ends_at: "2026-11-18T12:00:00.000Z",
  arrivals_10s: 1,
  arrivals_30s: 1,
  arrivals_60s: 1,
  arrivals_2m: 1,
  voids_30m: 0,
  refunds_30m: 0,
  exits_2m: 1,
  shelf_drops_2m: 0,
};
const burst = { ...quiet, arrivals_10s: 8, arrivals_30s: 8, arrivals_60s: 8, arrivals_2m: 9 };
const found = (...windows: readonly JsonObject[]) =>
  detectByModels({ signalId: "s-1", view: windows.length === 0 ? {} : { site_windows: windows } }, models);

describe("detections of a model", () => {
  it("C06 eight entries in ten seconds are odd, one is not", () => {
    assert.deepEqual(found(quiet), []);
    const [detection, ...more] = found(burst);
    assert.deepEqual(more, []);
    assert.equal(detection?.ruleId, "model:site-windows");
    assert.equal(detection?.category, "organised_theft");
    assert.ok(words.get("model:site-windows")?.points !== undefined);
  });

  it("C06 C12 it names model, content, threshold and inputs, and its contributions add up to the anomaly in bits", () => {
    const model = found(burst)[0]?.model;
    assert.ok(model !== undefined);
    assert.match(model.sha256, /^[0-9a-f]{64}$/);
    assert.equal(model.threshold, threshold);
    assert.ok(model.anomaly >= threshold);
    assert.equal(model.windowEndsAt, burst.ends_at);
    const sum = model.contributions.reduce((total, { bits }) => total + bits, model.baselineBits);
    assert.ok(Math.abs(sum - Math.log2(model.anomaly)) < 2e-5, `${sum}`);
    assert.deepEqual(
      model.contributions.map(({ feature, value }) => [feature, value]),
      Object.entries(burst).slice(1),
    );
  });

  it("C06 it says in words what was odd, the strongest first, and nothing that spoke against it", () => {
    const because = found(burst)[0]?.because ?? [];
    assert.ok(because.length > 0 && because.length <= 4);
    assert.ok(because.every(({ selection }) => selection === "model"));
    assert.match(because.map(({ field }) => field).join(" "), /arrivals/);
    assert.match(because[0]?.value ?? "", /^\d people who came in within /);
    assert.match(
      because[0]?.pattern ?? "",
      /^(nearly always at most \d+|hardly ever any); makes the window \d\.\d\d times as odd$/,
    );
  });

  it("C06 of several windows the oddest counts, whatever their order", () => {
    const [first] = found(quiet, burst);
    assert.deepEqual(first, found(burst, quiet)[0]);
    assert.equal(first?.model?.windowEndsAt, burst.ends_at);
  });

  it("C06 without windows, or with ones that lack a feature, nothing is scored", () => {
    const { arrivals_10s: _, ...less } = burst;
    assert.deepEqual([...found(), ...found(less), ...found({ ...burst, voids_30m: "many" })], []);
  });
});

describe("models of a pack", () => {
  const index = files[0]?.text ?? "";
  const model = files[1]?.text ?? "";
  const problems = (given: typeof files) => {
    const read = loadModels(given);
    return read.ok ? [] : read.error.map(({ file, message }) => `${file}: ${message}`);
  };
  const pack = (indexText: string, modelText: string | null) => [
    { file: "models/index.yaml", text: indexText },
    ...(modelText === null ? [] : [{ file: "models/site-windows.json", text: modelText }]),
  ];

  it("C12 a pack without models has none", () => {
    assert.deepEqual(loadModels([]), { ok: true, value: { models: [], words: new Map() } });
  });

  it("C12 a model that is missing, not named, changed or named twice is refused whole", () => {
    assert.deepEqual(problems(pack(index, model)), []);
    assert.match(problems(pack(index, null)).join(), /site-windows.json: is missing/);
    assert.match(problems(pack("models: []\n", model)).join(), /is not named in models\/index.yaml/);
    assert.match(
      problems(pack(index, model.replace('"threshold": 0.7', '"threshold": 0.6'))).join(),
      /model_digest_wrong: sha256:/,
    );
    const twice = index.replace(/models:\n((?:.|\n)*)/, (whole, entry: string) => whole + entry.trimEnd() + "\n");
    assert.match(problems(pack(twice, model)).join(), /another file is model:site-windows already/);
    assert.match(problems(pack(index.replace("level: medium", "level: critical"), model)).join(), /models\/index.yaml/);
    assert.match(problems(pack(index.replace("file: site", "file: ../site"), model)).join(), /models\/index.yaml/);
  });

  it("C12 a feature that no window has is refused", () => {
    assert.match(problems(pack(index.replace("arrivals_10s:", "moods_10s:"), model)).join(), /model_feature_unknown/);
  });
});
