import { rowBytesMax } from "./row-json.ts";
import type { Refusal } from "./refusal.ts";

/** A row of a body: its bytes, or why they were not kept. `index` is 0-based; blank lines and separators do not count. */
export type Row =
  | { readonly kind: "bytes"; readonly index: number; readonly bytes: Uint8Array }
  | { readonly kind: "refused"; readonly index: number; readonly refusal: Refusal };

/** `lines`: NDJSON. `json`: one value, or an array whose elements are the rows. */
export type Framing = "lines" | "json";

const [newline, quote, comma, backslash] = [0x0a, 0x22, 0x2c, 0x5c];
const [openBracket, closeBracket, openBrace, closeBrace] = [0x5b, 0x5d, 0x7b, 0x7d];

const tooLarge: Refusal = {
  code: "signal_row_too_large",
  pointer: "",
  message: `the row has more than ${rowBytesMax} bytes`,
};
const truncated: Refusal = {
  code: "signal_row_truncated",
  pointer: "",
  message: "the body ends inside of this row",
};
const behindTheList: Refusal = {
  code: "signal_row_not_json",
  pointer: "",
  message: "something stands behind the closing bracket of the list",
};

/**
 * Cuts a body into rows as its chunks arrive, holding no more than one row (256 KiB; the rest of a larger one is skipped unread).
 * It only finds where rows end: whether a row is JSON is for parseRow, so that a bad row costs no other.
 */
export class RowSplitter {
  readonly #framing: Framing;
  readonly #held: Uint8Array[] = [];
  #heldBytes = 0;
  #oversized = false;
  #index = 0;
  #place: "before" | "inside_array" | "single" | "after" = "before";
  #depth = 0;
  #inText = false;
  #escaped = false;
  #sawValue = false;
  #rubbishBehind = false;

  constructor(framing: Framing) {
    this.#framing = framing;
  }

  /** True once it is known that the body is one single value and not a list of rows. */
  get isSingle(): boolean {
    return this.#framing === "json" && this.#place === "single";
  }

  /** True once it is known that the body is a list of rows, which may be empty. */
  get isList(): boolean {
    return this.#place === "inside_array" || this.#place === "after";
  }

  push(chunk: Uint8Array): Row[] {
    return this.#framing === "lines" ? this.#pushLines(chunk) : this.#pushJson(chunk);
  }

  /** The rest, when the body has ended. */
  end(): Row[] {
    const rows: Row[] = [];
    if (this.#framing === "lines" || this.#place === "single") {
      this.#finish(rows);
    } else if (this.#place === "inside_array") {
      this.#drop();
      rows.push({ kind: "refused", index: this.#index++, refusal: truncated });
    } else if (this.#rubbishBehind) {
      rows.push({ kind: "refused", index: this.#index++, refusal: behindTheList });
    }
    return rows;
  }

  #pushLines(chunk: Uint8Array): Row[] {
    const rows: Row[] = [];
    let from = 0;
    for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, from)) {
      this.#keep(chunk.subarray(from, at));
      this.#finish(rows);
      from = at + 1;
    }
    this.#keep(chunk.subarray(from));
    return rows;
  }

  #pushJson(chunk: Uint8Array): Row[] {
    const rows: Row[] = [];
    let from = 0;
    if (this.#place === "before") {
      while (from < chunk.length && isSpace(chunk[from] ?? 0)) from++;
      if (from === chunk.length) return rows;
      this.#place = chunk[from] === openBracket ? "inside_array" : "single";
      if (this.#place === "inside_array") from++;
    }
    if (this.#place === "single") this.#keep(chunk.subarray(from));
    else if (this.#place === "inside_array") from = this.#scanArray(chunk, { from, rows });
    if (this.#place === "after") this.#rubbishBehind ||= !chunk.subarray(from).every(isSpace);
    return rows;
  }

  // Answers where it stopped: behind the closing bracket, or at the end of the chunk.
  #scanArray(chunk: Uint8Array, at: { from: number; rows: Row[] }): number {
    let rowStart = at.from;
    for (let index = at.from; index < chunk.length; index++) {
      const byte = chunk[index] ?? 0;
      if (this.#inText) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === backslash) this.#escaped = true;
        else if (byte === quote) this.#inText = false;
      } else if (byte === quote) this.#inText = true;
      else if (byte === openBrace || byte === openBracket) this.#depth++;
      else if (this.#depth > 0 && (byte === closeBrace || byte === closeBracket)) this.#depth--;
      else if (this.#depth === 0 && (byte === comma || byte === closeBracket)) {
        this.#keep(chunk.subarray(rowStart, index));
        rowStart = index + 1;
        this.#finishElement(at.rows, byte === closeBracket);
        if (byte === closeBracket) {
          this.#place = "after";
          return rowStart;
        }
      }
    }
    this.#keep(chunk.subarray(rowStart));
    return chunk.length;
  }

  // `[]` and a comma before the closing bracket are no row; two commas in a row are an empty one, refused by parseRow.
  #finishElement(rows: Row[], last: boolean): void {
    const blank = !this.#oversized && this.#held.every((part) => part.every(isSpace));
    if (blank && last && !this.#sawValue) this.#drop();
    else this.#emit(rows);
    this.#sawValue = true;
  }

  #finish(rows: Row[]): void {
    const blank = !this.#oversized && this.#held.every((part) => part.every(isSpace));
    if (blank) this.#drop();
    else this.#emit(rows);
  }

  #keep(part: Uint8Array): void {
    if (this.#oversized || part.length === 0) return;
    this.#heldBytes += part.length;
    if (this.#heldBytes > rowBytesMax) {
      this.#held.length = 0;
      this.#oversized = true;
    } else this.#held.push(part);
  }

  #emit(rows: Row[]): void {
    const index = this.#index++;
    if (this.#oversized) rows.push({ kind: "refused", index, refusal: tooLarge });
    else rows.push({ kind: "bytes", index, bytes: joined(this.#held, this.#heldBytes) });
    this.#drop();
  }

  #drop(): void {
    this.#held.length = 0;
    this.#heldBytes = 0;
    this.#oversized = false;
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

function joined(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  if (parts.length === 1 && parts[0] !== undefined) return parts[0];
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
