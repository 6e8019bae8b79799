import assert from "node:assert/strict";
import { isIP, isIPv4 } from "node:net";
import { describe, test } from "node:test";
import fc from "fast-check";
import { isInNetwork, parseAddress, parseNetwork, type Network } from "./cidr.ts";

describe("networks", () => {
  test("C09 what is an address agrees with Node", () => {
    const characters = fc.constantFrom("0", "1", "9", "25", "255", "256", "ffff", "abcde", ":", "::", ".", "f");
    const near = fc.array(characters, { maxLength: 16 }).map((list) => list.join(""));
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), near), (text) => {
        assert.equal(parseAddress(text) !== null, isIP(text) !== 0, text);
      }),
      { numRuns: 10_000 },
    );
  });

  test("C09 membership agrees with arithmetic on whole numbers", () => {
    const prefixed = fc.oneof(
      fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 }), fc.ipV4()),
      fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 }), fc.ipV6()),
    );
    fc.assert(
      fc.property(prefixed, ([base, prefixBits, other]) => {
        const bits = isIPv4(base) ? 32 : 128;
        const [left, right] = [wide(base), wide(other)];
        fc.pre(left !== null && right !== null);
        const shift = BigInt(bits - prefixBits);
        for (const address of [other, base]) {
          const words = parseAddress(address);
          const value = wide(address);
          if (words === null || value === null || left === null) continue;
          const network: Network = { words: wordsOf((left >> shift) << shift, bits), prefixBits };
          if (network.words.length * 32 !== bits) continue;
          assert.equal(isInNetwork(words, network), value >> shift === left >> shift);
        }
      }),
      { numRuns: 3_000 },
    );
  });

  test("C09 networks are refused for their form or for bits behind the prefix", () => {
    assert.equal(parseNetwork("10.0.0.0/8/8"), "malformed");
    assert.equal(parseNetwork("10.0.0.0/08"), "malformed");
    assert.equal(parseNetwork("/8"), "malformed");
    assert.equal(parseNetwork("::/129"), "malformed");
    assert.equal(parseNetwork("10.0.0.128/24"), "host_bits");
    assert.equal(parseNetwork("::1/64"), "host_bits");
    assert.notEqual(typeof parseNetwork("10.0.0.128/25"), "string");
    assert.notEqual(typeof parseNetwork("0.0.0.0/0"), "string");
    assert.notEqual(typeof parseNetwork("::1/128"), "string");
  });
});

/** An address as one number; null where it is an IPv4 address written as IPv6, which is another family by then. */
function wide(text: string): bigint | null {
  const words = parseAddress(text);
  if (words === null || (words.length === 1) !== isIPv4(text)) return null;
  return words.reduce((sum, word) => (sum << 32n) | BigInt(word), 0n);
}

function wordsOf(value: bigint, bits: number): readonly number[] {
  const shifts = bits === 32 ? [0n] : [96n, 64n, 32n, 0n];
  return shifts.map((shift) => Number((value >> shift) & 0xffff_ffffn));
}
