import { isRun, type Token } from "./text-pattern.ts";

/**
 * Compiles a pattern to a test of whole texts. No backtracking: between two `*` the leftmost place is always right,
 * so a text is walked once per piece, and the cost is at most pattern length times text length.
 */
export function compileWildcard(tokens: readonly Token[]): (text: string) => boolean {
  const simple = compileSimple(tokens);
  if (simple !== null) return simple;
  const pieces = splitAtRuns(tokens);
  const [first, ...rest] = pieces;
  const last = rest.pop();
  if (first === undefined) return (text) => text === "";
  if (last === undefined) return (text) => matchForward(first, text, 0) === text.length;
  return (text) => {
    let at = matchForward(first, text, 0);
    if (at < 0) return false;
    for (const piece of rest) {
      at = findPiece(piece, text, at);
      if (at < 0) return false;
    }
    const lastAt = matchBackward(last, text);
    return lastAt >= at;
  };
}

/** The shapes that nearly all rules have, without a loop of our own. */
function compileSimple(tokens: readonly Token[]): ((text: string) => boolean) | null {
  const leading = isRun(tokens[0]);
  const trailing = tokens.length > 1 && isRun(tokens.at(-1));
  const middle = tokens.slice(leading ? 1 : 0, trailing ? -1 : undefined);
  if (middle.length > 1) return null;
  const [only] = middle;
  if (only === undefined) return tokens.length === 0 ? (text) => text === "" : () => true;
  if ("wildcard" in only) return null;
  const { literal } = only;
  if (leading && trailing) return (text) => text.includes(literal);
  if (leading) return (text) => text.endsWith(literal);
  if (trailing) return (text) => text.startsWith(literal);
  return (text) => text === literal;
}

/** A piece without `*`: literals, and null for one character. */
type Piece = readonly (string | null)[];

function splitAtRuns(tokens: readonly Token[]): readonly Piece[] {
  const pieces: (string | null)[][] = [[]];
  for (const token of tokens) {
    if ("literal" in token) pieces.at(-1)?.push(token.literal);
    else if (token.wildcard === "one") pieces.at(-1)?.push(null);
    else pieces.push([]);
  }
  return pieces;
}

/** Where the text continues after the piece at `from`, or -1. */
function matchForward(piece: Piece, text: string, from: number): number {
  let at = from;
  for (const part of piece) {
    if (part === null) {
      if (at >= text.length) return -1;
      at += isPairAt(text, at) ? 2 : 1;
    } else if (text.startsWith(part, at)) {
      at += part.length;
    } else {
      return -1;
    }
  }
  return at;
}

/** Where the piece begins if the text ends with it, or -1. */
function matchBackward(piece: Piece, text: string): number {
  let at = text.length;
  for (let index = piece.length - 1; index >= 0; index -= 1) {
    const part = piece[index];
    if (part === null || part === undefined) {
      if (at <= 0) return -1;
      at -= at > 1 && isPairAt(text, at - 2) ? 2 : 1;
    } else {
      at -= part.length;
      if (at < 0 || !text.startsWith(part, at)) return -1;
    }
  }
  return at;
}

/**
 * Where the text continues after the leftmost place of the piece at or behind `from`, or -1. A start
 * between the halves of a pair needs no check: the start before it has then led to the same end already.
 */
function findPiece(piece: Piece, text: string, from: number): number {
  const [head] = piece;
  if (head === undefined) return from;
  if (piece.length === 1 && head !== null) {
    const found = text.indexOf(head, from);
    return found < 0 ? -1 : found + head.length;
  }
  for (let start = from; start <= text.length; start += 1) {
    if (head !== null) {
      start = text.indexOf(head, start);
      if (start < 0) return -1;
    }
    const end = matchForward(piece, text, start);
    if (end >= 0) return end;
  }
  return -1;
}

function isPairAt(text: string, at: number): boolean {
  const high = text.charCodeAt(at);
  if (high < 0xd800 || high > 0xdbff) return false;
  const low = text.charCodeAt(at + 1);
  return low >= 0xdc00 && low <= 0xdfff;
}
