import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { compileRules } from "../match/compile-rules.ts";
import { parseRules } from "./parse-rules.ts";
import { problemsMax, sigmaProblemCodes, type SigmaProblemCode } from "../problem.ts";
import { parsed, refusalsOf, ruleText } from "../testing/detection.ts";

const one = (item: string) => ruleText(`sel:\n  ${item}\ncondition: sel`);
const under = (condition: string) => ruleText(`sel_a: {f: 1}\nsel_b: {f: 2}\n_c: {f: 3}\ncondition: ${condition}`);
const withKey = (line: string) => `${one("f: 1")}\n${line}\n`;

/** Each text is refused with exactly this code. */
const refused: Readonly<Partial<Record<SigmaProblemCode, readonly string[]>>> = {
  sigma_all_needs_list: [one("f|contains|all: a"), one("f|all: [a]"), one("'|all': a")],
  sigma_base64offset_too_short: [one("f|base64offset|contains: a")],
  sigma_cidr_malformed: [
    one("f|cidr: 10.0.0.1/8"),
    one("f|cidr: 10.0.0.1"),
    one("f|cidr: 10.0.0.0/33"),
    one("f|cidr: 10.0.0/8"),
    one("f|cidr: 010.0.0.0/8"),
    one("f|cidr: fe80::/129"),
    one("f|cidr: 'fe80::1::/64'"),
    one("f|cidr: host"),
    one("f|cidr: 7"),
  ],
  sigma_condition_aggregation: [under("sel_a | count() > 5"), under("sel_a | near sel_b")],
  sigma_condition_quantifier: [under("2 of sel_*"), under("any of them"), under("0 of them")],
  sigma_condition_selection_unknown: [under("sel_c"), under("1 of filter_*"), under("SEL_A"), under("1 of sel_")],
  sigma_condition_syntax: [
    under("sel_a sel_b"),
    under("sel_a and"),
    under("(sel_a"),
    under("sel_a)"),
    under("()"),
    under("not"),
    under("sel_a AND sel_b"),
    under("sel_a and Not"),
    under("1 of"),
    under("all of and"),
    under("them"),
    under("of them"),
    under("sel_a or or sel_b"),
  ],
  sigma_condition_too_large: [
    under(`${"(".repeat(65)}sel_a${")".repeat(65)}`),
    under(`${"not ".repeat(65)}sel_a`),
    under(Array.from({ length: 2000 }, () => "sel_a").join(" or ")),
  ],
  sigma_correlation_not_supported_yet: [
    withKey("correlation: {type: temporal}"),
    "title: C\ncorrelation:\n  type: event_count\n",
  ],
  sigma_detection_malformed: ["title: A\nlogsource: {product: x}\ndetection: [a]\n"],
  sigma_document_action_not_supported: ["action: global\nlevel: low\n"],
  sigma_document_not_a_map: ["- a\n- b\n", "just text\n"],
  sigma_encoding_needs_plain_text: [one("f|base64: 'a*b'"), one("f|wide|base64offset|contains: 'ab?'")],
  sigma_expansion_too_large: [one("f|windash|base64|contains: '-a -b -c -d -e'")],
  sigma_field_name_malformed: [one("'': a"), one("' f': a"), one(`${"f".repeat(513)}: a`)],
  sigma_file_empty: ["", "\n# nothing\n", "---\n---\n"],
  sigma_file_too_large: [`# ${"x".repeat(1024 * 1024)}`, "ü".repeat(600_000)],
  sigma_filter_not_supported_yet: [withKey("filter: {rules: any}"), "title: F\nfilter:\n  rules: any\n"],
  sigma_id_malformed: [one("f: 1").replace(/^id: .*$/m, "id: one")],
  sigma_key_missing: [
    "logsource: {product: x}\ndetection: {sel: {f: 1}, condition: sel}\n",
    "title: A\ndetection: {sel: {f: 1}, condition: sel}\n",
    "title: A\nlogsource: {product: x}\n",
    ruleText("sel: {f: 1}"),
    ruleText("sel: {f: 1}\ncondition: []"),
    ruleText("sel: {f: 1}\ncondition:"),
    ruleText("sel: {f: 1}\ncondition: ''"),
  ],
  sigma_level_unknown: [withKey("level: severe"), withKey("level: High")],
  sigma_logsource_malformed: [
    one("f: 1").replace("  product: tillwatch", "  product: [a]"),
    one("f: 1").replace("  product: tillwatch", "  definition: any"),
    one("f: 1").replace("logsource:\n  product: tillwatch", "logsource: pos"),
  ],
  sigma_metadata_malformed: [
    withKey("tags: void"),
    withKey("tags: [[a]]"),
    withKey("author: {a: b}"),
    withKey("related: [x]"),
    one("f: 1").replace("title: A rule", `title: ${"x".repeat(257)}`),
    one("f: 1").replace("title: A rule", "title: ''"),
  ],
  sigma_modifier_combination: [
    one("f|contains|startswith: a"),
    one("f|re|contains: a"),
    one("f|cidr|contains: 10.0.0.0/8"),
    one("f|lt|gt: 5"),
    one("f|hour|day: 5"),
    one("f|hour|contains: 5"),
    one("f|utf16le|wide: ab"),
    one("f|utf16|utf16be: ab"),
    one("f|base64|base64offset|contains: ab"),
    one("f|base64offset: abc"),
    one("f|base64offset|startswith: abc"),
    one("f|base64|re: ab"),
    one("f|windash|cidr: 10.0.0.0/8"),
    one("f|expand|re: '%a%'"),
    one("f|i: ab"),
    one("f|contains|s: ab"),
    one("f|re|cased: ab"),
    one("f|cased|lt: 5"),
    one("f|exists|cased: true"),
    one("f|all|neq: [a, b]"),
    one("f|all|lt: [1, 2]"),
    one("f|exists|all: [true, false]"),
    one("f|neq|exists: true"),
    one("f|neq|lt: 5"),
    one("f|fieldref|contains: g"),
    one("'|exists': true"),
    one("'|neq': a"),
    one("'|fieldref': a"),
    one("'|cidr': 10.0.0.0/8"),
    one("'|gt': 5"),
  ],
  sigma_modifier_order: [
    one("f|contains|base64: abc"),
    one("f|base64|wide: abc"),
    one("f|contains|base64offset: abc"),
    one("f|base64|windash|contains: -a"),
    one("f|base64|expand: '%a%'"),
    one("f|gte|hour: 5"),
    one("f|i|re: a"),
  ],
  sigma_modifier_repeated: [one("f|contains|contains: a")],
  sigma_modifier_unknown: [
    one("f|like: a"),
    one("f|Contains: a"),
    one("f|: a"),
    one("f|contains |all: [a, b]"),
    one("f|near: a"),
  ],
  sigma_modifier_value_type: [
    one("f|exists: 1"),
    one("f|exists: 'true'"),
    one("f|exists: [true, false]"),
    one("f|lt: '5'"),
    one("f|gte: high"),
    one("f|hour: 24"),
    one("f|minute: 1.5"),
    one("f|month: July"),
    one("f|fieldref: 5"),
    one("f|contains: null"),
    one("f|cased: null"),
    one("f|hour: null"),
  ],
  sigma_null_in_list: [one("f: [a, null]"), one("f: ['', ~]"), ruleText("sel: [a, null]\ncondition: sel")],
  sigma_number_not_exact: [one("f: 9007199254740993"), one("f: .inf"), one("f|gt: .nan")],
  sigma_placeholder_malformed: [one("f|expand: '100%'"), one("f|expand: '%a b%'"), one("f|contains|expand: '%%'")],
  sigma_regex_too_large: [one(`f|re: '${"a".repeat(4097)}'`), one(`f|re: '${"a{1000}".repeat(25)}'`)],
  sigma_regex_unsupported: [
    one("f|re: '(?=a)b'"),
    one("f|re: '(?<!a)b'"),
    one("f|re: '(a)\\1'"),
    one("f|re: 'a++'"),
    one("f|re: '(a'"),
    one("f|re: '(a{1000}){1000}'"),
  ],
  sigma_selection_empty: [
    ruleText("sel: {}\ncondition: sel"),
    ruleText("sel: []\ncondition: sel"),
    ruleText("sel: [{}]\ncondition: sel"),
    one("f: []"),
  ],
  sigma_selection_malformed: [
    ruleText("sel: text\ncondition: sel"),
    ruleText("sel:\ncondition: sel"),
    ruleText("sel: [[a]]\ncondition: sel"),
  ],
  sigma_status_unknown: [withKey("status: new")],
  sigma_taxonomy_unknown: [withKey("taxonomy: ecs")],
  sigma_tests_malformed: [
    withKey("tests: []"),
    withKey("tests: {matches: []}"),
    withKey("tests: {match: [{title: a}]}"),
    withKey("tests: {match: [{title: a, event: b}]}"),
    withKey("tests: {no_match: [{event: {}}]}"),
    withKey("tests: {match: text}"),
  ],
  sigma_timeframe_not_supported: [ruleText("sel: {f: 1}\ntimeframe: 5m\ncondition: sel")],
  sigma_too_many_problems: [ruleText(`sel:\n${"  - {f|x: 1}\n".repeat(problemsMax + 5)}condition: sel`)],
  sigma_value_ambiguous: [
    one("f: yes"),
    one("f: Off"),
    one("f: 007"),
    one("f: 12:30"),
    one("f: 1_000"),
    one("f: 1e5"),
    one("f: 0o17"),
  ],
  sigma_value_empty: [
    one("f|contains: ''"),
    one("f|re: ''"),
    one("f|base64: ''"),
    one("f|fieldref: ''"),
    one("'|all': ['', a]"),
  ],
  sigma_value_malformed: [one("f: {a: b}"), one("f: !!binary aGk="), one("f: [[a]]"), one("f: [{a: b}]")],
  sigma_value_too_long: [one(`f: ${"x".repeat(8193)}`)],
  sigma_yaml_duplicate_key: [one("f: 1\n  f: 2"), withKey("title: again")],
  sigma_yaml_key_malformed: [withKey("x: &x {a: b}\n<<: *x"), withKey("? [a]\n: b")],
  sigma_yaml_syntax: ["title: a: b\n", "a: *nowhere\n", "a: !x 1\n", "a: 'open\n"],
  sigma_yaml_too_large: [
    `a: &a [x, x, x, x, x, x, x, x, x]\n${"bcdefgh"
      .split("")
      .map((name, at) => `${name}: &${name} [${Array(9).fill(`*${"abcdefg"[at]}`).join(", ")}]`)
      .join("\n")}\n`,
    "a: &a [*a]\n",
    `${"[".repeat(100)}${"]".repeat(100)}`,
    "--- 1\n".repeat(5_001),
  ],
};

