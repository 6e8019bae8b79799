import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import fc from "fast-check";
import { Problems } from "../problem.ts";
import { accidents, answersAsLibrary, writtenYaml, yamlPieces, type PlainReader } from "../testing/yaml.ts";
import { readLibraryYaml } from "./library-yaml.ts";
import { readPlainYaml } from "./plain-yaml.ts";
import type { YamlNode, YamlScalar } from "./yaml-node.ts";

const root = new URL("../../../../", import.meta.url);
const pathsOf = (pattern: string) => globSync(pattern, { cwd: root, exclude: ["**/node_modules/**"] }).sort();
const textOf = (path: string) => readFileSync(new URL(path, root), "utf8");
const rulePaths = pathsOf("pack/*/{rules,misuse}/*.yml");

/** Read by the quick reader, each as the library reads it. */
const plain: Readonly<Record<string, readonly string[]>> = {
  "maps, lists and maps in lists": [
    "a: 1\nb:\n  c: x\n  d:\n    - y\n    - z\ne: w\n",
    "a:\n- x\n- y\nb:\n    - c: 1\n      d: 2\n    -   e: 3\n        f:\n        - 4\n",
    "- - a\n  - b\n-\n  - c\n-\n  d: e\n",
    "  a: b\n  c: d",
  ],
  "values that are not written": ["a:\nb: \nc:   # none\nd:", "-\n- \n- a:\n  b:\n- # none\n", "a:\n\n\n# c\nb: c\n"],
  "keys of all kinds": [
    "f|re: a\n'q r': b\n\"d:\\\\\": c\n1: d\nnull: e\ntrue: f\n-x: g\n:y: h\n'': i\n__proto__: j\n",
    "---a: b\n...c: d\n",
  ],
  "texts without quotes": [
    "a: b:c\nd: e#f\ng: h # i\nj: -k\nl: http://m/n?o=p#q\nr: s, [t]\nu: v'w'\n",
    "a: one\n  two\n\n  three\n\n\n   four # end\nb: c\n",
    "a:\n  one\n  two\n",
    "- one\n  two\n- three\n",
  ],
  "texts in quotes": ["a: 'it''s: # ok'\nb: \"\\\"\\n\\t\\\\ \\/\"\nc: ''\nd: \"\"\ne: ' f '\ng: 'h'   # i\n"],
  "what the core schema knows": [
    "null ~ Null NULL nULL true True TRUE tRUE false False FALSE yes no on off",
    "0 -0 +12 010 0o17 0o8 0x1F 0xg 1_000 1. .5 -.5 1.50 1e3 1.e-3 1e . 12:30 9007199254740993",
    ".inf -.Inf +.INF .nan -.nan .NaN .NAN .iNF infinity NaN 2026-11-20",
  ].map((words) => words.replace(/\S+/g, "\n- $&")),
  "blocks of text": [
    "a: |\n  b\n   c\n\n  # d\n  e: f  \nb: |-\n    g\n\n\nc: x\n",
    "a: >\n  b\n  c\n\n  d\n    e\n\n    f\n  g\n\n\n  h\nb: >-\n  i\n",
    "- |\n - a\n- >-\n b\n \n# c\n",
    "a: |\n  b",
    "a: |-\n  -\n    -\n",
  ],
  brackets: [
    "a: [b, 'c', \"d\", 1, null, [e], {f: g}]\nh: { i: j, 'k': [], l: {} } # m\n",
    "a:\n  [\n    b,\n    c,\n  ]\nd: {\n  e: f g,\n  h:\n   i }\nj: [http://k:1/, a:b ]\n",
    "- [a]\n- { b: c }\n- - [d, e]\n",
    "{ a: b }\n",
  ],
  documents: [
    "",
    "\n# nothing\n",
    "---\n",
    "---\n---\n# c\n---\na: b\n",
    "a: b\n---\nc: d\n...\ne: f\n...\n---\n- g\n",
    "# a\n--- \n# b\n\nc: d\n---\n",
  ],
  "comments anywhere": ["# a\nb: # c\n  # d\n # e\n  f: g # h\n# i\n\n  j:\n# k\n  - l\n#m\n  - n\n#o\n"],
};

