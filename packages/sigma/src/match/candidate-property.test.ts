import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { compile, type SigmaFile } from "../compile.ts";
import { compileDetection } from "./compile-rule.ts";
import { EventView, FieldTable } from "./event-view.ts";
import type { JsonObject, JsonValue } from "../json.ts";
import { LiteralIndex } from "./literal-index.ts";
import { compileRegex } from "../value/regex.ts";
import { literalsOfRegex } from "../value/regex-literals.ts";
import { foldCase } from "../value/text-pattern.ts";

const fields = ["f", "g", "Process.Name", "list.name"] as const;

/** Texts that lower case, dashes, halves of pairs and numbers as text treat in ways of their own. */
const words = [
  ..."cmd.exe,CMD.EXE,powershell -enc,/enc,–enc,a,ab,abc,bca,ΟΔΟΣ,οδος,οδοσ,İ,i̇,ı,K,k,ſ,s,S,ß,😀,😁,1,1.0,42,true,TRUE".split(
    ",",
  ),
  ..."^^|;;|x|\ud83d|a\ud83d|\0|line\nbreak| |".split("|"),
];
const piece = fc.oneof(fc.constantFrom(...words), fc.string({ maxLength: 3, unit: "binary" }));
const text = fc.array(piece, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(""));
const expressions = [
  ..."cmd|power,(?i)CMD\\.exe,[a-c]+b,ab{2}c,ab?c,ab*,(ab)+c,(?:cmd|pow).*enc,a.c,^ab$,\\bcmd\\b,k,s,(?i)s,(?i:K)a,\\x61b".split(
    ",",
  ),
  ..."x{0}ab|\\^\\^|;{2}|a(b|)c|(?P<n>abc)|[]]ab|[^]a]ab|\\Qab\\E|\\pLab|(?i)ſ|ab{2,}|a{,2}b|ΟΔΟΣ".split("|"),
];

const quoted = (value: string) => JSON.stringify(value);
const item = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(
        "",
        "|contains",
        "|startswith",
        "|endswith",
        "|windash|contains",
        "|cased",
        "|contains|cased",
        "|neq",
      ),
      fc.array(text, { minLength: 1, maxLength: 5 }),
    )
    .map(([modifier, values]) => ({ modifier, values: values.map(quoted) })),
  fc
    .array(text, { minLength: 2, maxLength: 3 })
    .map((values) => ({ modifier: "|contains|all", values: values.map(quoted) })),
  fc.constantFrom(...expressions).map((value) => ({ modifier: "|re", values: [quoted(value)] })),
  fc.constantFrom(...expressions).map((value) => ({ modifier: "|re|i", values: [quoted(value)] })),
  fc.constantFrom("1", "42", "true", "null", "1.0").map((value) => ({ modifier: "", values: [value] })),
  fc.constantFrom("g", "list.name").map((value) => ({ modifier: "|fieldref", values: [value] })),
);
const selection = fc.oneof(
  fc
    .array(fc.tuple(fc.constantFrom(...fields), item), { minLength: 1, maxLength: 2 })
    .map(
      (items) =>
        `{${items.map(([field, { modifier, values }]) => `${quoted(field + modifier)}: [${values.join(", ")}]`).join(", ")}}`,
    ),
  fc
    .array(fc.oneof(text.map(quoted), fc.constantFrom("1", "42")), { minLength: 1, maxLength: 4 })
    .map((values) => `[${values.join(", ")}]`),
  fc.array(text.map(quoted), { minLength: 2, maxLength: 3 }).map((values) => `{"|all": [${values.join(", ")}]}`),
  fc.constantFrom(...expressions).map((value) => `{"|re": ${quoted(value)}}`),
);
const ruleText = fc.record({
  one: selection,
  other: selection,
  condition: fc.constantFrom(
    "one",
    "one or other",
    "one and other",
    "one and not other",
    "not one",
    "1 of them",
    "all of them",
  ),
});

const files = (
  rules: readonly { readonly one: string; readonly other: string; readonly condition: string }[],
): readonly SigmaFile[] =>
  rules.flatMap(({ one, other, condition }, at) => {
    const file = `rule-${at}.yml`;
    const body = `title: ${at}\nid: 6f0b1c7e-3a54-4f0e-9d55-0a3a5b${String(at).padStart(6, "0")}\nlogsource: {product: x}\ndetection:\n  one: ${one}\n  other: ${other}\n  condition: ${condition}\n`;
    return compile([{ file, text: body }]).ok ? [{ file, text: body }] : [];
  });

const scalar: fc.Arbitrary<JsonValue> = fc.oneof(
  text,
  text.map((one) => one.toUpperCase()),
  fc.constantFrom<JsonValue>(1, 42, -0, 1e21, 0.1, true, false, null, {}, { name: "abc" }),
);
const value: fc.Arbitrary<JsonValue> = fc.oneof(
  { weight: 3, arbitrary: scalar },
  fc.array(fc.oneof(scalar, fc.array(scalar, { maxLength: 2 })), { maxLength: 3 }),
);
const event = fc
  .record(
    {
      f: value,
      g: value,
      "Process.Name": value,
      Process: fc.record({ Name: value }),
      list: fc.array(fc.record({ name: value }, { requiredKeys: [] }), { maxLength: 3 }),
      deep: fc.array(fc.dictionary(fc.string(), value, { maxKeys: 2 }), { maxLength: 2 }),
    },
    { requiredKeys: [] },
  )
  // As it comes: through JSON, whose text may write any letter as an escape and a key twice.
  .map((one): JsonObject => JSON.parse(JSON.stringify(one).replace("{", '{"f":"cmd.exe","f":"\\u0061bc",')));

