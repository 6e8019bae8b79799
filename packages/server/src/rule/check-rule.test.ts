import assert from "node:assert/strict";
import { test } from "node:test";
import { counted } from "../testing/backtest-stream.ts";
import { bothWays, elsewhere, failing, onlyMatching, ruleText } from "../testing/rules.ts";
import { testPack } from "../testing/pack.ts";
import { checkRule as checkBeside, takenId, testsPass } from "./check-rule.ts";
import type { RuleWords } from "./rule-facts.ts";
import { asShipped } from "./running-rules.ts";

const checkRule = (text: string, words: RuleWords) => checkBeside(text, words, asShipped(testPack()));

const words = {
  categories: new Set(["till_fraud", "shoplifting"]),
  pointsOf: ({ id, stated }: { id: string; stated: number | null }) =>
    id === "5f0e6c1a-3c77-4d6e-9a01-0000000000b1" ? 500 : (stated ?? 900),
};

const refused: readonly { readonly says: string; readonly text: string; readonly code: string }[] = [
  { says: "no YAML", text: "title: [", code: "sigma_yaml_syntax" },
  { says: "nothing", text: "", code: "sigma_file_empty" },
  { says: "an unknown modifier", text: ruleText({ selection: "{ a|near: 1 }" }), code: "sigma_modifier_unknown" },
  {
    says: "two rules in a file",
    text: `${ruleText()}\n---\n${ruleText({ id: "5f0e6c1a-3c77-4d6e-9a01-0000000000a2" })}`,
    code: "rule_one_document",
  },
  {
    says: "a correlation with a rule that it does not count",
    text: `${counted}---\n${ruleText({ id: "5f0e6c1a-3c77-4d6e-9a01-0000000000a2" })}`,
    code: "rule_one_document",
  },
  {
    says: "a correlation without an id",
    text: counted.replace(/id: 5f0e6c1a-3c77-4d6e-9a01-0000000000a1\n/, ""),
    code: "rule_id_missing",
  },
  {
    says: "a correlation that counts what no signal here has",
    text: counted.replace("product: retail", "product: windows"),
    code: "rule_product_foreign",
  },
  {
    says: "an id in capitals",
    text: ruleText({ id: "5F0E6C1A-3C77-4D6E-9A01-0000000000A1" }),
    code: "rule_id_missing",
  },
  { says: "another product", text: ruleText({ product: "windows" }), code: "rule_product_foreign" },
  { says: "an unknown category", text: ruleText({ own: "{ category: witchcraft }" }), code: "rule_category_unknown" },
  { says: "level 4", text: ruleText({ own: "{ level: 4 }" }), code: "rule_section_malformed" },
  { says: "half points", text: ruleText({ own: "{ points: 1.5 }" }), code: "rule_section_malformed" },
  { says: "endless points", text: ruleText({ own: "{ points: 900000 }" }), code: "rule_section_malformed" },
  { says: "words that are no text", text: ruleText({ own: "{ says: [a] }" }), code: "rule_section_malformed" },
];
for (const { says, text, code } of refused) {
  test(`C09 a rule file is refused for ${says}`, () => {
    const checked = checkRule(text, words);
    assert.ok(!checked.ok);
    assert.equal(checked.error[0]?.code, code, JSON.stringify(checked.error));
    assert.ok((checked.error[0]?.line ?? 0) >= 1 && checked.error[0]?.remedy !== "");
  });
}

test("C09 what the section of a rule says wrong is pointed at by line and column, and the remedy names the codes", () => {
  const [flow] = refusedAt(ruleText({ own: "{ points: 1, category: till fraud }" }), /category: (till fraud)/d);
  assert.match(flow?.remedy ?? "", /: shoplifting, till_fraud\.$/);
  refusedAt(ruleText({ own: "\n  # why\n  category: till fraud" }), /category: (till fraud)/d);
  refusedAt(ruleText({ own: "\n  level: 4" }), /level: (4)/d);
  refusedAt(`# of the house\n---\n${ruleText({ own: '{ "points": 1.5 }' })}`, /"points": (1\.5)/d);
  const { line, column, code } = takenId(`# of the house\n${ruleText()}`);
  assert.equal(code, "rule_id_taken");
  assert.match(`# of the house\n${ruleText()}`.split("\n")[line - 1]?.slice(column - 1) ?? "", /^5f0e6c1a/);
});