/** Left to the library, whether it reads them or not. */
const left: Readonly<Record<string, readonly string[]>> = {
  "what points elsewhere": [
    "a: &b c\n",
    "a: &b\n  c: d\n",
    "a: [*b]\n",
    "a: *b\n",
    "&a b: c\n",
    "<<: {a: b}\n",
    "{ <<: a }\n",
  ],
  "tags and directives": ["a: !b c\n", "a: !!str 1\n", "%YAML 1.2\n---\na: b\n", "- ! a\n"],
  "keys that are not simple": [
    "? a\n: b\n",
    "[a]: b\n",
    "{a: b}: c\n",
    "a : b\n",
    ": a\n",
    "a\nb: c\n",
    "'a' : b\n",
    `${"k".repeat(1_001)}: a\n`,
  ],
  "keys that stand twice": ["a: 1\nb: 2\na: 3\n", "{ a: 1, 'a': 2 }\n", "'1': a\n1: b\n"],
  "characters that are not sure": [
    "a:\tb\n",
    "a: b\r\n",
    "a: b\rc\n",
    "\ufeffa: b\n",
    "a: b\u0085\n",
    "a: \u2028\n",
    "a: \0\n",
    "a: \u007f\n",
  ],
  "texts that end elsewhere": [
    "a: 'b\n  c'\n",
    'a: "b\n  c"\n',
    "a: 'b",
    'a: "b\\"',
    "a: 'b'c\n",
    "a: 'b'#c\n",
    "a: b: c\n",
    "a: b:\n",
    "a: b # c\n  d\n",
    "a: [b] # c\n  d\n",
    "a:\n  b\n # c\n  d\n",
    "a: 'b\nc: d'\n",
  ],
  "escapes by number": ['a: "\\x41"\n', 'a: "\\u0041"\n', 'a: "\\q"\n', 'a: "\\N"\n'],
  "indicators at the start of a text": "@`%,]}&*!".split("").map((one) => `a: ${one}b\n`),
  "indentation that does not fit": [
    "a:\n  b: c\n d: e\n",
    "a: b\n  c: d\n",
    "- a\nb: c\n",
    "a:\n  - b\n - c\n",
    " a: b\nc: d\n",
    "a: - b\n",
  ],
  "texts below a comment": ["a:\n#c\n  b\n", "-\n\n  b\n"],
  "brackets that are not sure": [
    "a: [b\n",
    "a: [b]c\n",
    "a: [b,,c]\n",
    "a: [,]\n",
    "a: [b: c]\n",
    "a: {b}\n",
    "a: {b: , c: d}\n",
    "a: {'b':c}\n",
    "a: [b # c\n  ]\n",
    "a: [\nb]\n",
    "a: [\n\n  b]\n",
    "a: [b\n  c]\n",
    "a: [- b]\n",
    "a: [?b, ? c]\n",
    "a: [b}\n",
    "a: [#b]\n",
    "a: {b: c: d}\n",
    "  a: [\n ]\n",
    "a: { b : c }\n",
    "a: { 'b' : c }\n",
    "a: [\n   \n  b]\n",
    "a: [\n  # c\n  b]\n",
    "a: [b,\n  # c\n  ]\n",
    "a: {b:\n\n  c}\n",
    "a: [b:]\n",
    "a: [b:, c]\n",
    "a: {b:}\n",
  ],
  "blocks that are not sure": [
    "a: |2\n  b\n",
    "a: |+\n  b\n",
    "a: | # c\n  b\n",
    "a: |\n\n  b\n",
    "a: |\nb: c\n",
    "a: |\n  b\n   \n  c\n",
    "a: |\n  b\n c\n",
    "a: |",
    "a: |\n  \n",
    "a: |\n  \n  b\n",
  ],
  "documents that are not sure": [
    "a\n",
    "'a'\n",
    "|\n  a\n",
    "---  a\n",
    "--- # c\n",
    "...\n",
    "a: b\n...\n...\n",
    "a: b\n... # c\n",
    "1\n",
  ],
};

describe("the quick reader of plain YAML", () => {
  for (const [what, texts] of Object.entries(plain)) {
    test(`C09 the quick reader reads ${what} as the library does`, () => {
      for (const text of texts) assert.ok(answersAsLibrary(text), JSON.stringify(text));
    });
  }

  for (const [what, texts] of Object.entries(left)) {
    test(`C09 the quick reader leaves ${what} to the library`, () => {
      for (const text of texts) assert.equal(readPlainYaml(text), null, JSON.stringify(text));
    });
  }

  test("C09 C11 what is nested too deeply, too large or of too many documents is the library's to refuse", () => {
    const deep = (levels: number) => `${"- ".repeat(levels)}a\n`;
    assert.ok(answersAsLibrary(deep(64)) && answersAsLibrary(`a: ${"[".repeat(63)}b${"]".repeat(63)}\n`));
    const lists = (levels: number) => Array.from({ length: levels }, (_, at) => `${" ".repeat(at)}a:\n`).join("");
    assert.ok(answersAsLibrary(lists(64)));
    for (const text of [
      deep(65),
      lists(65),
      `a: ${"[".repeat(64)}b${"]".repeat(64)}\n`,
      deep(100_000),
      "[".repeat(100_000),
      "{a: ".repeat(50_000),
      "--- \n".repeat(5_001),
      "a: b\n---\n".repeat(5_001),
      `a: ${"x".repeat(300_000)}\n`,
    ])
      assert.equal(readPlainYaml(text), null, text.slice(0, 20));
  });

  test("C11 texts made to cost much are read or left within a time that grows with their length", () => {
    const size = 290_000;
    const filled = (piece: string) => piece.repeat(Math.floor(size / piece.length));
    const before = process.cpuUsage();
    for (const text of [
      ...[
        "- a\n",
        "a",
        "'",
        "''",
        '"\\',
        "a: ",
        "#\n",
        "# ",
        " ",
        "\n",
        " \n",
        "- ",
        "-\n",
        ": ",
        "[",
        "[],",
        "{}",
        "a:\n",
      ].map(filled),
      ...["  b\n", "\n  b\n", "  \n", "  b #\n", " ", "#"].map((piece) => `a: b\n${filled(piece)}`),
      ...["  b\n", "  \n", "   b\n", "\n  b\n"].map((piece) => `a: >\n  b\n${filled(piece)}`),
      `a: '${filled("''")}'`,
      `a: "${filled("\\n")}"`,
      `a: [${filled("b,")}c]`,
      `a: [${filled("b:")}c]`,
      `a: 1${filled("1")}.e`,
      Array.from({ length: 30_000 }, (_, at) => `k${at}: v\n`).join(""),
    ])
      readPlainYaml(text);
    const ms = process.cpuUsage(before).user / 1000;
    assert.ok(ms < 4_000, `${Math.round(ms)} ms`);
  });
});

