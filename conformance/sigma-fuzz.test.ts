import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { compile, parseSigma, sigmaProblemCodes, type SigmaProblem } from "@tillwatch/sigma";
import { Random } from "@tillwatch/sim";
import { conditionText } from "../packages/sigma/src/match/compile-rule.ts";
import { parseCondition, type Condition } from "../packages/sigma/src/read/condition.ts";
import { ruleFiles, sigmaVectors } from "./sigma-vectors.ts";
import { rounds, seed } from "./sigma-others/settings.ts";

/**
 * Broken rule files and conditions by the thousand: the parsers answer, in bounded time, with what they read or with problems that have a place. TILLWATCH_FUZZ_SECONDS
 * and TILLWATCH_FUZZ_SEED as for the other fuzzers.
 */

const root = join(import.meta.dirname, "..");
const packPaths = globSync("pack/**/{rules,misuse}/*.yml", { cwd: root }).sort();
const folder = sigmaVectors();
const texts = [
  ...packPaths.map((path) => readFileSync(join(root, path), "utf8")),
  ...(folder === null ? [] : ruleFiles(folder).filter((_, at) => at % 10 === 0)).map(({ text }) => text),
];
const codes: ReadonlySet<string> = new Set(sigmaProblemCodes);

/** Of processor time, so that a busy machine fails nothing. */
const msMax = 4_000;

function timed<T>(what: string, run: () => T): T {
  const before = process.cpuUsage();
  const result = run();
  const ms = process.cpuUsage(before).user / 1000;
  assert.ok(ms < msMax, `${Math.round(ms)} ms for ${what.length} characters: ${JSON.stringify(what.slice(0, 200))}`);
  return result;
}

/** Reads a text and checks whatever comes back; true if it was understood. */
function isUnderstood(text: string): boolean {
  const parsed = timed(text, () => parseSigma(text, "broken.yml"));
  if (!parsed.ok) {
    assert.ok(parsed.error.length > 0, "refused without a reason");
    for (const problem of parsed.error) hasPlace(problem, text);
    return false;
  }
  assert.deepEqual(parseSigma(text, "broken.yml"), parsed, "the same text is read twice in two ways");
  // What is read runs as well, or is refused with a place.
  const detector = timed(text, () => compile([{ file: "broken.yml", text }], { placeholders: { known_cdcs: ["x"] } }));
  if (detector.ok)
    timed(text, () => detector.value.ruleSet.evaluate({ Image: "C:\\cmd.exe", data: { receipt: null }, x: [1, "a"] }));
  else for (const problem of detector.error) hasPlace(problem, text);
  return true;
}

function hasPlace({ code, file, line, column, message, remedy }: SigmaProblem, text: string): void {
  const lines = text.split("\n");
  const shown = `${code} at ${line}:${column} of ${lines.length} lines, ${JSON.stringify(lines.slice(line - 2, line))}`;
  assert.ok(codes.has(code), shown);
  assert.equal(file, "broken.yml");
  assert.ok(Number.isInteger(line) && line >= 1 && line <= lines.length + 1, shown);
  assert.ok(Number.isInteger(column) && column >= 1, shown);
  assert.ok(column <= Math.max(...lines.map((one) => one.length)) + 2, shown);
  assert.ok(message.length > 0 && message.length < 2_000 && remedy.length > 0, shown);
}

const scraps: readonly string[] = [
  ..."|,: ,\n- ,\n\t,&a ,*a,!!binary ,!!js/function ,<<: ,{,[,},],---\n,...\n,%YAML 1.1\n,? ,>-\n,'#,',\",\\,\\x41,\\ud800".split(
    ",",
  ),
  ..."\0,\r,\u0085,\u2028,\ufeff,\ud800,😀,null,~,yes,0o17,1e999,.nan,9007199254740993,2026-01-01,|base64offset|contains".split(
    ",",
  ),
  ..."|re: '(a+)+$',|re: '[',condition: (((,condition: 1 of,and not or,filter:\n,correlation:\n,timespan: 1y,**".split(
    ",",
  ),
];

/** One to four small accidents. */
function broken(random: Random, text: string): string {
  let bytes = Buffer.from(text);
  for (let left = random.int(1, 4); left > 0; left -= 1) {
    const at = random.int(0, bytes.length);
    const until = Math.min(bytes.length, at + random.pick([1, 1, 4, 40, 400]));
    const [before, part, behind] = [bytes.subarray(0, at), bytes.subarray(at, until), bytes.subarray(until)];
    const made = random.pick<() => readonly Uint8Array[]>([
      () => [before, behind],
      () => [before, part, part, behind],
      () => [before, Buffer.from([random.int(0, 255)]), bytes.subarray(at + 1)],
      () => [before, Buffer.from(random.pick(scraps)), bytes.subarray(at)],
      () => [before, Buffer.from(random.pick(scraps)), behind],
      () => [before, Buffer.from(random.pick(texts)).subarray(random.int(0, 400), random.int(400, 900)), behind],
      () => [Buffer.from(bytes.toString("latin1").replaceAll("\n", "\r\n"), "latin1")],
      () => [before, Buffer.from(part.toString("latin1").replaceAll(" ", ""), "latin1"), behind],
    ])();
    bytes = Buffer.concat(made);
  }
  // Bytes that are no UTF-8 come as readers give them: with U+FFFD, or as Latin-1.
  return bytes.toString(random.chance(0.9) ? "utf8" : "latin1");
}