/** Refused by `compileRules`, since it depends on what the caller gives or on other rules. */
const refusedLater: readonly SigmaProblemCode[] = [
  // Correlations: correlation-set.test.ts.
  "sigma_correlation_field_unknown",
  "sigma_correlation_malformed",
  "sigma_correlation_ring",
  "sigma_correlation_rule_unknown",
  "sigma_correlation_too_long",
  "sigma_correlation_type_unsupported",
  // Filters: compile.test.ts.
  "sigma_filter_malformed",
  "sigma_filter_rule_unfit",
  "sigma_filter_rule_unknown",
  "sigma_pipeline_malformed",
  "sigma_pipeline_rule_empty",
  "sigma_pipeline_rule_refused",
  "sigma_pipeline_unsupported",
  "sigma_placeholder_empty",
  "sigma_placeholder_unknown",
  "sigma_rule_id_duplicate",
];

describe("refusals", () => {
  for (const [code, texts] of Object.entries(refused)) {
    test(`C09 ${code}`, () => {
      for (const text of texts) {
        const codes = new Set(refusalsOf(text));
        assert.ok(codes.has(code), `${text.slice(0, 300)}\nis refused with ${[...codes].join(", ") || "nothing"}`);
        if (code !== "sigma_too_many_problems" && !text.startsWith("--- 1"))
          assert.equal(codes.size, 1, text.slice(0, 300));
      }
    });
  }

  test("C09 every code is provoked by a test", () => {
    assert.deepEqual([...Object.keys(refused), ...refusedLater].sort(), [...sigmaProblemCodes].sort());
  });

  test("C09 every code stands in docs/errors/sigma.md, and no other", () => {
    const page = readFileSync(new URL("../../../../docs/errors/sigma.md", import.meta.url), "utf8");
    const listed = [...page.matchAll(/^\| `(\w+)` +\|/gm)].map((row) => row[1]);
    assert.deepEqual(listed, [...sigmaProblemCodes]);
  });

  test("C09 a rule is compiled only with what its placeholders stand for", () => {
    const rules = parsed(one("f|expand: 'x%a%'"));
    const codes = (placeholders?: Record<string, readonly string[]>) => {
      const compiled = compileRules(rules, placeholders === undefined ? {} : { placeholders });
      return compiled.ok ? [] : compiled.error.map(({ code, line, column }) => `${code} ${line}:${column}`);
    };
    assert.deepEqual(codes(), ["sigma_placeholder_unknown 7:16"]);
    assert.deepEqual(codes({ b: ["1"] }), ["sigma_placeholder_unknown 7:16"]);
    assert.deepEqual(codes({ a: [] }), ["sigma_placeholder_empty 7:16"]);
    assert.deepEqual(codes({ a: [""] }), ["sigma_placeholder_empty 7:16"]);
    assert.deepEqual(codes({ a: ["1"] }), []);
    assert.deepEqual(codes(Object.create({ a: ["1"] })), ["sigma_placeholder_unknown 7:16"]);
  });

  test("C09 two rules of one id are not compiled together", () => {
    const rules = parsed(`${one("f: 1")}\n---\n${one("f: 2")}`);
    const compiled = compileRules(rules);
    assert.ok(!compiled.ok);
    assert.deepEqual(
      compiled.error.map(({ code, line }) => [code, line]),
      [["sigma_rule_id_duplicate", 10]],
    );
  });

  test("C09 all problems of a file come at once, each at its place", () => {
    const text = [
      "title: First",
      "level: severe",
      "logsource: {product: x}",
      "detection:",
      "  sel:",
      "    f|like: a",
      "    g: [ok, null]",
      "    h|re: '(a'",
      "  condition: sel and  other",
      "---",
      "title: Second",
      "detection: {sel: {f: 1}, condition: sel}",
    ].join("\n");
    const rules = parseRules(text, "rules/a.yml");
    assert.ok(!rules.ok);
    const places = rules.error.map(({ code, line, column }) => `${line}:${column} ${code}`).sort();
    assert.deepEqual(places, [
      "11:1 sigma_key_missing",
      "2:8 sigma_level_unknown",
      "6:5 sigma_modifier_unknown",
      "7:13 sigma_null_in_list",
      "8:12 sigma_regex_unsupported",
      "9:23 sigma_condition_selection_unknown",
    ]);
    for (const { file, message, remedy } of rules.error) {
      assert.equal(file, "rules/a.yml");
      assert.match(message, /\.$/);
      assert.match(remedy, /\.$/);
    }
  });
});
