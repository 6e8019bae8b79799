import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { escapeTextPattern, parseTextPattern, plainText, type Token } from "./text-pattern.ts";
import { compileWildcard } from "./wildcard.ts";

// Few letters, so that patterns and texts meet often; two that share the first half of their surrogate pairs.
const letters = fc.constantFrom("a", "b", "\n", "😀", "😁", "\\");
const texts = fc.array(letters, { maxLength: 12 }).map((list) => list.join(""));
const patterns = fc
  .array(fc.oneof(letters, fc.constantFrom("*", "?", "\\*", "\\?", "\\\\")), { maxLength: 8 })
  .map((list) => list.join(""));

/** The meaning of a pattern, spelled out by characters without any cleverness. */
function naive(tokens: readonly Token[], text: string): boolean {
  const parts = tokens.flatMap((token): readonly (string | Token)[] =>
    "literal" in token ? Array.from(token.literal) : [token],
  );
  const fits = (rest: readonly (string | Token)[], characters: readonly string[]): boolean => {
    const [head, ...tail] = rest;
    if (head === undefined) return characters.length === 0;
    if (typeof head === "string") return characters[0] === head && fits(tail, characters.slice(1));
    if ("wildcard" in head && head.wildcard === "one") return characters.length > 0 && fits(tail, characters.slice(1));
    return fits(tail, characters) || (characters.length > 0 && fits(rest, characters.slice(1)));
  };
  return fits(parts, Array.from(text));
}

describe("wildcards", () => {
  test("C09 the matcher agrees with a naive reference", () => {
    fc.assert(
      fc.property(patterns, texts, (pattern, text) => {
        const tokens = parseTextPattern(pattern);
        assert.equal(compileWildcard(tokens)(text), naive(tokens, text));
      }),
      { numRuns: 20_000 },
    );
  });

  test("C09 text made from the pattern itself matches", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(letters, fc.constantFrom("*", "?")), { maxLength: 8 }), texts, (parts, filler) => {
        const pattern = parts.map((part) => (part === "*" || part === "?" ? part : escapeTextPattern(part))).join("");
        const text = parts.map((part) => (part === "*" ? filler : part === "?" ? "b" : part)).join("");
        assert.ok(compileWildcard(parseTextPattern(pattern))(text));
      }),
    );
  });

  test("C09 an escaped text is that text alone", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        assert.equal(plainText(parseTextPattern(escapeTextPattern(text))), text);
      }),
    );
  });

  test("C09 backslashes escape as the specification's list says", () => {
    const many: Token = { wildcard: "many" };
    const one: Token = { wildcard: "one" };
    const rows: readonly (readonly [string, readonly Token[]])[] = [
      ["", []],
      ["\\", [{ literal: "\\" }]],
      ["\\\\", [{ literal: "\\" }]],
      ["\\\\\\", [{ literal: "\\\\" }]],
      ["\\\\\\\\", [{ literal: "\\\\" }]],
      ["C:\\Windows", [{ literal: "C:\\Windows" }]],
      ["\\*", [{ literal: "*" }]],
      ["\\?", [{ literal: "?" }]],
      ["\\\\*", [{ literal: "\\" }, many]],
      ["\\\\\\*", [{ literal: "\\*" }]],
      ["\\\\\\\\*", [{ literal: "\\\\" }, many]],
      ["a**b", [{ literal: "a" }, many, { literal: "b" }]],
      ["*?*", [many, one, many]],
      ["\\a", [{ literal: "\\a" }]],
    ];
    for (const [source, tokens] of rows) assert.deepEqual(parseTextPattern(source), tokens, source);
  });

  test("C09 a hostile pattern costs at most pattern length times text length", () => {
    const text = "a".repeat(200_000);
    for (const pattern of [
      `${"*a".repeat(500)}*b`,
      `${"?*".repeat(500)}b`,
      `*${"a?".repeat(100)}b*`,
      `*${"a".repeat(1000)}b*`,
    ]) {
      assert.equal(compileWildcard(parseTextPattern(pattern))(text), false);
    }
  });
});
