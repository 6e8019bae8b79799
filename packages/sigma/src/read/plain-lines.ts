import type { Place } from "../problem.ts";

const newline = 10;
const space = 32;
const outside = -1;

/**
 * Walks over a text line by line. It rests on one line; `indent` and the offsets tell of that line, so whoever needs the place of something
 * asks before stepping on. At a document's marker and behind the text `indent` is -1, less than that of any block: so blocks end there by themselves.
 */
export class PlainLines {
  readonly text: string;
  /** Spaces before the first character. */
  indent = outside;
  /** Offset of the first character that is no space; on a blank line where it ends. */
  first = 0;
  /** Offset behind the last character that is no space. */
  end = 0;
  isBlank = false;
  marker: "---" | "..." | null = null;
  /** 1-based; 0 before the first step. */
  #number = 0;
  #start = 0;
  #endWithSpaces = -1;

  constructor(text: string) {
    this.text = text;
  }

  /** To the next line, whatever it holds. */
  step(): void {
    const { text } = this;
    this.#start = this.#endWithSpaces + 1;
    this.#number += 1;
    this.marker = null;
    if (this.#start > text.length) return this.#stayBehind();
    const lineEnd = text.indexOf("\n", this.#start);
    this.#endWithSpaces = lineEnd === -1 ? text.length : lineEnd;
    this.first = skipSpaces(text, this.#start);
    this.end = this.#endWithSpaces;
    while (this.end > this.first && text.charCodeAt(this.end - 1) === space) this.end -= 1;
    this.isBlank = this.first === this.#endWithSpaces;
    this.indent = this.first - this.#start;
    if (this.indent === 0) this.#markerHere();
  }

  /** To the next line that holds something: blank lines and comments are passed over. */
  next(): void {
    this.step();
    this.settle();
  }

  /** As `next`, from this line on. */
  settle(): void {
    while (this.isBlank || this.isComment) this.step();
  }

  get isComment(): boolean {
    return this.text[this.first] === "#";
  }

  /** Whether nothing but a comment follows on this line; one needs a space before it. */
  endsAt(at: number): boolean {
    const behind = skipSpaces(this.text, at);
    return behind >= this.end || (behind > at && this.text[behind] === "#");
  }

  /** The line as it is, spaces at its end too, from the column on where a block's content begins; null for a blank line that is longer than that. */
  contentFrom(indent: number): string | null {
    if (!this.isBlank) return this.text.slice(this.#start + indent, this.#endWithSpaces);
    return this.indent > indent ? null : "";
  }

  columnOf(at: number): number {
    return at - this.#start;
  }

  placeOf(at: number): Place {
    return { line: this.#number, column: at - this.#start + 1 };
  }

  #markerHere(): void {
    const { text, first } = this;
    const marker = text.startsWith("---", first) ? "---" : text.startsWith("...", first) ? "..." : null;
    if (marker === null || !isBreak(text, first + 3)) return;
    this.marker = marker;
    this.indent = outside;
  }

  #stayBehind(): void {
    this.indent = outside;
    this.isBlank = false;
    this.first = this.end = this.text.length;
  }
}

/** Offset of the next character that is no space. */
export function skipSpaces(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) === space) at += 1;
  return at;
}

/** Whether a word that ends before `at` ends there: by a space, the line or the text. */
export function isBreak(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === space || code === newline || at >= text.length;
}
