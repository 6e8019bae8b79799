import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { conditionText } from "../match/compile-rule.ts";
import { parseCondition, type Condition } from "./condition.ts";
import { unreachable } from "../result.ts";
import { fires } from "../testing/detection.ts";

const names = ["a", "b", "c", "d"] as const;

function holds(condition: Condition, truth: ReadonlyMap<string, boolean>): boolean {
  switch (condition.kind) {
    case "selection":
      return truth.get(condition.name) ?? false;
    case "not":
      return !holds(condition.term, truth);
    case "and":
      return condition.terms.every((term) => holds(term, truth));
    case "or":
      return condition.terms.some((term) => holds(term, truth));
    default:
      return unreachable(condition);
  }
}

function parse(text: string, selections: readonly string[] = names): Condition {
  const parsed = parseCondition(text, selections);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.error.message}`);
  return parsed.value;
}

/** A condition together with the same in JavaScript, whose precedence of ! && || is that of Sigma. */
const pairs: fc.Arbitrary<{ readonly sigma: string; readonly script: string }> = fc.letrec<{
  readonly any: { readonly sigma: string; readonly script: string };
}>((tie) => ({
  any: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.constantFrom(...names).map((name) => ({ sigma: name, script: name })),
    fc.constantFrom(
      { sigma: "1 of them", script: "(a||b||c||d)" },
      { sigma: "all of them", script: "(a&&b&&c&&d)" },
      { sigma: "1 of a*", script: "a" },
      { sigma: "all of *", script: "(a&&b&&c&&d)" },
    ),
    tie("any").map(({ sigma, script }) => ({ sigma: `(${sigma})`, script: `(${script})` })),
    tie("any").map(({ sigma, script }) => ({ sigma: `not ${sigma}`, script: `!${script}` })),
    fc
      .tuple(tie("any"), tie("any"))
      .map(([l, r]) => ({ sigma: `${l.sigma} and ${r.sigma}`, script: `${l.script}&&${r.script}` })),
    fc
      .tuple(tie("any"), tie("any"))
      .map(([l, r]) => ({ sigma: `${l.sigma} or ${r.sigma}`, script: `${l.script}||${r.script}` })),
  ),
})).any;

const allTruths = Array.from({ length: 16 }, (_, bits) => names.map((_name, at) => ((bits >> at) & 1) === 1));

describe("conditions", () => {
  test("C09 precedence agrees with a truth table of the same expression", () => {
    fc.assert(
      fc.property(pairs, ({ sigma, script }) => {
        // The only way to borrow another parser's precedence; the text is made of four names and operators.
        const reference = new Function(...names, `return ${script}`); // oxlint-disable-line typescript/no-implied-eval
        const condition = parse(sigma);
        const again = parse(conditionText(condition));
        for (const row of allTruths) {
          const truth = new Map(names.map((name, at) => [name, row[at] ?? false]));
          const expected: unknown = reference(...row);
          assert.equal(holds(condition, truth), expected, sigma);
          assert.equal(holds(again, truth), expected, conditionText(condition));
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test("C09 no text makes the parser throw, and a refusal points into the text", () => {
    const words = fc.constantFrom(
      "a",
      "b",
      "and",
      "or",
      "not",
      "1",
      "all",
      "of",
      "them",
      "(",
      ")",
      "|",
      "*",
      "\n",
      "x",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(words).map((list) => list.join(" ")),
        ),
        (text) => {
          const parsed = parseCondition(text, names);
          if (!parsed.ok) assert.ok(parsed.error.offset >= 0 && parsed.error.offset <= text.length);
        },
      ),
      { numRuns: 5_000 },
    );
  });

  test("C09 patterns of selections choose by name", () => {
    const selections = ["sel_a", "sel_b", "other", "_sel_c", "not-a-word", "sel.d"];
    const chosen = (target: string) => conditionText(parse(`1 of ${target}`, selections));
    assert.equal(chosen("sel_*"), "sel_a or sel_b");
    assert.equal(chosen("them"), "sel_a or sel_b or other or not-a-word or sel.d");
    assert.equal(chosen("*"), "sel_a or sel_b or other or not-a-word or sel.d");
    assert.equal(chosen("_sel*"), "_sel_c");
    assert.equal(chosen("*_a"), "sel_a");
    assert.equal(chosen("s*l*"), "sel_a or sel_b or sel.d");
    assert.equal(chosen("other"), "other");
    assert.equal(chosen("sel_a*"), "sel_a");
    assert.equal(chosen("sel.*"), "sel.d");
  });

  test("C09 names may begin like operators", () => {
    const selections = ["and_x", "order", "not_y", "all", "of_z"];
    assert.equal(
      conditionText(parse("and_x and not not_y or order and of_z", selections)),
      "(and_x and not not_y) or (order and of_z)",
    );
  });

  test("C09 a list of conditions is met by any of them", () => {
    const detection = "s: {f: 1}\nt: {g: 1}\ncondition:\n  - s\n  - t and not s";
    assert.ok(fires(detection, { f: 1 }));
    assert.ok(fires(detection, { g: 1 }));
    assert.ok(!fires(detection, { f: 2 }));
  });

  test("C09 a condition may run over several lines", () => {
    const detection = "s: {f: 1}\nt: {g: 1}\ncondition: |\n  s\n  and not\n  t";
    assert.ok(fires(detection, { f: 1 }));
    assert.ok(!fires(detection, { f: 1, g: 1 }));
  });
});
