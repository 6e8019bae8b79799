import assert from "node:assert/strict";
import fc from "fast-check";
import { stringify } from "yaml";
import { Problems } from "../problem.ts";
import { readLibraryYaml } from "../read/library-yaml.ts";
import { readPlainYaml } from "../read/plain-yaml.ts";
import type { YamlNode } from "../read/yaml-node.ts";

export type PlainReader = (text: string) => readonly YamlNode[] | null;

/** Holds a quick reader against the library: the same answer, or none; none where the library has a problem. True where it answers. */
export function answersAsLibrary(text: string, read: PlainReader = readPlainYaml): boolean {
  const plain = read(text);
  if (plain === null) return false;
  const problems = new Problems("a.yml");
  const nodes = readLibraryYaml(text, problems);
  assert.deepEqual(problems.found, [], `answered, although the library has a problem: ${JSON.stringify(text)}`);
  assert.deepEqual(plain, nodes, JSON.stringify(text));
  return true;
}

const scraps: readonly string[] = [
  ..." :#-[]{}&*!|>'\"%@`?,\\\t\n\r\ufeff\u0085\u2028\u00a0ü".split(""),
  ..."\r\n|\n\n|\n |\n  |\n    | #|\n#c\n|: |- |---\n|...\n|<<: |null|\\x41|😀|\ud800".split("|"),
];

const where = fc.nat({ max: 2 ** 30 });
const accidentKinds =
  "delete,insert,replace,double,double lines,delete line,swap lines,indent,unindent,spaces at the end,other line ends,part of it,byte order mark".split(
    ",",
  );

/** Small accidents to a text: characters, lines and indentation deleted, put in, doubled or exchanged. */
export const accidents = fc
  .array(
    fc.record({
      kind: fc.constantFrom(...accidentKinds),
      where,
      other: where,
      length: fc.constantFrom(1, 1, 1, 2, 4, 20, 100),
      scrap: fc.constantFrom(...scraps),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((all) => (text: string) => all.reduce(happenTo, text));

type Accident = {
  readonly kind: string;
  readonly where: number;
  readonly other: number;
  readonly length: number;
  readonly scrap: string;
};

function happenTo(text: string, { kind, where: place, other, length, scrap }: Accident): string {
  const at = place % (text.length + 1);
  const lines = text.split("\n");
  const [line, second] = [place % lines.length, other % lines.length];
  const here = lines[line] ?? "";
  const few = " ".repeat(1 + (other % 4));
  switch (kind) {
    case "delete":
      return text.slice(0, at) + text.slice(at + length);
    case "insert":
      return text.slice(0, at) + scrap + text.slice(at);
    case "replace":
      return text.slice(0, at) + scrap + text.slice(at + scrap.length);
    case "double":
      return text.slice(0, at + length) + text.slice(at);
    case "double lines":
      return lines.toSpliced(second, 0, ...lines.slice(line, line + length)).join("\n");
    case "delete line":
      return lines.toSpliced(line, 1).join("\n");
    case "swap lines":
      return lines
        .with(line, lines[second] ?? "")
        .with(second, here)
        .join("\n");
    case "indent":
      return lines.with(line, few + here).join("\n");
    case "unindent":
      return lines.with(line, here.replace(/^ {1,2}/, "")).join("\n");
    case "spaces at the end":
      return lines.with(line, here + few).join("\n");
    case "other line ends":
      return text.replaceAll("\n", "\r\n");
    case "byte order mark":
      return `\ufeff${text}`;
    default:
      return lines.slice(line, line + 1 + (other % 20)).join("\n");
  }
}

const pieces: readonly string[] = [
  ..."a|b c|: |: |:|- |- |-|\n|\n|\n  |\n    |\n | |#| # c|'x'|\"y\"|'it''s'|\"\\n\"|'|\"|[|]|{|}|, |,|\n---\n|\n...\n".split(
    "|",
  ),
  ..."&a|*a|!t|? |%|@|null|1|~|true|0x1f|.5|-0|1e3|.inf|<<: |\t|\r\n|  \n|\n#c\n|k:\n  |- a: b\n  c: d\n|key: v|k: x\n  y\n".split(
    "|",
  ),
  "k: |\n  t\n   u\n\n  v\n",
  "k: >\n  t\n    u\n\n  v\n",
  "k: |-\n  t\n",
];

/** What YAML is made of, in any order. */
export const yamlPieces = fc
  .array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 14 })
  .map((all) => all.join(""));

const plainWords =
  "a,no,yes,on,null,Null,~,true,TRUE,tRue,0,-0,+1,010,0o17,0x1F,1_000,1.,.5,1e3,-.inf,.NaN,12:30,2026-11-20".split(",");
const oddWords = [
  ..."<<|=|a b|a: b|a #b|a:b|#|- a|-a|?|'|''|\"|\\|\\n|*|&a|!t|%|@|[|{a}|C:\\Windows\\*|\\\\.\\pipe|ends | begins|a\nb\n|a\n\n b|\n| \n a\n\n|\t|\u0085|ü||---|...|--- a".split(
    "|",
  ),
  "a text that is long enough to be folded where lines are short, with one_long_word_that_cannot_be_folded and more",
];
const word = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...plainWords) },
  { weight: 4, arbitrary: fc.constantFrom(...oddWords) },
  fc.string({ maxLength: 8 }),
);
const key = fc.oneof({ weight: 20, arbitrary: fc.constantFrom("a", "b", "key", "f|re", "no", "1", "null") }, word);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(word, fc.integer(), fc.double(), fc.boolean(), fc.constant(null)),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(key, tie("value"), { maxKeys: 4 }),
  ),
}));

/** Documents as the library writes them, in its styles; some without the quotes that it sets. */
export const writtenYaml = fc
  .tuple(
    fc.array(
      fc.oneof(fc.dictionary(key, value, { minKeys: 1, maxKeys: 5 }), fc.array(value, { minLength: 1, maxLength: 4 })),
      { minLength: 1, maxLength: 2 },
    ),
    fc.record({
      indent: fc.constantFrom(1, 2, 4),
      indentSeq: fc.boolean(),
      lineWidth: fc.constantFrom(0, 20, 80),
      singleQuote: fc.constantFrom(null, true, false),
      blockQuote: fc.constantFrom<true | false | "folded" | "literal">(true, false, "folded", "literal"),
      defaultStringType: fc.constantFrom<"PLAIN" | "QUOTE_SINGLE" | "QUOTE_DOUBLE" | "BLOCK_LITERAL" | "BLOCK_FOLDED">(
        ...(["PLAIN", "PLAIN", "QUOTE_SINGLE", "QUOTE_DOUBLE", "BLOCK_LITERAL", "BLOCK_FOLDED"] as const),
      ),
      defaultKeyType: fc.constantFrom<"PLAIN" | "QUOTE_SINGLE" | "QUOTE_DOUBLE">(
        "PLAIN",
        "QUOTE_SINGLE",
        "QUOTE_DOUBLE",
      ),
      collectionStyle: fc.constantFrom<"any" | "flow" | "block">("any", "block", "flow"),
      flowCollectionPadding: fc.boolean(),
      nullStr: fc.constantFrom("null", "~", ""),
    }),
    fc.boolean(),
  )
  .map(([documents, style, isUnquoted]) => {
    const text = documents.map((document) => stringify(document, null, style)).join("---\n");
    return isUnquoted ? text.replaceAll(/(["'])([^"'\n]*)\1/g, "$2") : text;
  });