describe("the quick reader and the library", () => {
  test("C09 of the pack every rule is read quickly, and no file otherwise than by the library", () => {
    assert.ok(rulePaths.length > 60, "the pack is whole");
    for (const path of rulePaths) assert.ok(answersAsLibrary(textOf(path)), path);
    for (const path of pathsOf("{pack,testdata}/**/*.{yml,yaml}")) answersAsLibrary(textOf(path));
  });

  const texts = rulePaths.map(textOf);
  const hurt = fc.tuple(fc.constantFrom(...texts), accidents).map(([text, happen]) => happen(text));
  const written = fc.oneof(
    writtenYaml,
    fc.tuple(writtenYaml, accidents).map(([text, happen]) => happen(text)),
  );

  test("C09 Q07 rules of the pack with accidents are read as the library reads them, or left to it", () => {
    assert.ok(answeredOf(hurt, 500) > 50);
  });

  test("C09 Q07 what the library writes in any style is read as the library reads it, or left to it", () => {
    assert.ok(answeredOf(written, 1_000) > 200);
  });

  test("C09 Q07 pieces of YAML in any order are read as the library reads them, or left to it", () => {
    assert.ok(answeredOf(yamlPieces, 4_000) > 100);
  });

  for (const [what, read] of Object.entries(wrongReaders())) {
    test(`C09 Q07 a quick reader that ${what} is found out`, () => {
      const wrong = fc.oneof(hurt, written, yamlPieces);
      assert.ok(
        fc.check(
          fc.property(wrong, (text) => void answersAsLibrary(text, read)),
          { numRuns: 3_000 },
        ).failed,
      );
    });
  }
});

/** How many of the texts it answers; throws at the first that it answers otherwise than the library. */
function answeredOf(texts: fc.Arbitrary<string>, numRuns: number): number {
  let answered = 0;
  fc.assert(
    fc.property(texts, (text) => {
      if (answersAsLibrary(text)) answered += 1;
    }),
    { numRuns },
  );
  return answered;
}

/** Readers with one small mistake each. */
function wrongReaders(): Readonly<Record<string, PlainReader>> {
  const withScalars = (change: (scalar: YamlScalar) => YamlScalar): PlainReader => {
    const changed = (node: YamlNode): YamlNode => {
      if (node.kind === "scalar") return change(node);
      if (node.kind === "list") return { ...node, items: node.items.map(changed) };
      return { ...node, entries: node.entries.map((entry) => ({ ...entry, value: changed(entry.value) })) };
    };
    return (text) => readPlainYaml(text)?.map(changed) ?? null;
  };
  return {
    "reads no as false": withScalars((one) => (one.plain && one.source === "no" ? { ...one, value: false } : one)),
    "reads 010 as eight": withScalars((one) => (one.plain && one.source === "010" ? { ...one, value: 8 } : one)),
    "trims blocks of text": withScalars((one) =>
      typeof one.value === "string" && one.value.endsWith("\n") ? { ...one, value: one.value.trimEnd() } : one,
    ),
    "forgets the sign of zero": withScalars((one) => (Object.is(one.value, -0) ? { ...one, value: 0 } : one)),
    "counts columns from zero": withScalars((one) => ({
      ...one,
      place: { ...one.place, column: one.place.column - 1 },
    })),
    "takes every text as it stands": withScalars((one) => ({ ...one, verbatim: true })),
    "passes over what it does not know": (text) => readPlainYaml(text) ?? [],
    "asks the library and forgets its problems": (text) => readLibraryYaml(text, new Problems("a.yml")),
    "takes tabs for spaces": (text) => readPlainYaml(text.replaceAll("\t", " ")),
    "does not see a byte order mark": (text) => readPlainYaml(text.replace("\ufeff", "")),
  };
}
