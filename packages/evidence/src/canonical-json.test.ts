import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { utf8, utf8Text } from "./bytes.ts";
import { canonicalBytes, canonicalJson, parseCanonicalJson, parseJson } from "./canonical-json.ts";

function textOf(value: unknown): string | undefined {
  const bytes = canonicalJson(value);
  return bytes.ok ? utf8Text(bytes.value) : undefined;
}

const forms: readonly { readonly says: string; readonly value: unknown; readonly want: string }[] = [
  // RFC 8785 section 3.2.2 and 3.2.3.
  {
    says: "the RFC's sample",
    value: {
      numbers: [Number("333333333.33333329"), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: "\u20ac$\u000F\nA'\u0042\u0022\u005c\\\"/",
      literals: [null, true, false],
    },
    want: '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  },
  {
    says: "keys in UTF-16 order",
    value: { "\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\ud83d\ude00": 5, "\u0080": 6, "\u00f6": 7 },
    want: '{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}',
  },
  { says: "minus zero as zero", value: -0, want: "0" },
  { says: "the empty object", value: {}, want: "{}" },
];
for (const { says, value, want } of forms) test(`I24 canonical form: ${says}`, () => assert.equal(textOf(value), want));

const cycle: { self?: unknown } = {};
cycle.self = cycle;
const refusals: readonly { readonly says: string; readonly value: unknown }[] = [
  { says: "undefined", value: undefined },
  { says: "an undefined member", value: { a: undefined } },
  { says: "an undefined element", value: [1, undefined] },
  { says: "a hole in an array", value: Array(2) },
  { says: "NaN", value: { a: Number.NaN } },
  { says: "infinity", value: [Number.POSITIVE_INFINITY] },
  { says: "a bigint", value: { a: 1n } },
  { says: "a function", value: { a: () => 1 } },
  { says: "a symbol", value: [Symbol("a")] },
  { says: "a lone surrogate", value: { a: "\ud800" } },
  { says: "a lone surrogate in a key", value: { "\udc00": 1 } },
  { says: "a date", value: { at: new Date(0) } },
  { says: "a map", value: new Map() },
  { says: "bytes", value: { raw: new Uint8Array(2) } },
  { says: "an own toJSON", value: { toJSON: () => 1 } },
  { says: "a cycle", value: cycle },
];
for (const { says, value } of refusals) {
  test(`I24 canonical form refuses ${says}`, () => {
    const result = canonicalJson(value);
    assert.equal(result.ok, false);
    assert.equal(!result.ok && result.error.code, "json_not_representable");
  });
}

test("I24 canonical bytes read back as the same value, whatever the key order", () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      const bytes = canonicalBytes(value);
      assert.deepEqual(parseCanonicalJson(bytes), parseJson(bytes));
      assert.deepEqual(canonicalBytes(parseJson(bytes)), bytes);
    }),
  );
});

for (const other of ['{"a":1,"a":1}', '{"b":1,"a":2}', '{ "a":1}', "1.0", "\ufeff{}", '"\\u0041"', ""]) {
  test(`I24 another spelling is not canonical: ${JSON.stringify(other)}`, () => {
    assert.equal(parseCanonicalJson(utf8(other)), undefined);
  });
}
