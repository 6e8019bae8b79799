import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ExactSum } from "./exact-sum.ts";

const amount = fc.double({ min: -1e300, max: 1e300, noNaN: true });

function sumOf(values: readonly number[]): number {
  const sum = new ExactSum();
  for (const value of values) sum.add(value);
  return sum.value;
}

test("C10 a sum does not depend on the order, and what is taken off leaves nothing behind", () => {
  fc.assert(
    fc.property(fc.array(amount, { maxLength: 30 }), fc.array(amount, { maxLength: 30 }), (stay, go) => {
      const sum = new ExactSum();
      for (const value of [...go, ...stay]) sum.add(value);
      for (const value of go) sum.add(-value);
      assert.equal(sum.value + 0, sumOf(stay.toReversed()) + 0);
    }),
  );
});

test("C10 a sum is the number nearest to the true one", () => {
  assert.equal(sumOf([1e100, 1, -1e100]), 1);
  assert.equal(sumOf(Array.from({ length: 10 }, () => 0.1)), 1);
  // Half a step above 1e16, and a little more: rounded up, not to even.
  assert.equal(sumOf([1e16, 1, 1e-16]), 10000000000000002);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -(2 ** 40), max: 2 ** 40 }), { maxLength: 40 }), (wholes) => {
      const exact = wholes.reduce((all, one) => all + BigInt(one), 0n);
      assert.equal(sumOf(wholes.map((one) => one / 1024)), Number(exact) / 1024);
    }),
  );
});
