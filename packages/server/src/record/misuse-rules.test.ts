import assert from "node:assert/strict";
import { test } from "node:test";
import { ruleIdOf } from "@tillwatch/sigma";
import { shippedPack } from "../cli/shipped.ts";
import { readPackFiles } from "../pack/pack-files.ts";
import { loadMisuseRules, misuseWords, runMisuseTests } from "./misuse-rules.ts";

const files = [...readPackFiles(shippedPack)]
  .filter(([file]) => file.startsWith("misuse/"))
  .map(([file, text]) => ({ file, text }));
const loaded = loadMisuseRules(files, "v");

test("O08 the shipped misuse rules load, and each that speaks carries events that it must find and must leave alone", () => {
  assert.ok(loaded.ok, JSON.stringify(loaded));
  const { rules, correlations, makeCounts } = loaded.value;
  const silent = makeCounts().silentRules;
  const speaking = [...rules.filter((rule) => !silent.has(ruleIdOf(rule))), ...correlations];
  assert.equal(speaking.length, 13);
  for (const rule of speaking) {
    assert.ok(rule.tests.match.length >= 1 && rule.tests.noMatch.length >= 2, rule.title);
    assert.notEqual(misuseWords(rule).says, rule.title);
  }
});

test("O08 every test of a shipped misuse rule holds", () => {
  assert.ok(loaded.ok);
  const results = runMisuseTests(loaded.value);
  assert.ok(results.length >= 30);
  assert.deepEqual(
    results.filter((result) => !result.ok),
    [],
  );
});

test("O08 rules that are not understood are refused, not left out", () => {
  const broken = loadMisuseRules([{ file: "a.yml", text: "title: A\ncorrelation: {type: temporal}\n" }], "v");
  assert.ok(!broken.ok && broken.error.length > 0);
  const lost = files.map(({ file, text }) => ({ file, text: text.replace("name: search", "name: other") }));
  assert.ok(!loadMisuseRules(lost, "v").ok);
});
