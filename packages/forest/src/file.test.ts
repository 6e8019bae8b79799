import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { canonicalJson, type JsonValue } from "./canonical.ts";
import { modelBytesMax, readModel, writeModel } from "./file.ts";
import { countRows, forestOf, modelOf, sha256 } from "./testing/models.ts";

type Json = { [key: string]: Json } & Json[] & (number | string | null);

const rows = countRows(300, 2);
const model = modelOf(forestOf(rows, 2, { trees: 3, sampleSize: 16 }), rows);
const text = writeModel(model, sha256);

/** The file with something changed and its digest made right again, so that what is found is the change itself. */
function changed(change: (file: Json) => void): string {
  const file = JSON.parse(text) as Json;
  change(file);
  const { sha256: _, ...rest } = file as unknown as Readonly<Record<string, JsonValue>>;
  return JSON.stringify({ ...rest, sha256: sha256(canonicalJson(rest)) });
}

function refusalOf(file: string): string {
  const read = readModel(file, sha256);
  if (read.ok) return "read";
  assert.ok(read.error.message.length > 5 && read.error.remedy.length > 20);
  return `${read.error.code} ${read.error.place}`;
}

/** A tree's arrays as a ring, a stray and so on need them: node 0 asks, 1 and 2 are leaves. */
function small(file: Json, parts: Readonly<Record<string, readonly number[]>>): void {
  const tree = {
    feature: [0, -1, -1],
    threshold: [1, 0, 0],
    left: [1, -1, -1],
    right: [2, -1, -1],
    samples: [3, 2, 1],
  };
  file["forest"]!["trees"]![1] = { ...tree, ...parts } as unknown as Json;
}

