import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compile } from "../compile.ts";
import type { JsonObject } from "../json.ts";
import { detectorOf, fires, pipelineOf, ruleOf, type Rule } from "../testing/pipeline.ts";

const both = "- {type: field_name_mapping, mapping: {user: [actor.id, login]}}";

describe("names", () => {
  const cases: readonly {
    readonly what: string;
    readonly selection: string;
    readonly steps: string;
    readonly yes: readonly JsonObject[];
    readonly no: readonly JsonObject[];
  }[] = [
    {
      what: "a field by its new name, and no longer by the old",
      selection: "{user: ada}",
      steps: "- {type: field_name_mapping, mapping: {user: actor.id}}",
      yes: [{ actor: { id: "Ada" } }],
      no: [{ user: "ada" }, { actor: { id: "bob" } }],
    },
    {
      what: "several names: what stands under any of them",
      selection: "{user: ada}",
      steps: both,
      yes: [{ login: "ada" }, { actor: { id: "ada" }, login: "bob" }],
      no: [{ login: "bob" }, {}],
    },
    {
      what: "several names and neq: none of the values",
      selection: "{user|neq: ada}",
      steps: both,
      yes: [{ login: "bob" }, { login: "bob", actor: { id: "eve" } }],
      no: [{ login: "bob", actor: { id: "ada" } }, {}],
    },
    {
      what: "several names and exists: any is there, none is there",
      selection: "{user|exists: false}",
      steps: both,
      yes: [{}, { user: "ada" }],
      no: [{ login: "ada" }, { actor: { id: null } }],
    },
    {
      what: "several names and null: under none, or null under one",
      selection: "{user: null}",
      steps: both,
      yes: [{}, { login: null }, { login: null, actor: { id: "ada" } }],
      no: [{ login: "ada" }],
    },
    {
      what: "several names and all: each value under any",
      selection: "{user|contains|all: [ad, bo]}",
      steps: both,
      yes: [{ login: "ada", actor: { id: "bob" } }, { login: "ada bob" }],
      no: [{ login: "ada" }],
    },
    {
      what: "fieldref is named anew on both sides",
      selection: "{user|fieldref: owner}",
      steps: "- {type: field_name_mapping, mapping: {user: login, owner: [repo.owner, org]}}",
      yes: [
        { login: "ada", repo: { owner: "ADA" } },
        { login: "ada", org: "ada", repo: { owner: "eve" } },
      ],
      no: [{ login: "ada", owner: "ada" }, { login: "ada" }],
    },
    {
      what: "prefixes of names, the first that fits, an empty one for the rest",
      selection: "{win.user: ada, host: h}",
      steps: '- {type: field_name_prefix_mapping, mapping: {win.: [a., b.], "": "c."}}',
      yes: [
        { "a.user": "ada", c: { host: "h" } },
        { b: { user: "ada" }, c: { host: "h" } },
      ],
      no: [{ c: { win: { user: "ada" }, host: "h" } }],
    },
    {
      what: "prefix and suffix, save for some fields",
      selection: "{user: ada, host: h}",
      steps: `- {type: field_name_prefix, prefix: e., field_name_conditions: [{type: exclude_fields, fields: [host]}]}
- {type: field_name_suffix, suffix: .keyword, field_name_conditions: [{type: include_fields, mode: re, fields: 'e\\.'}]}`,
      yes: [{ e: { user: { keyword: "ada" } }, host: "h" }],
      no: [{ e: { user: "ada", host: "h" } }, { e: { user: "ada" }, host: "h" }],
    },
    {
      what: "steps one after the other, each on the names that the one before gave",
      selection: "{user: ada}",
      steps:
        "- {type: field_name_mapping, mapping: {user: [x, y]}}\n- {type: field_name_mapping, mapping: {x: deep.x}}",
      yes: [{ deep: { x: "ada" } }, { y: "ada" }],
      no: [{ x: "ada" }],
    },
    {
      what: "keywords have no name",
      selection: "[ada]",
      steps: "- {type: field_name_prefix, prefix: e.}",
      yes: [{ any: "ada" }],
      no: [{}],
    },
  ];
  for (const { what, selection, steps, yes, no } of cases) {
    test(`C09 a pipeline maps ${what}`, () => {
      for (const event of yes) assert.ok(fires(selection, steps, event), JSON.stringify(event));
      for (const event of no) assert.ok(!fires(selection, steps, event), JSON.stringify(event));
    });
  }

  test("C09 the explanation names the field of the event under which the value stood", () => {
    const detector = detectorOf([{ detection: "{sel: {user: a*}, condition: sel}" }], [pipelineOf(both)]);
    const [match] = detector.ruleSet.evaluate({ login: "ada", actor: { id: "bob" } });
    assert.deepEqual(match?.because, [{ selection: "sel", field: "login", value: "ada", pattern: "a*" }]);
  });
});

