import assert from "node:assert/strict";
import { test } from "node:test";
import { boxBetween, boxOf, cornersOf, inside, isAt, moved, withSide, type Corner } from "./areas.ts";

const box = { left: 100, top: 200, right: 300, bottom: 500 };

test("J02 J19 a rectangle is its corners, in any order; another shape is none", () => {
  assert.deepEqual(boxOf(cornersOf(box)), box);
  assert.deepEqual(boxOf(cornersOf(box).toReversed()), box);
  const others: readonly (readonly Corner[])[] = [
    [],
    cornersOf(box).slice(1),
    [...cornersOf(box), [400, 400]],
    [[100, 200], [300, 200], [300, 500], [120, 480]], // prettier-ignore
    [[100, 200], [300, 200], [300, 200], [100, 500]], // prettier-ignore
  ];
  for (const corners of others) assert.equal(boxOf(corners), null, JSON.stringify(corners));
});

test("J02 what is drawn from any corner to any other lies in the picture, and a slip is nothing", () => {
  assert.deepEqual(boxBetween([300, 500], [100, 200]), box);
  assert.deepEqual(boxBetween([-40, 990.4], [120.6, 4000]), { left: 0, top: 990, right: 121, bottom: 1000 });
  assert.equal(boxBetween([100, 100], [105, 400]), null);
  assert.equal(boxBetween([100, 100], [100, 100]), null);
  assert.equal(boxBetween([1200, 100], [1900, 400]), null, "beside the picture");
});

test("J02 what is moved keeps its shape and stays in the picture", () => {
  assert.deepEqual(boxOf(moved(cornersOf(box), [50, -60])), { left: 150, top: 140, right: 350, bottom: 440 });
  assert.deepEqual(boxOf(moved(cornersOf(box), [-999, 999])), { left: 0, top: 700, right: 200, bottom: 1000 });
  const triangle: readonly Corner[] = [[0, 0], [10, 0], [5, 10]]; // prettier-ignore
  assert.deepEqual(moved(triangle, [-5, 3]), [[0, 3], [10, 3], [5, 13]]); // prettier-ignore
});

test("J02 a side moves alone, and never past the other", () => {
  assert.deepEqual(withSide(box, "left", 250), { ...box, left: 250 });
  assert.deepEqual(withSide(box, "left", 900), { ...box, left: 290 });
  assert.deepEqual(withSide(box, "top", -5), { ...box, top: 0 });
  assert.deepEqual(withSide(box, "right", 0), { ...box, right: 110 });
  assert.deepEqual(withSide(box, "bottom", 2000), { ...box, bottom: 1000 });
});

test("J02 an area of a clip is there during its time, of a picture always", () => {
  const area = { corners: cornersOf(box), during: { fromMs: 1000, toMs: 2000 } };
  assert.deepEqual(
    [999, 1000, 2000, 2001, null].map((ms) => isAt(area, ms)),
    [false, true, true, false, true],
  );
  assert.equal(isAt({ ...area, during: null }, 5), true);
  assert.deepEqual([-1, 0.4, 999.6, 1001].map(inside), [0, 0, 1000, 1000]);
});
