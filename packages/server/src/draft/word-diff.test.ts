import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { DiffPart } from "@tillwatch/wire";
import { diffWords } from "./word-diff.ts";

const without = (parts: readonly DiffPart[], kind: DiffPart["kind"]) =>
  parts.filter((part) => part.kind !== kind).map(({ text }) => text).join(""); // prettier-ignore

// Few words, so that texts have much in common; any characters, so that nothing is too odd.
const words = fc.array(
  fc.constantFrom("the", "red", "car", "van", "fünf", "警察", " ", "  ", "\n", ".", "👮🏽", "1.234"),
  { maxLength: 60 },
);
const someText = fc.oneof(words.map((list) => list.join("")), words.map((list) => list.join(" ")), fc.string({ unit: "binary" }), fc.string()); // prettier-ignore

test("O12 a comparison gives the draft without what was added, and the accepted text without what was removed", () => {
  fc.assert(
    fc.property(someText, someText, (before, after) => {
      const { parts, changes } = diffWords(before, after);
      assert.equal(without(parts, "added"), before);
      assert.equal(without(parts, "removed"), after);
      assert.ok(parts.every(({ text }) => text !== ""));
      if (before === after) assert.deepEqual([changes.removed, changes.added], [0, 0]);
    }),
    { numRuns: 400 },
  );
});

test("O12 words are counted as people count them, in any script", () => {
  const cases: readonly (readonly [string, string, readonly [number, number, number]])[] = [
    ["", "", [0, 0, 0]],
    ["One man took two bottles.", "One man took two bottles.", [5, 0, 0]],
    ["One man took two bottles.", "One man took three bottles of gin.", [4, 1, 3]],
    ["the red car", "a blue van", [0, 3, 3]],
    ["gone.", "gone!", [1, 0, 0]],
    ["Der Dieb lief weg", "", [0, 4, 0]],
    ["Вор взял бутылку", "Вор взял две бутылки", [2, 1, 2]],
    ["他拿了酒", "他拿了水", [3, 1, 1]],
  ];
  for (const [before, after, [kept, removed, added]] of cases) {
    assert.deepEqual(diffWords(before, after).changes, { kept, removed, added, whole: true }, `${before} | ${after}`);
  }
  const joined = diffWords("the red car stood", "a blue van stood").parts;
  assert.deepEqual(joined, [
    { kind: "removed", text: "the red car" },
    { kind: "added", text: "a blue van" },
    { kind: "same", text: " stood" },
  ]);
});

test("O12 texts made to be slow are given up on after a bounded number of edits, and say so", () => {
  const letters = (of: string, n: number) =>
    Array.from({ length: n }, (_, at) => of.charAt((at * 7919) % of.length)).join(" ");
  const [before, after] = [`Begin. ${letters("abcdefg", 5_000)} End.`, `Begin. ${letters("tuvwxyz", 5_000)} End.`];
  const { parts, changes } = diffWords(before.slice(0, 10_000), after.slice(0, 10_000));
  assert.equal(changes.whole, false);
  assert.equal(without(parts, "added"), before.slice(0, 10_000));
  assert.equal(without(parts, "removed"), after.slice(0, 10_000));
  assert.deepEqual(parts[0], { kind: "same", text: "Begin. " });
});
