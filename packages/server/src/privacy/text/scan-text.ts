import { maskableIn } from "@tillwatch/wire";
import { wordsOf, type IdentifierKind } from "./identifiers.ts";

/** What a scanner found, without the find itself: the kind and where. */
export type ScanFinding = {
  readonly kind: "card" | "iban" | "phone" | "mail" | "plate" | "token" | "known_person";
  readonly line: number;
};

// Number plates as they are written in Europe: letters and digits in groups that nothing else here has.
const plates =
  /(?<![\p{L}\p{N}_-])(?:[A-ZÄÖÜ]{1,3}[- ][A-Z]{1,2} ?\d{1,4}[EH]?|[A-Z]{2}-\d{3}-[A-Z]{2}|[A-Z]{2}\d{2} ?[A-Z]{3}|\d-[A-Z]{3}-\d{3}|\d{1,2}-[A-Z]{2,3}-\d{1,2}|[A-Z]{2}-\d{2}-\d{2})(?![\p{L}\p{N}_-])/gu;
const tokens = /\b(?:user|person|staff|member|customer|employee|reporter|service|anonymous):[A-Za-z0-9._-]{2,}/g;
const sealed = /tw1\.[A-Za-z0-9_-]{22}\./g;

/** Everything of a text that is a person's by its form. Names are not: `nameCandidates` is for those. */
export function scanForm(text: string): readonly ScanFinding[] {
  const lineOf = lineCounter(text);
  return [
    ...maskableIn(text).map(({ kind, from }): ScanFinding => ({ kind, line: lineOf(from) })),
    ...[...text.matchAll(plates)].map(({ index }): ScanFinding => ({ kind: "plate", line: lineOf(index) })),
    ...[...text.matchAll(tokens), ...text.matchAll(sealed)].map(({ index }): ScanFinding => ({
      kind: "token",
      line: lineOf(index),
    })),
  ];
}

function lineCounter(text: string): (at: number) => number {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return (at) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  };
}

export type Candidate = { readonly kind: IdentifierKind; readonly value: string; readonly line: number };

const wordsOfNameMax = 4;
const candidatesMax = 200_000;

/**
 * What could be an identifier of somebody who is known: every run of two to four words as a name (one word alone names nobody: it would
 * find every "Rose"), and every word with digits as a number or plate. Each once. Answers null for a text with too many to look up.
 */
export function nameCandidates(text: string): readonly Candidate[] | null {
  const found = new Map<string, Candidate>();
  const add = (kind: IdentifierKind, value: string, line: number): void => {
    const key = `${kind} ${value}`;
    if (!found.has(key)) found.set(key, { kind, value, line });
  };
  for (const [index, line] of text.split("\n").entries()) {
    const words = wordsOf(line);
    for (let at = 0; at < words.length; at += 1) {
      for (let count = 2; count <= wordsOfNameMax && at + count <= words.length; count += 1) {
        add(
          "name",
          words
            .slice(at, at + count)
            .sort()
            .join(" "),
          index + 1,
        );
      }
    }
    for (const [word] of line.matchAll(/[\p{L}\p{N}-]*\p{N}[\p{L}\p{N}-]*/gu)) {
      add("plate", word, index + 1);
      add("member_number", word, index + 1);
    }
    if (found.size > candidatesMax) return null;
  }
  return [...found.values()];
}
