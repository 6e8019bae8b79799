import { isBreak, skipSpaces, type PlainLines } from "./plain-lines.ts";
import { isPlainStart, isQuote, quotedAt, scalarOf, withoutSpaces } from "./plain-scalar.ts";
import { depthMax, type YamlEntry, type YamlNode } from "./yaml-node.ts";

const flowIndicators: ReadonlySet<string | undefined> = new Set(",[]{}".split(""));

/**
 * Reads what stands in brackets: `[a, 'b', [c]]`, `{ a: b, "c": [] }`, over several lines too where a line ends behind a bracket, a comma, a colon or a whole
 * value, and the next holds something and is indented more than `parentIndent`. A comma may stand before the closing bracket.
 * Everything answers null where it is not sure: pairs in a list, keys without a value, comments.
 */
export class PlainFlow {
  readonly #lines: PlainLines;
  readonly #parentIndent: number;
  /** Offset of what is read next; behind the closing bracket in the end. */
  at: number;

  constructor(lines: PlainLines, from: { readonly at: number; readonly parentIndent: number }) {
    this.#lines = lines;
    this.at = from.at;
    this.#parentIndent = from.parentIndent;
  }

  read(depth: number): YamlNode | null {
    if (depth > depthMax) return null;
    switch (this.#lines.text.charAt(this.at)) {
      case "[":
        return this.#readList(depth);
      case "{":
        return this.#readMap(depth);
      default:
        return this.#readScalar();
    }
  }

  #readList(depth: number): YamlNode | null {
    const place = this.#lines.placeOf(this.at);
    const items: YamlNode[] = [];
    for (let more = this.#open("]"); more; more = this.#goOn("]")) {
      const item = this.read(depth + 1);
      if (item === null) return null;
      items.push(item);
    }
    return this.#isClosed("]") ? { kind: "list", items, place } : null;
  }

  #readMap(depth: number): YamlNode | null {
    const place = this.#lines.placeOf(this.at);
    const entries: YamlEntry[] = [];
    const seen = new Set<string>();
    for (let more = this.#open("}"); more; more = this.#goOn("}")) {
      const keyPlace = this.#lines.placeOf(this.at);
      const key = this.#readKey();
      if (key === null || seen.has(key)) return null;
      seen.add(key);
      this.#skipGap();
      const value = this.read(depth + 1);
      if (value === null) return null;
      entries.push({ key, keyPlace, value });
    }
    return this.#isClosed("}") ? { kind: "map", entries, place } : null;
  }

  /** Behind the opening bracket: whether there is a first thing. */
  #open(closing: string): boolean {
    this.at += 1;
    this.#skipGap();
    return this.#lines.text[this.at] !== closing;
  }

  /** Behind a thing: whether there is another, behind a comma. */
  #goOn(closing: string): boolean {
    this.#skipGap();
    return this.#lines.text[this.at] === "," && this.#open(closing);
  }

  #isClosed(closing: string): boolean {
    if (this.#lines.text[this.at] !== closing) return false;
    this.at += 1;
    return true;
  }

  /** Behind the key's colon. */
  #readKey(): string | null {
    const { text, end } = this.#lines;
    const from = this.at;
    const quoted = isQuote(text[from]) ? quotedAt(text, from) : null;
    const colon = quoted?.end ?? this.#plainEnd();
    if (colon >= end || text[colon] !== ":" || !isBreak(text, colon + 1) || text[colon - 1] === " ") return null;
    this.at = colon + 1;
    if (quoted !== null) return quoted.value;
    const key = text.slice(from, colon);
    return key === "" || key === "<<" ? null : key;
  }

  #readScalar(): YamlNode | null {
    const { text } = this.#lines;
    const start = { at: this.at, place: this.#lines.placeOf(this.at) };
    if (isQuote(text[this.at])) {
      const quoted = quotedAt(text, this.at);
      if (quoted === null) return null;
      this.at = quoted.end;
      return scalarOf(text, quoted.value, { ...start, isPlain: false });
    }
    const end = this.#plainEnd();
    this.at = end;
    const source = text.slice(start.at, withoutSpaces(text, end));
    return source === "" ? null : scalarOf(text, source, { ...start, isPlain: true });
  }

  /** Where a plain text ends that begins here: at a comma or bracket, at a colon that may end a key, at a comment, or with the line; where it cannot begin at all, here. */
  #plainEnd(): number {
    const { text, end } = this.#lines;
    let at = this.at;
    if (!isPlainStart(text, at) || (/[-?:]/.test(text[at] ?? "") && flowIndicators.has(text[at + 1]))) return at;
    for (; at < end; at += 1) {
      const one = text[at];
      if (flowIndicators.has(one)) return at;
      if (one === ":" && (isBreak(text, at + 1) || flowIndicators.has(text[at + 1]))) return at;
      if (one === "#" && text[at - 1] === " ") return at;
    }
    return end;
  }

  /** Over spaces and the end of a line; where the next line is not within the brackets, behind the text, where there is nothing to read. */
  #skipGap(): void {
    const lines = this.#lines;
    this.at = skipSpaces(lines.text, this.at);
    if (this.at < lines.end) return;
    lines.step();
    this.at = lines.indent > this.#parentIndent ? lines.first : lines.text.length;
  }
}
