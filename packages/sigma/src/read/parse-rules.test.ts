import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { compileRules } from "../match/compile-rules.ts";
import { parseRules } from "./parse-rules.ts";
import { problemsMax } from "../problem.ts";
import { parsed, refusalsOf, ruleText } from "../testing/detection.ts";

const whole = `
title: Refund without receipt
id: 0e95725d-7320-415d-80f7-004da920fc11
name: refund_without_receipt
related:
  - {id: 929a690e-bef0-4204-a928-ef5e620d6fcc, type: derived}
taxonomy: tillwatch
status: experimental
description: |
  Two lines
  of text
license: Apache-2.0
author: Loss Prevention
references: ['https://example.org/a']
date: 2026-11-20
modified: 2026-11-21
logsource: {product: tillwatch, category: pos, service: refunds, definition: Needs receipts}
detection:
  sel: {type: pos.refund}
  condition: sel
fields: [data.amount]
falsepositives: [Damaged goods]
level: high
tags: [attack.t1234, tillwatch.refund]
scope: [shop]
tillwatch: {version: 3, weights: [0.5, 1e999], __proto__: {a: null}}
tests:
  match: [{title: a refund, event: {type: pos.refund}}]
  no_match: [{title: a sale, event: {type: pos.sale}}]
`;

describe("rule files", () => {
  test("C09 a rule keeps all that its file says", () => {
    const [rule] = parsed(whole);
    assert.ok(rule !== undefined);
    const { detection, ...rest } = rule;
    assert.deepEqual([...detection.selections.keys()], ["sel"]);
    assert.deepEqual(rest, {
      file: "test.yml",
      line: 2,
      id: "0e95725d-7320-415d-80f7-004da920fc11",
      name: "refund_without_receipt",
      title: "Refund without receipt",
      status: "experimental",
      level: "high",
      description: "Two lines\nof text\n",
      author: "Loss Prevention",
      license: "Apache-2.0",
      date: "2026-11-20",
      modified: "2026-11-21",
      taxonomy: "tillwatch",
      tags: ["attack.t1234", "tillwatch.refund"],
      references: ["https://example.org/a"],
      falsepositives: ["Damaged goods"],
      fields: ["data.amount"],
      scope: ["shop"],
      related: [{ id: "929a690e-bef0-4204-a928-ef5e620d6fcc", type: "derived" }],
      logsource: { product: "tillwatch", category: "pos", service: "refunds", definition: "Needs receipts" },
      custom: JSON.parse(
        `{"tillwatch":{"version":3,"weights":[0.5,"1e999"],"__proto__":{"a":null}},
          "tests":{"match":[{"title":"a refund","event":{"type":"pos.refund"}}],"no_match":[{"title":"a sale","event":{"type":"pos.sale"}}]}}`,
      ),
      tests: {
        match: [{ title: "a refund", event: { type: "pos.refund" } }],
        noMatch: [{ title: "a sale", event: { type: "pos.sale" } }],
      },
    });
  });

  test("C09 what a rule leaves out is null or empty", () => {
    const [rule] = parsed("title: A\nlogsource: {service: s}\ndetection: {sel: [x], condition: sel}\nlevel:\ntags:\n");
    assert.deepEqual(
      [rule?.id, rule?.level, rule?.status, rule?.author, rule?.taxonomy],
      [null, null, null, null, "sigma"],
    );
    assert.deepEqual([rule?.tags, rule?.custom, rule?.tests], [[], {}, { match: [], noMatch: [] }]);
  });

  test("C09 a file holds many documents, CRLF and a byte order mark", () => {
    const one = ruleText("sel: {f: 1}\ncondition: sel");
    const rules = parsed(`\ufeff${one.replaceAll("\n", "\r\n")}\r\n---\r\n${one}\n...\n---\n# empty\n---\n${one}`);
    assert.deepEqual(
      rules.map(({ line }) => line),
      [1, 9, 20],
    );
  });

  test("C09 one bad document refuses the file, and the good ones are not returned", () => {
    const good = ruleText("sel: {f: 1}\ncondition: sel");
    assert.deepEqual(refusalsOf(`${good}\n---\ntitle: C\ncorrelation: {type: temporal}\n`), [
      "sigma_correlation_not_supported_yet",
    ]);
  });

  test("C09 anchors and aliases are followed", () => {
    const rules = parsed(ruleText("a: {f: &list [x, y]}\nb: {g: *list}\ncondition: a and b"));
    const ruleSet = compileRules(rules);
    assert.ok(ruleSet.ok);
    assert.equal(ruleSet.value.evaluate({ f: "x", g: "y" }).length, 1);
  });

  test("C09 no text makes the parser throw; each problem has a place in the file", () => {
    const base = `${whole}---\n${ruleText("a: [x, 'y*']\nb: {f|re: '^a+$', g|cidr: 10.0.0.0/8}\ncondition: a and not 1 of b*")}`;
    const mutated = fc
      .tuple(
        fc.nat(base.length),
        fc.nat(12),
        fc.oneof(fc.string(), fc.constantFrom("|", ": ", "- ", "&a ", "*a", "'", "[", "{", "\t", "~", "%")),
      )
      .map(([at, length, insert]) => base.slice(0, at) + insert + base.slice(at + length));
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: "binary" }), mutated), (text) => {
        const rules = parseRules(text, "x.yml");
        if (rules.ok) {
          compileRules(rules.value);
          return;
        }
        assert.ok(rules.error.length > 0 && rules.error.length <= problemsMax + 1);
        const lines = text.split("\n").length;
        for (const { line, column } of rules.error) assert.ok(line >= 1 && line <= lines + 1 && column >= 1);
      }),
      { numRuns: 500 },
    );
  });

  test("C09 hostile files are refused in bounded time", () => {
    const texts = [
      "[".repeat(30_000),
      "- ".repeat(30_000),
      "{a: ".repeat(5_000),
      "&a ".repeat(30_000),
      "a: b: c\n".repeat(20_000),
      `a: &a x\nb:\n${"- *a\n".repeat(50_000)}`,
      `${Array.from({ length: 30_000 }, (_, at) => `k${at}: v`).join("\n")}\n`,
    ];
    for (const text of texts) assert.ok(refusalsOf(text).length > 0);
  });

  test("C09 hostile regular expressions are matched in linear time", () => {
    const text = `${"a".repeat(100_000)}!`;
    for (const pattern of ["(a+)+$", "^(a|aa)*$", "(.*a){20}$", "^(([a-z])+.)+[A-Z]([a-z])+$"]) {
      const ruleSet = compileRules(parsed(ruleText(`sel: {f|re: '${pattern}'}\ncondition: sel`)));
      assert.ok(ruleSet.ok);
      assert.equal(ruleSet.value.evaluate({ f: text }).length, 0, pattern);
    }
  });
});