describe("hostile rule files", () => {
  test("C09 C11 broken rule files are read or refused with a place, in bounded time", () => {
    let [tried, understood] = [0, 0];
    for (const round of rounds(2_500)) {
      const random = new Random(`fuzz/${seed}/${round}`);
      if (isUnderstood(broken(random, random.pick(texts)))) understood += 1;
      tried += 1;
    }
    console.log(
      `${tried} broken files of ${texts.length}, seed ${seed}: ${understood} understood, ${tried - understood} refused`,
    );
    assert.ok(understood > tried / 50 && understood < tried / 1.2, "the accidents are neither too small nor too large");
  });

  test("C11 files made to cost much are refused, or read, in bounded time", () => {
    const rule = (selection: string, condition = "sel") =>
      `title: t\nlogsource: {product: x}\ndetection:\n  sel: ${selection}\n  condition: ${condition}\n`;
    const bomb = Array.from(
      { length: 30 },
      (_, n) => `a${n}: &a${n} [${n === 0 ? "x" : `*a${n - 1}, *a${n - 1}`}]`,
    ).join("\n");
    const costly: readonly string[] = [
      "[".repeat(100_000),
      "{a: ".repeat(50_000),
      "- ".repeat(100_000),
      `${"  ".repeat(5)}${"? ".repeat(50_000)}`,
      `${bomb}\n${rule("{f: x}")}`,
      "&a [*a]",
      `a: &a {b: *a}\n${rule("{f: x}")}`,
      "---\n".repeat(100_000),
      `${rule("{f: x}")}---\n`.repeat(800),
      "x".repeat(1_100_000),
      `"${"\\u0041".repeat(100_000)}"`,
      "'".repeat(200_001),
      `#${" #".repeat(400_000)}`,
      rule(`{f|re: '${"(a*)*".repeat(500)}'}`),
      rule(`{f|re: '${"(".repeat(2_000)}a${")".repeat(2_000)}'}`),
      rule(`{f|re: 'a{1000}{1000}'}`),
      rule(`{f|re: '(?:a{1,1000}){1,1000}'}`),
      rule(`{f: '${"*a".repeat(4_000)}'}`),
      rule(`{f|windash|base64: '${"-".repeat(2_000)}'}`),
      rule(`{f|contains: [${Array.from({ length: 50_000 }, (_, n) => `v${n}`).join(", ")}]}`),
      rule("{f: x}", "(".repeat(16_000)),
      rule("{f: x}", "not ".repeat(4_000) + "sel"),
      rule("{f: x}", Array.from({ length: 2_000 }, () => "sel").join(" or ")),
      rule("{f: x}", `1 of ${"*".repeat(10_000)}`),
      rule("{f: x}", `1 of ${"s*".repeat(500)}`),
      `${Array.from({ length: 20_000 }, (_, n) => `k${n}: v`).join("\n")}\n${rule("{f: x}")}`,
      `title: t\nlogsource: {product: x}\ndetection:\n${Array.from({ length: 3_000 }, (_, n) => `  s${n}: {f: ${n}}`).join("\n")}\n  condition: 1 of s*\n`,
    ];
    for (const text of costly) isUnderstood(text);
  });

  test("C09 C11 a comment ahead and other line ends change nothing but places", () => {
    const placeless = (text: string) =>
      JSON.stringify(parseSigma(text, "f.yml"), (key, value: unknown) =>
        key === "line" || key === "column" || key === "place" ? 0 : value,
      );
    for (const text of texts.slice(0, 150)) {
      assert.equal(placeless(`# ahead\n\n${text}`), placeless(text));
      assert.equal(placeless(text.replaceAll("\r\n", "\n").replaceAll("\n", "\r\n")), placeless(text));
    }
  });
});

const selections = ["sel", "sel_one", "sel_two", "filter-x", "_hidden", "and_then", "x1"];

function anyCondition(random: Random, depth: number): Condition {
  const roll = random.next();
  if (depth === 0 || roll < 0.4) return { kind: "selection", name: random.pick(selections) };
  if (roll < 0.6) return { kind: "not", term: anyCondition(random, depth - 1) };
  return {
    kind: random.pick(["and", "or"]),
    terms: Array.from({ length: random.int(2, 4) }, () => anyCondition(random, depth - 1)),
  };
}

describe("hostile conditions", () => {
  test("C09 a condition that is written down is read as it was", () => {
    for (const round of rounds(2_000)) {
      const condition = anyCondition(new Random(`condition/${seed}/${round}`), 4);
      const text = conditionText(condition);
      const parsed = parseCondition(text, selections);
      assert.ok(parsed.ok, text);
      assert.equal(conditionText(parsed.value), text);
      assert.deepEqual(parsed.value, condition, text);
    }
  });

  test("C09 C11 broken conditions are read or refused at a place in them", () => {
    const words = [
      ..."and,or,not,1,of,all,them,any,(,),|,count(),sel*,*,_*,sel_?,AND,near, ,\t,\n,\0,😀,\ud800".split(","),
      ...selections,
    ];
    let understood = 0;
    for (const round of rounds(5_000)) {
      const random = new Random(`broken/${seed}/${round}`);
      const text = random.chance(0.5)
        ? Array.from({ length: random.int(0, 12) }, () => random.pick(words)).join(random.pick([" ", " ", ""]))
        : broken(random, conditionText(anyCondition(random, 3)));
      const parsed = timed(text, () => parseCondition(text, selections));
      if (!parsed.ok) {
        const { code, offset, message, remedy } = parsed.error;
        assert.ok(codes.has(code) && message.length > 0 && remedy.length > 0, text);
        assert.ok(
          Number.isInteger(offset) && offset >= 0 && offset <= text.length,
          `${offset} in ${JSON.stringify(text)}`,
        );
        continue;
      }
      understood += 1;
      const again = parseCondition(conditionText(parsed.value), selections);
      assert.deepEqual(again, parsed, text);
    }
    assert.ok(understood > 200, "some of the conditions are right");
  });
});