describe("an index only leaves out what cannot match", () => {
  test("C09 Q07 rules behind the index match what each of them matches when it is simply run", () => {
    let matches = 0;
    fc.assert(
      fc.property(
        fc.array(ruleText, { minLength: 1, maxLength: 12 }),
        fc.array(event, { minLength: 1, maxLength: 6 }),
        (rules, events) => {
          const detector = compile(files(rules));
          assert.ok(detector.ok);
          const { ruleSet } = detector.value;
          const table = new FieldTable();
          const plain = ruleSet.rules.map((rule) => ({ id: rule.id, ...compileDetection(rule.detection, table) }));
          const view = new EventView(table);
          for (const one of events) {
            const found = ruleSet.evaluate(one).map(({ ruleId }) => ruleId);
            view.look(one);
            assert.deepEqual(
              found,
              plain.filter((rule) => rule.matches(view)).map(({ id }) => id),
              JSON.stringify(one),
            );
            matches += found.length;
          }
        },
      ),
      { numRuns: 600 },
    );
    assert.ok(matches > 500, `only ${matches} matches: the events and rules do not meet`);
  });

  test("C09 Q07 a text in which an expression is found holds one of the literals that the expression needs", () => {
    let [found, needing] = [0, 0];
    fc.assert(
      fc.property(
        fc.constantFrom(...expressions),
        fc.boolean(),
        fc.array(text, { maxLength: 8 }),
        (pattern, insensitive, texts) => {
          const regex = compileRegex(pattern, { insensitive, multiline: false, dotall: false });
          const literals = literalsOfRegex(pattern, insensitive);
          if (!regex.ok || literals === null) return;
          needing += 1;
          for (const one of [...texts, texts.join(""), "ſ", "K", "aſ", "abbc", "abc", "ac", "cmdaenc"]) {
            if (!regex.value(one)) continue;
            found += 1;
            assert.ok(
              literals.some((literal) => foldCase(one).includes(literal)),
              `${pattern} in ${quoted(one)} without ${literals.join()}`,
            );
          }
        },
      ),
      { numRuns: 3_000 },
    );
    assert.ok(needing > 300 && found > 300, `${needing} expressions with literals, ${found} found`);
  });

  const needed: readonly (readonly [pattern: string, insensitive: boolean, literals: readonly string[] | null])[] = [
    ["ping\\s+-n.{6,64}echo EEEE\\s?>", false, ["echo eeee"]],
    ["shutdown|halt", false, ["shutdown", "halt"]],
    ["shutdown", true, ["hutdown"]],
    ["(?i)passwd", false, ["pa"]],
    ["foo(bar|)x", false, ["foo"]],
    ["a?bc+d*", false, ["bc"]],
    ["[a-z]+", false, null],
    ["abc|", false, null],
    ["\\x61bc", false, null],
    ["abc(?=d)", false, null],
    ["a{0}", false, null],
    ["(ab){2}", false, ["ab"]],
  ];
  for (const [pattern, insensitive, literals] of needed) {
    test(`C09 the expression ${pattern} ${insensitive ? "without letter case " : ""}needs ${literals?.join(" or ") ?? "nothing that can be said"}`, () => {
      assert.deepEqual(literalsOfRegex(pattern, insensitive), literals);
    });
  }

  test("C09 Q07 the walk over a text finds exactly the literals that stand in it", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(piece, text).filter((one) => one !== ""),
          { maxLength: 40 },
        ),
        text,
        (literals, one) => {
          const index = new LiteralIndex(literals.map((literal, at) => ({ literal, at })));
          const found = new Set<number>();
          index.search(one, (at) => found.add(at));
          assert.deepEqual(
            [...found].toSorted((a, b) => a - b),
            [...literals.keys()].filter((at) => one.includes(literals[at] ?? "")),
          );
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe("a set compiled upon another", () => {
  test("C09 C11 Q07 finds what the same files find when they are compiled alone, and the one before goes on as it was", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(ruleText, { maxLength: 6 }), { minLength: 2, maxLength: 4 }),
        fc.array(event, { minLength: 1, maxLength: 4 }),
        (steps, events) => {
          let previous = compile([]);
          for (const rules of steps) {
            // Some files stay, some change, some go.
            const texts = files([...rules, ...(steps[0] ?? [])].slice(0, 6));
            assert.ok(previous.ok);
            const alone = compile(texts);
            const upon = compile(texts, { previous: previous.value });
            assert.ok(alone.ok && upon.ok);
            const before = events.map((one) => previous.ok && previous.value.ruleSet.evaluate(one));
            for (const one of events)
              assert.deepEqual(upon.value.ruleSet.evaluate(one), alone.value.ruleSet.evaluate(one));
            assert.deepEqual(
              events.map((one) => previous.ok && previous.value.ruleSet.evaluate(one)),
              before,
            );
            assert.deepEqual(upon.value.documents, alone.value.documents);
            previous = upon;
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});
