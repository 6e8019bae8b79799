import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseRow, rowBytesMax, rowDepthMax } from "./row-json.ts";
import { RowSplitter, type Framing, type Row } from "./row-splitter.ts";

const utf8 = new TextEncoder();
const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;

test("B11 a hostile row is refused by name", () => {
  const cases: readonly (readonly [string, string | Uint8Array, string, string])[] = [
    ["nothing", "", "signal_row_not_json", ""],
    ["half a row", '{"a":', "signal_row_not_json", ""],
    ["two rows", '{"a":1}{"a":2}', "signal_row_not_json", ""],
    ["a list", "[1]", "signal_row_not_object", ""],
    ["null", "null", "signal_row_not_object", ""],
    ["not UTF-8", Uint8Array.of(0x7b, 0xff, 0x7d), "signal_row_not_utf8", ""],
    ["a name twice", '{"a":{"b":1,"c":":","b":2}}', "signal_member_duplicated", "/a/b"],
    ["a name twice, once escaped", '{"ab":1,"\\u0061b":2}', "signal_member_duplicated", "/ab"],
    ["__proto__", '{"a":{"__proto__":{"x":1}}}', "signal_member_forbidden", "/a/__proto__"],
    ["NUL in a text", '{"a":["x\\u0000"]}', "signal_text_malformed", "/a/0"],
    ["NUL in a name", '{"a\\u0000":1}', "signal_text_malformed", "/a\0"],
    ["half a pair", '{"a":"\\ud83d"}', "signal_text_malformed", "/a"],
    ["a huge number", '{"a":1e400}', "signal_number_out_of_range", "/a"],
    ["a number that rounds", '{"a":9007199254740993}', "signal_number_out_of_range", "/a"],
    ["33 levels", nested(rowDepthMax + 1), "signal_row_too_deep", ""],
    ["a hundred thousand levels", nested(40_000), "signal_row_too_deep", ""],
    ["too many bytes", `{"a":"${"x".repeat(rowBytesMax)}"}`, "signal_row_too_large", ""],
  ];
  for (const [says, given, code, pointer] of cases) {
    const parsed = parseRow(typeof given === "string" ? utf8.encode(given) : given);
    assert.equal(parsed.ok, false, says);
    if (!parsed.ok) assert.deepEqual([parsed.error.code, parsed.error.pointer], [code, pointer], says);
  }
});

test("B11 what is merely unusual is taken", () => {
  for (const text of [
    nested(rowDepthMax),
    ' { "a" : ":" , "b" : "\\":{" } ',
    '{"":{"":[{}]}}',
    '{"a":"\\ud83d\\ude00"}',
  ]) {
    const parsed = parseRow(utf8.encode(text));
    assert.deepEqual(parsed, { ok: true, value: JSON.parse(text) }, text);
  }
});

const decoded = (rows: readonly Row[]) =>
  rows.map((row) => (row.kind === "bytes" ? new TextDecoder().decode(row.bytes).trim() : row.refusal.code));

function split(framing: Framing, body: Uint8Array, cuts: readonly number[]): readonly Row[] {
  const splitter = new RowSplitter(framing);
  const edges = [0, ...cuts.map((cut) => cut % (body.length + 1)).sort((a, b) => a - b), body.length];
  const rows = edges.slice(1).flatMap((edge, index) => splitter.push(body.subarray(edges[index], edge)));
  return [...rows, ...splitter.end()];
}

test("B03 rows are the same wherever the network cuts the body", () => {
  const cuts = fc.array(fc.nat(2_000), { maxLength: 6 });
  const rows = fc.array(fc.json({ maxDepth: 3 }), { maxLength: 6 });
  fc.assert(
    fc.property(rows, cuts, (texts, at) => {
      assert.deepEqual(
        decoded(split("json", utf8.encode(` [${texts.join(" ,\n")}] `), at)),
        texts.map((text) => text.trim()),
      );
      assert.deepEqual(
        decoded(split("lines", utf8.encode(texts.join("\r\n")), at)),
        texts.map((text) => text.trim()),
      );
    }),
  );
});

test("B11 framing: empty lists, missing elements, truncation, rubbish, giants", () => {
  const giant = `"${"x".repeat(rowBytesMax + 1)}"`;
  const cases: readonly (readonly [Framing, string, readonly string[]])[] = [
    ["json", "[]", []],
    ["json", " [ ] ", []],
    ["json", "", []],
    ["json", "[1,]", ["1", ""]],
    ["json", "[,1]", ["", "1"]],
    ["json", '[{"a":"]"},2', ['{"a":"]"}', "signal_row_truncated"]],
    ["json", "[1] x", ["1", "signal_row_not_json"]],
    ["json", `[1,${giant},2]`, ["1", "signal_row_too_large", "2"]],
    ["json", '{"a":1}', ['{"a":1}']],
    ["lines", "1\n\n \n2", ["1", "2"]],
    ["lines", `1\n${giant}\n2\n`, ["1", "signal_row_too_large", "2"]],
  ];
  for (const [framing, body, expected] of cases) {
    assert.deepEqual(decoded(split(framing, utf8.encode(body), [])), expected, body.slice(0, 40));
  }
});
