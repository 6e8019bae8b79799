import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { compileRules, type EventLogsource } from "./compile-rules.ts";
import type { JsonObject, JsonValue } from "../json.ts";
import { runRuleTests } from "./rule-tests.ts";
import { fires, parsed, ruleSetOf, ruleText, selects } from "../testing/detection.ts";

const because = (detection: string, event: JsonObject) => ruleSetOf(ruleText(detection)).evaluate(event)[0]?.because;

describe("fields", () => {
  test("C09 the key itself is looked up before the dotted path", () => {
    assert.ok(selects("a.b: 1", { "a.b": 1, a: { b: 2 } }));
    assert.ok(!selects("a.b: 2", { "a.b": 1, a: { b: 2 } }));
    assert.ok(selects("a.b: 2", { a: { b: 2 } }));
    assert.ok(!selects("b: 2", { a: { b: 2 } }));
    assert.ok(!selects("a.b.c: 2", { "a.b": { c: 2 } }), "within a path, a key holds no dot");
  });

  test("C09 names of fields heed letter case", () => {
    assert.ok(!selects("F: 1", { f: 1 }));
  });

  test("C09 what an object inherits is no field", () => {
    assert.ok(!selects("constructor.name: Object", {}));
    assert.ok(!selects("toString|exists: true", {}));
    assert.ok(!selects("__proto__|exists: true", {}));
    assert.ok(!selects("length: 2", { length: undefined as unknown as JsonValue }));
    assert.ok(selects("__proto__: 1", JSON.parse('{"__proto__":1}')));
    assert.ok(!selects("a.length: 2", { a: "xy" }));
    assert.ok(!selects("a.0: x", { a: ["x"] }), "elements have no number");
  });

  test("C09 an array matches if any element does", () => {
    assert.ok(selects("f: b", { f: ["a", "B"] }));
    assert.ok(selects("f: b", { f: [["a"], [["b"]]] }));
    assert.ok(!selects("f: ab", { f: ["a", "b"] }));
    assert.ok(!selects("f: b", { f: [] }));
    assert.ok(selects("f|gt: 5", { f: [1, "7"] }));
    assert.ok(selects("f: null", { f: ["a", null] }));
    assert.ok(!selects("f: null", { f: [] }));
    assert.ok(selects("a.b: 2", { a: [{ b: 1 }, { c: 3 }, { b: [2] }] }));
    assert.ok(!selects("a.c|exists: true", { a: [{ b: 1 }] }));
    assert.ok(selects("a.b: 1\na.c: 2", { a: [{ b: 1 }, { c: 2 }] }), "two fields may be met by two elements");
  });

  test("C09 an object is no text, but it is there", () => {
    assert.ok(!selects("f|contains: a", { f: { a: "a" } }));
    assert.ok(selects("f|exists: true", { f: {} }));
    assert.ok(!selects("f: null", { f: {} }));
    assert.ok(selects("f|neq: a", { f: {} }));
  });
});

