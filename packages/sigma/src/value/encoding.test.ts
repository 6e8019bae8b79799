import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { base64, base64Offsets, dashPermutations, utf16Bytes, utf16WithMark, utf8Bytes } from "./encoding.ts";
import { foldDashes } from "./text-pattern.ts";

const bytesOf = (text: string) => Buffer.from(text, "latin1");

describe("encodings", () => {
  test("C09 bytes agree with Node", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        assert.deepEqual(bytesOf(utf8Bytes(text)), Buffer.from(text, "utf8"));
        assert.deepEqual(bytesOf(utf16Bytes(text, "le")), Buffer.from(text, "utf16le"));
        assert.deepEqual(bytesOf(utf16Bytes(text, "be")), Buffer.from(text, "utf16le").swap16());
        assert.deepEqual(bytesOf(utf16WithMark(text)).subarray(0, 2), Buffer.from([0xff, 0xfe]));
        assert.equal(base64(utf8Bytes(text)), Buffer.from(text, "utf8").toString("base64"));
      }),
    );
  });

  test("C09 one of the three offsets stands in the base64 of whatever holds the bytes", () => {
    const bytes = fc.uint8Array({ minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(bytes, fc.uint8Array({ maxLength: 5 }), fc.uint8Array({ maxLength: 5 }), (inner, before, after) => {
        const offsets = base64Offsets(String.fromCharCode(...inner));
        const whole = Buffer.concat([before, inner, after]).toString("base64");
        const expected = offsets?.[before.length % 3];
        assert.ok(expected !== undefined && expected.length > 0 && whole.includes(expected), `${whole} ${expected}`);
      }),
    );
  });

  test("C09 the specification's value has the offsets that other tools compute", () => {
    assert.deepEqual(base64Offsets("/bin/bash"), ["L2Jpbi9iYXNo", "9iaW4vYmFza", "vYmluL2Jhc2"]);
    assert.deepEqual(base64Offsets("foobar"), ["Zm9vYmFy", "Zvb2Jhc", "mb29iYX"]);
  });

  test("C09 a single byte has an offset without any constant character", () => {
    assert.equal(base64Offsets("a"), null);
    assert.equal(base64Offsets(""), null);
  });

  test("C09 folding dashes is the same as comparing with every permutation", () => {
    const characters = fc.constantFrom("-", "/", "–", "—", "―", "a");
    const texts = fc.array(characters, { maxLength: 4 }).map((list) => list.join(""));
    fc.assert(
      fc.property(texts, texts, (pattern, text) => {
        const permutations = dashPermutations(pattern, 625) ?? [];
        assert.equal(permutations.includes(text), foldDashes(pattern) === foldDashes(text));
      }),
      { numRuns: 2_000 },
    );
    assert.equal(dashPermutations("-----", 625), null);
  });
});
