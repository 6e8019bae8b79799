import assert from "node:assert/strict";
import { test } from "node:test";
import { compile } from "./compile.ts";
import type { JsonObject } from "./json.ts";
import type { SigmaProblemCode } from "./problem.ts";

const voided = `title: A void
name: void
logsource: {product: retail, service: pos}
detection: {sel: {type: void}, condition: sel}
`;
const refund = voided.replaceAll("void", "refund").replace("A refund", "A refund");
const gate = `title: The gate rang
name: gate
logsource: {product: retail, service: gate}
detection: {sel: {type: alarm}, condition: sel}
`;
const training = `title: Training tills
logsource: {product: Retail, service: pos}
filter:
  rules: [void]
  sel: {till: T-99}
  condition: not sel
`;

function detectorOf(...texts: readonly string[]) {
  const detector = compile([{ file: "f.yml", text: texts.join("---\n") }]);
  assert.ok(detector.ok, JSON.stringify(detector));
  return detector.value;
}

const matched = (event: JsonObject, ...texts: readonly string[]) =>
  detectorOf(...texts)
    .ruleSet.evaluate(event)
    .map(({ ruleId }) => ruleId);

test("C09 a filter narrows the rules that it names, by their id or name, and no others", () => {
  assert.deepEqual(matched({ type: "void", till: "T-1" }, voided, refund, training), ["void"]);
  assert.deepEqual(matched({ type: "void", till: "t-99" }, voided, refund, training), []);
  assert.deepEqual(matched({ type: "refund", till: "T-99" }, voided, refund, training), ["refund"]);
});

test("C09 a filter for any rule narrows every rule of its log source, also of other files", () => {
  const any = training.replace("[void]", "any");
  const files = [voided, refund, gate, any].map((text, n) => ({ file: `${n}.yml`, text }));
  const detector = compile(files);
  assert.ok(detector.ok);
  const evaluate = (type: string) =>
    detector.value.ruleSet.evaluate({ type, till: "T-99" }).map(({ ruleId }) => ruleId);
  assert.deepEqual([evaluate("void"), evaluate("refund"), evaluate("alarm")], [[], [], ["gate"]]);
});

test("C09 a filter's selections are its own, whatever the rule calls its own, and several filters all hold", () => {
  const other = training.replace("Training tills", "Others").replace("till: T-99", "cashier: ada");
  const event = (more: JsonObject) => matched({ type: "void", ...more }, voided, training, other);
  assert.deepEqual([event({}), event({ till: "T-99" }), event({ cashier: "Ada" })], [["void"], [], []]);
  const wanted = training.replace("not sel", "sel");
  const [match] = detectorOf(voided, wanted, wanted).ruleSet.evaluate({ type: "void", till: "T-99" });
  assert.deepEqual(
    match?.because.map(({ selection }) => selection),
    ["sel", "Training tills: sel", "Training tills: sel'"],
  );
});

const refusals: readonly {
  readonly says: string;
  readonly filter: string;
  readonly code: SigmaProblemCode;
  readonly at: string;
}[] = [
  {
    says: "a rule that is not there",
    filter: training.replace("[void]", "[voids]"),
    code: "sigma_filter_rule_unknown",
    at: "9:11",
  },
  {
    says: "a rule of another log source",
    filter: training.replace("service: pos", "service: gate"),
    code: "sigma_filter_rule_unfit",
    at: "9:11",
  },
  { says: "no rules", filter: training.replace("  rules: [void]\n", ""), code: "sigma_filter_malformed", at: "8:1" },
  {
    says: "an empty list of rules",
    filter: training.replace("[void]", "[]"),
    code: "sigma_filter_malformed",
    at: "9:3",
  },
  {
    says: "rules that are no names",
    filter: training.replace("[void]", "{a: b}"),
    code: "sigma_filter_malformed",
    at: "9:3",
  },
  {
    says: "no title",
    filter: training.replace("title: Training tills\n", ""),
    code: "sigma_filter_malformed",
    at: "6:1",
  },
  {
    says: "no log source",
    filter: training.replace("logsource: {product: Retail, service: pos}\n", ""),
    code: "sigma_filter_malformed",
    at: "6:1",
  },
  {
    says: "no condition",
    filter: training.replace("  condition: not sel\n", ""),
    code: "sigma_key_missing",
    at: "8:1",
  },
  {
    says: "a condition of another's selection",
    filter: training.replace("not sel", "not other"),
    code: "sigma_condition_selection_unknown",
    at: "11:18",
  },
  {
    says: "a text",
    filter: `title: T\nlogsource: {product: retail}\nfilter: void\n`,
    code: "sigma_filter_malformed",
    at: "8:1",
  },
  {
    says: "a detection as well",
    filter: `${training}detection: {sel: {a: 1}, condition: sel}\n`,
    code: "sigma_filter_malformed",
    at: "12:1",
  },
];
for (const { says, filter, code, at } of refusals) {
  test(`C09 ${code}: a filter with ${says}, at its place`, () => {
    const compiled = compile([{ file: "f.yml", text: `${voided}---\n${filter}` }]);
    assert.ok(!compiled.ok);
    const [problem] = compiled.error;
    assert.equal(`${problem?.code} ${problem?.file} ${problem?.line}:${problem?.column}`, `${code} f.yml ${at}`);
    assert.notEqual(problem?.remedy, "");
  });
}

test("C09 C10 one set from files: rules, correlations and filters, with a state of its own each time", () => {
  const many = `title: Voids in a row
correlation: {type: event_count, rules: [void], group-by: [till], timespan: 1h, condition: {gte: 2}}
`;
  const { ruleSet, startCorrelating, documents } = detectorOf(voided, training, many);
  assert.deepEqual([documents.rules.length, documents.correlations.length, documents.filters.length], [1, 1, 1]);
  const run = () => {
    const correlations = startCorrelating();
    return ["T-1", "T-99", "T-99", "T-1"].flatMap((till, atMs) => {
      const event = { type: "void", till };
      return correlations.add({ atMs, ref: `${atMs}`, event, matches: ruleSet.evaluate(event) });
    });
  };
  const [found, ...rest] = run();
  assert.ok(found?.kind === "found");
  assert.deepEqual([found.finding.group, rest], [{ till: "T-1" }, []]);
  assert.deepEqual(run().length, 1);
});

test("C09 a set is taken whole or not at all: every problem of every file comes back", () => {
  const compiled = compile([
    { file: "a.yml", text: voided.replace("condition: sel", "condition: sel or") },
    { file: "b.yml", text: refund },
    { file: "c.yml", text: "title: [" },
  ]);
  assert.ok(!compiled.ok);
  assert.deepEqual([...new Set(compiled.error.map(({ file }) => file))], ["a.yml", "c.yml"]);
});