describe("selections", () => {
  test("C09 a map is all of its keys, a list any of its members", () => {
    assert.ok(selects("f: 1\ng: 2", { f: 1, g: 2 }));
    assert.ok(!selects("f: 1\ng: 2", { f: 1 }));
    assert.ok(selects("- f: 1\n- g: 2\n  h: 3", { f: 1 }));
    assert.ok(selects("- f: 1\n- g: 2\n  h: 3", { g: 2, h: 3 }));
    assert.ok(!selects("- f: 1\n- g: 2\n  h: 3", { g: 2 }));
  });

  test("C09 keywords are sought in every value, not in keys", () => {
    assert.ok(selects("- void\n- refund", { a: [{ b: "a VOIDED sale" }] }));
    assert.ok(selects("- 42", { a: 1425 }));
    assert.ok(!selects("- void", { void: "x" }));
    assert.ok(selects("- 'v*d'", { a: "a void sale" }));
    assert.ok(!selects("- void", { a: null, b: ["vo", "id"] }));
    assert.ok(selects("'|all': [void, refund]", { a: "void", b: { c: "Refund" } }));
    assert.ok(!selects("'|all': [void, refund]", { a: "void" }));
    assert.ok(selects("'|re': '^v.id$'", { a: { b: "void" } }));
    assert.ok(!selects("'|re': '^v.id$'", { a: { b: "voids" } }));
    assert.ok(selects("'|startswith': vo", { a: "void" }));
    assert.ok(!selects("'|startswith': oi", { a: "void" }));
    assert.ok(!selects("'|cased': Void", { a: "void" }));
    assert.ok(selects("'|expand': '%w%'", { a: "a void" }, { w: ["void"] }));
    assert.ok(selects("- true", { a: true }));
  });

  test("C09 keywords and maps may share a list", () => {
    const selection = "- void\n- f: 1";
    assert.ok(selects(selection, { a: "void" }));
    assert.ok(selects(selection, { f: 1 }));
    assert.ok(!selects(selection, { f: 2 }));
  });

  test("C09 letter case is folded for all scripts", () => {
    assert.ok(selects("f: ärzte", { f: "ÄRZTE" }));
    assert.ok(selects("f|startswith: ΟΔΟΣ", { f: "οδοσχ" }), "a final sigma is a sigma");
    assert.ok(selects("f|contains: 'ς'", { f: "ΣΑ" }));
    assert.ok(!selects("f: strasse", { f: "straße" }), "letters are folded one to one");
  });

  test("C09 keys in quotes may hold any character", () => {
    assert.ok(selects("'till id.no|contains': x", { "till id.no": "x" }));
  });

  test("C09 very deep events are walked without overflow", () => {
    let deep: JsonValue = "needle";
    for (let level = 0; level < 50_000; level += 1) deep = level % 2 === 0 ? [deep] : { a: deep };
    assert.ok(selects("- needle", { deep }));
    let array: JsonValue = "x";
    for (let level = 0; level < 50_000; level += 1) array = [array];
    assert.ok(selects("f: x", { f: array }));
  });
});

describe("explanations", () => {
  test("C09 a match names selection, field, value and pattern", () => {
    const detection =
      "sel:\n  type: pos.*\n  amount|gte: 50\n  tags|contains|all: [x, y]\nfilter: {ok: true}\ncondition: sel and not filter";
    assert.deepEqual(because(detection, { type: "POS.void", amount: "70", tags: ["ax", "by"] }), [
      { selection: "sel", field: "type", value: "POS.void", pattern: "pos.*" },
      { selection: "sel", field: "amount", value: "70", pattern: ">= 50" },
      { selection: "sel", field: "tags", value: "ax", pattern: "contains x" },
      { selection: "sel", field: "tags", value: "by", pattern: "contains y" },
    ]);
  });

  test("C09 only what holds is named, and every branch that holds is", () => {
    assert.deepEqual(because("a: {f: 1}\nb: {g: 2}\nc: [word]\ncondition: 1 of them", { f: 2, g: 2, h: "a Word" }), [
      { selection: "b", field: "g", value: 2, pattern: "2" },
      { selection: "c", field: null, value: "a Word", pattern: "word" },
    ]);
    assert.deepEqual(because("a: [{f: 1}, {f: [2, 3]}]\ncondition: a", { f: [3, 2] }), [
      { selection: "a", field: "f", value: 2, pattern: "2" },
    ]);
  });

  test("C09 each kind of pattern is shown in words", () => {
    const rows: readonly (readonly [string, JsonObject, string])[] = [
      ["f|startswith: a", { f: "ab" }, "starts with a"],
      ["f|endswith|cased: b", { f: "ab" }, "ends with b (cased)"],
      ["f|re|i: A.", { f: "ab" }, "matches /A./i"],
      ["f|cidr: 10.0.0.0/8", { f: "10.1.1.1" }, "in 10.0.0.0/8"],
      ["f|hour|gte: 22", { f: "2026-01-01T23:00:00Z" }, "hour >= 22"],
      ["f|month: 1", { f: "2026-01-01T23:00:00Z" }, "month 1"],
      ["f|exists: false", {}, "exists: false"],
      ["f|neq: a", { f: "b" }, "not a"],
      ["f|fieldref: g", { f: "b", g: "b" }, "same as field g"],
      ["f|contains|windash: -a", { f: "x /a" }, "contains -a (any dash)"],
      ["f|wide|base64offset|contains: ab", { f: "YQBiAA" }, "contains base64offset(utf16le(ab))"],
      ["f: null", {}, "null"],
      ["f: ''", { f: "" }, "''"],
    ];
    for (const [item, event, pattern] of rows) {
      const found = because(`sel:\n  ${item}\ncondition: sel`, event);
      assert.deepEqual(found, [{ selection: "sel", field: "f", value: event["f"] ?? null, pattern }], item);
    }
  });

  test("C09 a rule that holds by absence says so", () => {
    assert.deepEqual(because("a: {f: 1}\nb: {g: 1}\ncondition: not (a or b)", {}), [
      { selection: "not (a or b)", field: null, value: null, pattern: "holds by absence" },
    ]);
  });
});