describe("the file of a model", () => {
  it("C12 what was written is read again: the same model, the same bytes", () => {
    const read = readModel(text, sha256);
    assert.ok(read.ok, read.ok ? "" : JSON.stringify(read.error));
    assert.deepEqual(read.value.model, model);
    assert.equal(writeModel(read.value.model, sha256), text);
    assert.match(text, new RegExp(`"sha256": "${read.value.sha256}"`));
  });

  it("C13 the card says what it was trained on, for what, by whom and its limits, and none of it may be missing", () => {
    for (const member of Object.keys(model.card)) {
      const without = changed((file) => {
        delete file["card"]![member];
      });
      assert.equal(refusalOf(without), `model_member_missing card.${member}`);
    }
  });

  const bad: readonly (readonly [string, (file: Json) => void])[] = [
    ["model_format_unknown format", (file) => void (file["format"] = "tillwatch-model/2" as Json)],
    ["model_member_unknown extra", (file) => void (file["extra"] = 1 as Json)],
    [
      "model_member_unknown card.__proto__",
      (file) => void Object.defineProperty(file["card"], "__proto__", { value: 1, enumerable: true }),
    ],
    ["model_value_malformed card", (file) => void (file["card"] = [] as unknown as Json)],
    ["model_value_malformed card.personalData", (file) => void (file["card"]!["personalData"] = "names" as Json)],
    ["model_value_malformed card.origin", (file) => void (file["card"]!["origin"] = "invented" as Json)],
    ["model_value_malformed card.to", (file) => void (file["card"]!["to"] = "2020-01-01T00:00:00Z" as Json)],
    ["model_value_malformed card.from", (file) => void (file["card"]!["from"] = "yesterday" as Json)],
    ["model_value_malformed card.limits", (file) => void (file["card"]!["limits"] = [] as unknown as Json)],
    ["model_value_malformed threshold", (file) => void (file["threshold"] = 1.5 as Json)],
    ["model_value_malformed threshold", (file) => void (file["threshold"] = null as unknown as Json)],
    ["model_features_malformed features", (file) => void (file["features"]![1]!["name"] = "f0" as Json)],
    ["model_features_malformed features", (file) => void (file["features"]![1]!["name"] = "F 0" as Json)],
    [
      "model_value_malformed features[0].spread.edges",
      (file) => void (file["features"]![0]!["spread"] = { edges: [2, 1], shares: [0.2, 0.3, 0.5] } as unknown as Json),
    ],
    [
      "model_value_malformed features[0].spread.shares",
      (file) => void (file["features"]![0]!["spread"] = { edges: [1], shares: [0.2, 0.3] } as unknown as Json),
    ],
    ["model_value_malformed forest.sampleSize", (file) => void (file["forest"]!["sampleSize"] = 1e12 as Json)],
    ["model_value_malformed forest.trees", (file) => void (file["forest"]!["trees"] = [] as unknown as Json)],
    ["model_value_malformed forest.trees[1].threshold[0]", (file) => small(file, { threshold: [Number.NaN, 0, 0] })],
    ["model_value_malformed forest.trees[1].feature[0]", (file) => small(file, { feature: [2, -1, -1] })],
    ["model_value_malformed forest.trees[1].feature[0]", (file) => small(file, { feature: [0.5, -1, -1] })],
    ["model_value_malformed forest.trees[1].left[0]", (file) => small(file, { left: [3, -1, -1] })],
    ["model_value_malformed forest.trees[1].left[0]", (file) => small(file, { left: [-2, -1, -1] })],
    ["model_value_malformed forest.trees[1].samples[2]", (file) => small(file, { samples: [2, 2, 0] })],
    ["model_value_malformed forest.trees[1].samples", (file) => small(file, { samples: [3, 2] })],
    ["model_tree_malformed forest.trees[1].left[0]", (file) => small(file, { left: [0, -1, -1] })],
    ["model_tree_malformed forest.trees[1].right[0]", (file) => small(file, { right: [1, -1, -1] })],
    ["model_tree_malformed forest.trees[1].right[0]", (file) => small(file, { right: [-1, -1, -1] })],
    ["model_tree_malformed forest.trees[1].left[0]", (file) => small(file, { feature: [-1, -1, -1] })],
    ["model_tree_malformed forest.trees[1].samples[0]", (file) => small(file, { samples: [4, 2, 1] })],
    [
      "model_tree_malformed forest.trees[1].left[1]",
      (file) => small(file, { feature: [-1, -1, -1], left: [-1, -1, -1], right: [-1, -1, -1] }),
    ],
  ];
  for (const [at, [expected, change]] of bad.entries()) {
    it(`C12 a file that is wrong is refused with its place (${at + 1}: ${expected})`, () => {
      assert.equal(refusalOf(changed(change)), expected);
    });
  }

  it("C12 a ring, endless numbers, too much of everything and no JSON are refused", () => {
    // Nodes 1 and 2 lead to each other: whoever walked this would never arrive.
    const ring = changed((file) => small(file, { feature: [0, 0, -1], left: [1, 0, -1], right: [2, 2, -1] }));
    assert.equal(refusalOf(ring), "model_tree_malformed forest.trees[1].left[1]");
    const chain = Array.from({ length: 201 }, (_, at) => at);
    const deep = changed((file) => {
      file["forest"]!["sampleSize"] = 1000 as Json;
      small(file, {
        feature: chain.map((at) => (at % 2 === 0 && at < 200 ? 0 : -1)),
        threshold: chain.map(() => 0),
        left: chain.map((at) => (at % 2 === 0 && at < 200 ? at + 1 : -1)),
        right: chain.map((at) => (at % 2 === 0 && at < 200 ? at + 2 : -1)),
        samples: chain.map((at) => (at % 2 === 0 ? 101 - at / 2 : 1)),
      });
    });
    assert.match(refusalOf(deep), /^model_tree_malformed forest\.trees\[1\]\.left\[\d+\]$/);
    assert.equal(
      refusalOf(text.replace(/"threshold": [\d.]+/, '"threshold": 1e999')),
      "model_value_malformed threshold",
    );
    assert.equal(refusalOf(" ".repeat(modelBytesMax + 1)), "model_file_too_large ");
    assert.equal(refusalOf(text.slice(0, -20)), "model_json_syntax ");
    assert.equal(refusalOf("[".repeat(200_000)), "model_json_syntax ");
    assert.equal(refusalOf(`${"[".repeat(200_000)}${"]".repeat(200_000)}`), "model_format_unknown format");
    for (const other of ["null", "3", "[]", '"x"', "{}"]) assert.equal(refusalOf(other), "model_format_unknown format");
  });

  it("C12 one changed threshold does not fit the file's digest", () => {
    const file = JSON.parse(text) as Json;
    const tree = file["forest"]!["trees"]![0]!;
    tree["threshold"]![0] = (Number(tree["threshold"]![0]) + 1e-9) as Json;
    assert.equal(refusalOf(JSON.stringify(file)), "model_digest_wrong sha256");
    // Another order of members and other white space are the same content.
    assert.equal(refusalOf(JSON.stringify(JSON.parse(text))), "read");
  });

  it("C12 a file with any one byte changed is refused, or says the same as before", () => {
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.string({ minLength: 0, maxLength: 3 }), (at, put) => {
        const read = readModel(text.slice(0, at) + put + text.slice(at + 1), sha256);
        if (read.ok) assert.deepEqual(read.value.model, model);
      }),
      { numRuns: 1500, seed: 4 },
    );
  });

  it("C12 canonical JSON sorts by code units and writes numbers as the standard says", () => {
    assert.equal(
      canonicalJson({ b: [1e21, 0.1, -0, true, null], a: "\u20ac\n", "\ud83d\ude00": 1, "\ufb33": 2 }),
      '{"a":"\u20ac\\n","b":[1e+21,0.1,0,true,null],"\ud83d\ude00":1,"\ufb33":2}',
    );
  });
});