describe("conditions of steps", () => {
  const renaming = (gate: string) =>
    pipelineOf(`- {id: first, type: field_name_mapping, mapping: {user: login}, ${gate}}`);
  const rules: readonly Rule[] = [
    { name: "okta", more: "tags: [attack.t1078]\n", detection: "{sel: {user: ada}, condition: sel}" },
    { name: "github", source: "{product: github}", detection: "{sel: {user: ada, org: o}, condition: sel}" },
  ];
  const gates: readonly { readonly gate: string; readonly changed: readonly string[] }[] = [
    { gate: "", changed: ["okta", "github"] },
    { gate: "rule_conditions: [{type: logsource, product: OKTA}]", changed: ["okta"] },
    { gate: "rule_conditions: [{type: logsource, product: okta, service: other}]", changed: [] },
    { gate: "rule_conditions: [{type: contains_field, field: org}]", changed: ["github"] },
    { gate: "rule_conditions: [{type: tag, tag: attack.T1078}]", changed: ["okta"] },
    { gate: "rule_conditions: [{type: is_sigma_correlation_rule}]", changed: [] },
    {
      gate: "rule_cond_op: or, rule_conditions: [{type: logsource, product: okta}, {type: contains_field, field: org}]",
      changed: ["okta", "github"],
    },
    {
      gate: "rule_conditions: [{type: logsource, product: okta}, {type: contains_field, field: org}]",
      changed: [],
    },
    { gate: "rule_cond_not: true, rule_conditions: [{type: logsource, product: okta}]", changed: ["github"] },
    {
      gate: "rule_cond_expr: not (a or b), rule_conditions: {a: {type: logsource, product: okta}, b: {type: tag, tag: x}}",
      changed: ["github"],
    },
  ];
  for (const { gate, changed } of gates) {
    test(`C09 a step applies to the rules that its conditions choose: ${gate}`, () => {
      const detector = detectorOf(rules, [renaming(gate)]);
      const matched = detector.ruleSet.evaluate({ login: "ada", org: "o" }).map(({ ruleId }) => ruleId);
      assert.deepEqual(matched, changed);
    });
  }

  test("C09 a step can follow on another, within one rule", () => {
    const follow = pipelineOf(
      "- {id: a, type: field_name_mapping, mapping: {user: x}, rule_conditions: [{type: logsource, product: okta}]}\n- {type: field_name_prefix, prefix: p., rule_conditions: [{type: processing_item_applied, processing_item_id: a}]}",
    );
    const detector = detectorOf(rules, [follow]);
    const matched = (event: JsonObject) => detector.ruleSet.evaluate(event).map(({ ruleId }) => ruleId);
    assert.deepEqual(matched({ p: { x: "ada" } }), ["okta"]);
    assert.deepEqual(matched({ user: "ada", org: "o" }), ["github"]);
  });

  test("C09 pipelines go in the order of their priorities, and of equal ones as they are given", () => {
    const late = pipelineOf("- {type: field_name_prefix, prefix: late.}", "priority: 20\n");
    const early = pipelineOf("- {type: field_name_prefix, prefix: early.}", "priority: 10\n");
    const again = pipelineOf("- {type: field_name_prefix, prefix: again.}", "priority: 10\n");
    const detector = detectorOf([{ detection: "{sel: {user: ada}, condition: sel}" }], [late, early, again]);
    assert.equal(detector.ruleSet.evaluate({ "late.again.early.user": "ada" }).length, 1);
  });
});