const rule = (id: number, parts: { readonly logsource: string; readonly detection: string }) =>
  `title: Rule ${id}\nname: r${id}\nlogsource: ${parts.logsource}\ndetection: ${parts.detection}\n`;

describe("rule sets", () => {
  test("C09 a log source chooses the rules of which every given part is equal", () => {
    const detection = "{sel: {f: 1}, condition: sel}";
    const logsources = ["{product: windows, category: Pos}", "{category: pos}", "{service: audit}", "{product: linux}"];
    const ruleSet = ruleSetOf(logsources.map((logsource, at) => rule(at, { logsource, detection })).join("---\n"));
    const run = (logsource?: EventLogsource) => ruleSet.evaluate({ f: 1 }, logsource).map(({ ruleId }) => ruleId);
    assert.deepEqual(run(), ["r0", "r1", "r2", "r3"]);
    assert.deepEqual(run({ product: "Windows", category: "pos" }), ["r0", "r1"]);
    assert.deepEqual(run({ category: "pos" }), ["r1"]);
    assert.deepEqual(run({ product: "linux", service: "audit" }), ["r2", "r3"]);
    assert.deepEqual(run({ product: "other" }), []);
    assert.deepEqual(run({}), []);
  });

  test("C09 a match carries level and tags; no level means medium, no id the name, no name the title", () => {
    const plain = "logsource: {product: x}\ndetection: {sel: {f: 1}, condition: sel}\n";
    const ruleSet = ruleSetOf(`title: A\n${plain}---\ntitle: B\nname: b\nlevel: critical\ntags: [t.x]\n${plain}`);
    assert.deepEqual(
      ruleSet.evaluate({ f: 1 }).map(({ ruleId, title, level, tags }) => ({ ruleId, title, level, tags })),
      [
        { ruleId: "A", title: "A", level: "medium", tags: [] },
        { ruleId: "b", title: "B", level: "critical", tags: ["t.x"] },
      ],
    );
  });

  test("C09 rules run together match what they match alone", () => {
    const values = fc.constantFrom("a", "B", "ab", "1", "1.0", "true", "");
    const scalars = fc.oneof(values, fc.constantFrom(1, 0, -0, 1.5, true, false, null));
    const keys = fc.constantFrom("f", "g", "h.i");
    const events = fc.dictionary(
      fc.constantFrom("f", "g", "h"),
      fc.oneof(
        scalars,
        fc.array(scalars),
        scalars.map((i) => ({ i })),
      ),
    );
    const shown = fc.oneof(
      values.map((value) => `'${value}'`),
      fc.constantFrom("1", "1.5", "true", "0", "'a*'", "'?b'"),
    );
    const items = fc.oneof(
      fc.tuple(keys, shown).map(([key, value]) => `${key}: ${value}`),
      fc
        .tuple(keys, fc.array(shown, { minLength: 1, maxLength: 6 }))
        .map(([key, list]) => `${key}: [${list.join(", ")}]`),
      fc
        .tuple(keys, fc.array(shown, { minLength: 2, maxLength: 3 }))
        .map(([key, list]) => `${key}|all: [${list.join(", ")}]`),
      fc.tuple(keys, shown).map(([key, value]) => `${key}|neq: ${value}`),
      fc.tuple(keys, shown).map(([key, value]) => `${key}|cased: ${value}`),
      keys.map((key) => `${key}: null`),
    );
    const conditions = fc.constantFrom(
      "a",
      "a and b",
      "a or b",
      "not a",
      "a and not b",
      "1 of them",
      "all of them",
      "b or not (a and b)",
    );
    const detections = fc
      .tuple(items, items, conditions)
      .map(([a, b, condition]) => `{a: [{${a}}], b: {${b}}, condition: ${condition}}`);
    fc.assert(
      fc.property(
        fc.array(detections, { minLength: 1, maxLength: 8 }),
        fc.array(events, { maxLength: 4 }),
        (list, stream) => {
          const texts = list.map((detection, at) => rule(at, { logsource: "{product: x}", detection }));
          const together = ruleSetOf(texts.join("---\n"));
          const alone = texts.map((text) => ruleSetOf(text));
          for (const event of stream) {
            const found = together.evaluate(event);
            assert.deepEqual(
              found,
              alone.flatMap((one) => one.evaluate(event)),
            );
            for (const match of found) assert.ok(match.because.length > 0);
            assert.deepEqual(found, together.evaluate(event, { product: "x" }));
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test("C09 no event makes evaluation throw, whatever the rules ask for", () => {
    const asked = [
      "f|re: a",
      "f|cidr: 10.0.0.0/8",
      "f|hour: 1",
      "f|gt: 1",
      "f|fieldref: g.h",
      "f|windash: -a",
      "f|neq: a",
      "f|exists: true",
      "f|contains|all: [a, b]",
      "f|base64offset|contains: abc",
      "f.g.h: 1",
      "'|all': [a, b]",
      "'|re': a",
      "f|week|lt: 3",
    ];
    const ruleSet = ruleSetOf(
      asked
        .map((item, at) => rule(at, { logsource: "{product: x}", detection: `{sel: {${item}}, condition: sel}` }))
        .join("---\n"),
    );
    const keys = fc.constantFrom("f", "g", "h", "__proto__", "length", "");
    const events = fc.letrec<{ readonly value: JsonValue }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.oneof(fc.string({ unit: "binary" }), fc.double(), fc.boolean(), fc.constant(null), fc.date().map(String)),
        fc.array(tie("value"), { maxLength: 3 }),
        fc.dictionary(keys, tie("value"), { maxKeys: 3 }),
      ),
    })).value;
    fc.assert(
      fc.property(fc.dictionary(keys, events), (event) => {
        for (const match of ruleSet.evaluate(event)) assert.ok(match.because.length > 0);
      }),
      { numRuns: 3_000 },
    );
  });

  test("C09 evaluating changes neither the event nor the next result", () => {
    const ruleSet = ruleSetOf(ruleText("sel: {f|contains: a, g.h: [1, b]}\ncondition: sel"));
    const event = { f: "A", g: [{ h: 1 }, { h: ["b"] }] };
    const copy = structuredClone(event);
    const first = ruleSet.evaluate(event);
    assert.equal(ruleSet.evaluate({ f: "b" }).length, 0);
    assert.deepEqual(ruleSet.evaluate(event), first);
    assert.deepEqual(event, copy);
  });
});

describe("tests in rules", () => {
  test("C09 a rule's tests say what was expected and what came", () => {
    const text = `${ruleText("sel: {f: 1}\ncondition: sel")}
tests:
  match:
    - {title: fits, event: {f: 1}}
    - {title: does not fit, event: {f: 2}}
  no_match:
    - {title: quiet, event: {f: 3}}
    - {title: loud, event: {f: 1}}
`;
    const [rule0] = parsed(text);
    assert.ok(rule0 !== undefined);
    assert.deepEqual(runRuleTests(rule0, ruleSetOf(text)), [
      { title: "fits", expected: "match", got: "match", ok: true },
      { title: "does not fit", expected: "match", got: "no_match", ok: false },
      { title: "quiet", expected: "no_match", got: "no_match", ok: true },
      { title: "loud", expected: "no_match", got: "match", ok: false },
    ]);
    const other = compileRules([]);
    assert.ok(other.ok);
    assert.deepEqual(
      runRuleTests(rule0, other.value).map((result) => result.ok),
      [false, false, true, true],
    );
  });

  test("C09 the empty event is a value like any other", () => {
    assert.ok(fires("sel: {f: null}\ncondition: sel", {}));
    assert.ok(!fires("sel: [x]\ncondition: sel", {}));
  });
});