/** Its one problem stands where the first group of `at` does. */
function refusedAt(text: string, at: RegExp) {
  const checked = checkRule(text, words);
  assert.ok(!checked.ok);
  const start = at.exec(text)?.indices?.[1]?.[0] ?? -1;
  const before = text.slice(0, start).split("\n");
  const places = checked.error.map(({ line, column }) => [line, column]);
  assert.deepEqual(places, [[before.length, (before.at(-1)?.length ?? 0) + 1]], text);
  return checked.error;
}

const tested = [
  { says: "both ways", tests: bothWays, pass: true },
  { says: "none at all", tests: null, pass: false },
  { says: "only events that match", tests: onlyMatching, pass: false },
  { says: "one that fails", tests: failing, pass: false },
  { says: "an event of a service that the rule is never asked about", tests: elsewhere, pass: false },
];
for (const { says, tests, pass } of tested) {
  test(`C09 tests that let a rule go on: ${says}`, () => {
    const checked = checkRule(ruleText({ tests }), words);
    assert.ok(checked.ok, JSON.stringify(checked));
    assert.equal(testsPass(checked.value.tests), pass);
  });
}

const refund = "{ event_type: pos_refund, device: { id: T-1, kind: till } }";
const countingTests = (match: number, noMatch: number) => `tests:
  match: [{ title: many, events: [{ repeat: ${match}, event: ${refund} }] }]
  no_match: [{ title: few, events: [{ repeat: ${noMatch}, event: ${refund} }] }]
`;
const counting = [
  { says: "both ways", text: counted + countingTests(2, 1), pass: true },
  { says: "none at all", text: counted, pass: false },
  { says: "one that fails", text: counted + countingTests(2, 3), pass: false },
  {
    says: "a failing one of a rule that is counted",
    text:
      counted.replace(
        "---\n",
        `tests: { match: [{ title: a sale, event: { event_type: pos_sale, device: { kind: till } } }] }\n---\n`,
      ) + countingTests(2, 1),
    pass: false,
  },
];
for (const { says, text, pass } of counting) {
  test(`C09 tests that let a correlation go on: ${says}`, () => {
    const checked = checkRule(text, words);
    assert.ok(checked.ok, JSON.stringify(checked));
    assert.deepEqual(
      [checked.value.facts.id, checked.value.facts.service],
      ["5f0e6c1a-3c77-4d6e-9a01-0000000000a1", "till"],
    );
    assert.equal(testsPass(checked.value.tests), pass, JSON.stringify(checked.value.tests));
  });
}

test("C09 an event from elsewhere is said to be that", () => {
  const checked = checkRule(ruleText({ tests: elsewhere }), words);
  assert.ok(checked.ok);
  assert.match(checked.value.tests[0]?.note ?? "", /comes from camera and the rule asks for till/);
});

test("C11 a rule pages if it adds points or has level 2 or 3", () => {
  const pages = (own: string, id?: string) => {
    const checked = checkRule(ruleText({ own, ...(id === undefined ? {} : { id }) }), words);
    assert.ok(checked.ok, JSON.stringify(checked));
    return checked.value.facts.pages;
  };
  assert.equal(pages("{ category: till_fraud, points: 1 }"), true);
  assert.equal(pages("{ category: till_fraud, points: 0 }"), false);
  assert.equal(pages("{ category: till_fraud }"), true, "its level gives it points");
  assert.equal(pages("{ category: till_fraud, points: -500 }"), false);
  assert.equal(pages("{ category: till_fraud, level: 2, points: 0 }"), true);
  assert.equal(pages("{ points: 0 }", "5f0e6c1a-3c77-4d6e-9a01-0000000000b1"), true, "score.yaml gives it points");
});