describe("changes of the rule", () => {
  const rule: Rule = { detection: "{sel: {user: ada, status: ok}, alt: {status: ok}, condition: sel or not alt}" };

  test("C09 an added condition holds besides the rule's own, or must not hold", () => {
    const added = (more: string) =>
      detectorOf([rule], [pipelineOf(`- {type: add_condition, name: sel, conditions: {kind: login}${more}}`)]);
    const matched = (event: JsonObject, more = "") => added(more).ruleSet.evaluate(event).length;
    assert.deepEqual([matched({ kind: "login" }), matched({})], [1, 0]);
    assert.deepEqual([matched({ kind: "login" }, ", negated: true"), matched({}, ", negated: true")], [0, 1]);
  });

  test("C09 an added list of conditions is met by any of them", () => {
    const step = "- {type: add_condition, conditions: [{kind: a, id: 1}, {kind: b, id: 2}]}";
    const detector = detectorOf([rule], [pipelineOf(step)]);
    const events = [
      { kind: "a", id: 1 },
      { kind: "b", id: 1 },
      { kind: "b", id: 2 },
    ];
    assert.deepEqual(
      events.map((event) => detector.ruleSet.evaluate(event).length),
      [1, 0, 1],
    );
  });

  test("C09 what is dropped is as if it had never been written; a rule of which nothing is left is refused", () => {
    const drop = (field: string) =>
      pipelineOf(`- {type: drop_detection_item, field_name_conditions: [{type: include_fields, fields: ${field}}]}`);
    const detector = detectorOf([rule], [drop("status")]);
    assert.deepEqual(
      [{ user: "ada" }, { user: "bob" }].map((event) => detector.ruleSet.evaluate(event).length),
      [1, 0],
    );
    const emptied = compile([{ file: "f.yml", text: ruleOf(rule) }], { pipelines: [drop("[user, status]")] });
    assert.ok(!emptied.ok);
    assert.deepEqual(
      emptied.error.map(({ code, file, line }) => [code, file, line]),
      [["sigma_pipeline_rule_empty", "f.yml", 1]],
    );
  });

  test("C09 a log source is replaced, and with it which events reach the rule", () => {
    const step =
      "- {type: change_logsource, product: idp, service: log, rule_conditions: [{type: logsource, product: okta}]}";
    const detector = detectorOf([rule], [pipelineOf(step)]);
    const matched = (logsource: { product: string; service: string }) =>
      detector.ruleSet.evaluate({}, logsource).length;
    assert.deepEqual(
      [matched({ product: "idp", service: "log" }), matched({ product: "okta", service: "okta" })],
      [1, 0],
    );
  });

  test("C09 a step can refuse rules, or those with certain fields, by its own words", () => {
    const steps = [
      "- {type: rule_failure, message: not for us}",
      "- {type: detection_item_failure, message: no such field, field_name_conditions: [{type: include_fields, fields: status}]}",
    ];
    for (const [at, words] of ["not for us", 'no such field (the field "status")'].entries()) {
      const result = compile([{ file: "f.yml", text: ruleOf(rule) }], { pipelines: [pipelineOf(steps[at] ?? "")] });
      assert.ok(!result.ok);
      assert.deepEqual(
        result.error.map(({ code, message }) => [code, message]),
        [["sigma_pipeline_rule_refused", words]],
      );
    }
    const other = compile([{ file: "f.yml", text: ruleOf({ detection: "{sel: {user: a}, condition: sel}" }) }], {
      pipelines: [pipelineOf(steps[1] ?? "")],
    });
    assert.ok(other.ok);
  });

  test("C09 a filter is changed with the rule that it narrows", () => {
    const filter =
      "---\ntitle: F\nlogsource: {product: okta}\nfilter: {rules: any, own: {user: root}, condition: not own}\n";
    const steps = "- {type: field_name_mapping, mapping: {user: login}}";
    const detector = detectorOf([{ detection: "{sel: {kind: a}, condition: sel}" }], [pipelineOf(steps)], filter);
    assert.deepEqual(
      [
        { kind: "a", login: "root" },
        { kind: "a", user: "root" },
      ].map((event) => detector.ruleSet.evaluate(event).length),
      [0, 1],
    );
  });
});

test("C08 C09 a correlation reads its fields by the names that each of its rules' events have", () => {
  const rules: readonly Rule[] = [
    { name: "okta", detection: "{sel: {kind: login}, condition: sel}" },
    { name: "github", source: "{product: github}", detection: "{sel: {action: org.remove}, condition: sel}" },
  ];
  const correlation = `---
title: C
name: c
correlation:
  type: temporal
  rules: [okta, github]
  group-by: [user]
  timespan: 10m
`;
  const pipeline = pipelineOf(`- type: field_name_mapping
  mapping: {user: [actor.alternateId, actor.id]}
  rule_conditions: [{type: logsource, product: okta}]
- type: field_name_mapping
  mapping: {user: actor}
  rule_conditions: [{type: logsource, product: github}]`);
  const found = (github: string) => {
    const detector = detectorOf(rules, [pipeline], correlation);
    const correlations = detector.startCorrelating();
    const events: readonly JsonObject[] = [
      { kind: "login", actor: { alternateId: "ada" } },
      { action: "org.remove", actor: github },
    ];
    return events.flatMap((event, at) =>
      correlations.add({ atMs: at * 1_000, ref: String(at), event, matches: detector.ruleSet.evaluate(event) }),
    );
  };
  assert.deepEqual(
    found("ada").map((change) => [change.kind, "finding" in change ? change.finding.group : null]),
    [["found", { user: "ada" }]],
  );
  assert.deepEqual(found("bob"), []);
});
