import { diffArrays } from "diff";
import type { DiffPart, DraftChanges } from "@tillwatch/wire";

/**
 * Two texts compared word by word: the parts without the added ones are `before`, those without the removed ones are `after`, letter by letter.
 * Bounded by work and not by time, so that the same texts are compared in the same way everywhere and the figures may go on the record: texts
 * that differ in more than `editsMax` words and spaces are compared by their common beginning and end (`whole` false).
 */
export function diffWords(
  before: string,
  after: string,
): { readonly parts: readonly DiffPart[]; readonly changes: DraftChanges } {
  const [old, fresh] = [tokensOf(before), tokensOf(after)];
  const found = diffArrays(old, fresh, { maxEditLength: editsMax });
  const raw: readonly DiffPart[] =
    found === undefined
      ? outside(old, fresh)
      : found.map(({ added, removed, value }) => ({
          kind: added ? "added" : removed ? "removed" : "same",
          text: value.join(""),
        }));
  return { parts: readable(raw), changes: { ...countsOf(raw), whole: found !== undefined } };
}

// Two texts of the longest kind with nothing in common are given up on after about a tenth of a second.
const editsMax = 1_000;

// Scripts that put no space between words: each character is one.
const unspaced = String.raw`\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}`;
const token = new RegExp(String.raw`[[\p{L}\p{N}\p{M}]--[${unspaced}]]+|\s+|[\s\S]`, "gv");
const word = /[\p{L}\p{N}]/u;

function tokensOf(text: string): string[] {
  return text.match(token) ?? [];
}

function outside(old: readonly string[], fresh: readonly string[]): readonly DiffPart[] {
  const most = Math.min(old.length, fresh.length);
  let head = 0;
  while (head < most && old[head] === fresh[head]) head += 1;
  let tail = 0;
  while (tail < most - head && old.at(-1 - tail) === fresh.at(-1 - tail)) tail += 1;
  const parts: readonly DiffPart[] = [
    { kind: "same", text: old.slice(0, head).join("") },
    { kind: "removed", text: old.slice(head, old.length - tail).join("") },
    { kind: "added", text: fresh.slice(head, fresh.length - tail).join("") },
    { kind: "same", text: old.slice(old.length - tail).join("") },
  ];
  return parts.filter(({ text }) => text !== "");
}

/** "the red car" for "a blue van" is one change and not three: a space alone between two changes joins them. */
function readable(parts: readonly DiffPart[]): readonly DiffPart[] {
  const joined: DiffPart[] = [];
  let [removed, added] = ["", ""];
  const close = () => {
    if (removed !== "") joined.push({ kind: "removed", text: removed });
    if (added !== "") joined.push({ kind: "added", text: added });
    [removed, added] = ["", ""];
  };
  for (const [at, part] of parts.entries()) {
    const within =
      part.kind === "same" && /^[^\S\n]+$/.test(part.text) && removed !== "" && added !== "" && parts.length > at + 1;
    if (part.kind !== "added") {
      if (part.kind === "removed" || within) removed += part.text;
      else {
        close();
        joined.push(part);
      }
    }
    if (part.kind === "added" || within) added += part.text;
  }
  close();
  return joined;
}

function countsOf(parts: readonly DiffPart[]): Omit<DraftChanges, "whole"> {
  const of = (kind: DiffPart["kind"]) =>
    parts
      .filter((part) => part.kind === kind)
      .reduce((sum, { text }) => sum + tokensOf(text).filter((one) => word.test(one)).length, 0);
  return { kept: of("same"), removed: of("removed"), added: of("added") };
}
