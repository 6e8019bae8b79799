import assert from "node:assert/strict";
import { test } from "node:test";
import { compile, type Detector } from "../compile.ts";
import { parsePipelines } from "../pipeline/parse-pipeline.ts";
import { runFilterTests } from "./filter-tests.ts";

const rule = (name: string, selection: string, service = "pos") => `title: ${name}
name: ${name}
logsource: {product: retail, service: ${service}}
detection: {sel: ${selection}, condition: sel}
`;
const filter = (body: string, tests: string) => `title: Training tills
logsource: {product: retail}
filter: ${body}
tests: ${tests}
`;
const trainingTills = "{rules: any, sel: {till: T-99}, condition: not sel}";

function detectorOf(...texts: readonly string[]): Detector {
  const detector = compile(texts.map((text, at) => ({ file: `${at}.yml`, text })));
  assert.ok(detector.ok, JSON.stringify(detector));
  return detector.value;
}

function told(...texts: readonly string[]) {
  const detector = detectorOf(...texts);
  const [one] = detector.documents.filters;
  assert.ok(one !== undefined);
  return runFilterTests(one, detector.effectOf(one)).map(({ got, ok, proves }) => [got, ok, proves]);
}

const voided = rule("void", "{type: void}");
const refunded = rule("refund", "{type: [refund, void]}");

test("C09 U02 a filter is proven by events that its rules matched without it: they match no more, or they still do", () => {
  const tests = `
  match: [{title: another till, event: {type: void, till: T-1}}]
  no_match: [{title: the training till, event: {type: void, till: T-99}}]`;
  assert.deepEqual(told(voided, filter(trainingTills, tests)), [
    ["match", true, true],
    ["no_match", true, true],
  ]);
});

test("C09 U02 an event that no rule matches anyway proves nothing of a filter, either way", () => {
  const tests = `
  match: [{title: a sale, event: {type: sale, till: T-1}}]
  no_match: [{title: a sale there, event: {type: sale, till: T-99}}]`;
  assert.deepEqual(told(voided, filter(trainingTills, tests)), [
    ["no_match", false, false],
    ["no_match", false, false],
  ]);
});

test("C09 U02 of several rules every one that matched must go on, and none may where it must not", () => {
  const one = "{rules: [void], sel: {till: T-99}, condition: not sel}";
  const event = "{type: void, till: T-99}";
  const tests = `{match: [{title: here, event: ${event}}], no_match: [{title: here, event: ${event}}]}`;
  assert.deepEqual(told(voided, refunded, filter(trainingTills, tests)), [
    ["no_match", false, true],
    ["no_match", true, true],
  ]);
  assert.deepEqual(
    told(voided, refunded, filter(one, tests)).map(([, ok]) => ok),
    [false, true],
    "a rule that it does not narrow is not asked",
  );
});

test("C09 what a filter does is told beside all others, and with them alone", () => {
  const other =
    "title: Tests\nlogsource: {product: retail}\nfilter: {rules: [void], sel: {test: true}, condition: not sel}\n";
  const detector = detectorOf(
    voided,
    refunded,
    rule("gate", "{type: alarm}", "gate"),
    filter(trainingTills, "{}"),
    other,
  );
  const [training, tests] = detector.documents.filters;
  assert.ok(training !== undefined && tests !== undefined);
  const effect = detector.effectOf(tests);
  const ids = (event: Record<string, unknown>) =>
    [effect.without, effect.with].map((set) => set.evaluate(event as never).map(({ ruleId }) => ruleId));
  assert.deepEqual(ids({ type: "void", till: "T-1", test: true }), [["void"], []]);
  assert.deepEqual(ids({ type: "void", till: "T-1" }), [["void"], ["void"]]);
  assert.deepEqual(ids({ type: "void", till: "T-99", test: true }), [[], []], "the other one narrows it in both");
  assert.deepEqual(
    effect.rules.map(({ name, detection }) => [name, detection.selections.size]),
    [["void", 1]],
    "as its file says it",
  );
  assert.equal(detector.effectOf(training).rules.length, 3);
});

test("C09 a filter's rules are fitted by pipelines, without it and with it", () => {
  const pipeline = parsePipelines("transformations: [{type: field_name_mapping, mapping: {till: terminal}}]", "p.yml");
  assert.ok(pipeline.ok);
  const tests = "{no_match: [{title: there, event: {type: void, terminal: T-99}}]}";
  const detector = compile([{ file: "a.yml", text: `${voided}---\n${filter(trainingTills, tests)}` }], {
    pipelines: pipeline.value,
  });
  assert.ok(detector.ok);
  const [one] = detector.value.documents.filters;
  assert.ok(one !== undefined);
  assert.deepEqual(
    runFilterTests(one, detector.value.effectOf(one)).map(({ ok }) => ok),
    [true],
  );
});

test("C09 sigma_tests_malformed: tests of a filter are read as those of a rule", () => {
  const refused = compile([{ file: "f.yml", text: `${voided}---\n${filter(trainingTills, "{hidden: []}")}` }]);
  assert.deepEqual(refused.ok ? [] : refused.error.map(({ code, line }) => [code, line]), [
    ["sigma_tests_malformed", 9],
  ]);
});
