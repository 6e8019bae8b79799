import type { Place } from "../problem.ts";
import { PlainFlow } from "./plain-flow.ts";
import { isBreak, PlainLines, skipSpaces } from "./plain-lines.ts";
import {
  emptyScalar,
  isPlainStart,
  isQuote,
  plainEnd,
  quotedAt,
  readBlockText,
  readPlain,
  scalarOf,
} from "./plain-scalar.ts";
import { depthMax, documentsMax, nodesMax, type YamlEntry, type YamlNode } from "./yaml-node.ts";

/**
 * Reads the plain part of YAML 1.2, that which rules are written in: the nodes that `readLibraryYaml` answers, or null at the first thing that
 * it is not sure of. It never says that something is wrong: null means "ask the library".
 *
 * What it reads: documents between `---` and `...`, maps and lists by indentation (`- a: 1`, `- - a`, a list below its key at the
 * key's own column), plain texts over several lines, quoted texts of one line, `|` and `>` with or without `-`, brackets, comments.
 * What it leaves: anchors, aliases, tags, directives, `? `, `<<`, keys that stand twice, a document that is neither map nor list, tabs and
 * other control characters, line ends of Windows, escapes by number, anything nested deeper or larger than the limits, everything that is an error.
 *
 * Takes linear time; recursion ends at `depthMax`.
 */
export function readPlainYaml(text: string): readonly YamlNode[] | null {
  // No more nodes than characters: so the library's limit of nodes holds without counting.
  return text.length >= nodesMax || oddCharacter.test(text) ? null : new PlainReader(text).readDocuments();
}

/** Control characters, tabs among them, line ends that are not `\n`, byte order marks. */
const oddCharacter = /[^\n -~\u00a0-\u2027\u202a-\ufefe\uff00-\uffff]/;

/** The library allows 1,024 up to the colon, and counts from where it sees the key begin. */
const keyLengthMax = 1_000;

type Key = { readonly key: string; readonly keyPlace: Place; readonly behind: number };
type Within = { readonly parentIndent: number; readonly depth: number };

/** Each of its readers begins at an offset of the line that `#lines` rests on, and leaves `#lines` on the next line that holds something and is not its own. */
class PlainReader {
  readonly #lines: PlainLines;

  constructor(text: string) {
    this.#lines = new PlainLines(text);
  }

  readDocuments(): readonly YamlNode[] | null {
    const lines = this.#lines;
    const documents: YamlNode[] = [];
    let markers = 0;
    let isOpen = false;
    lines.next();
    for (;;) {
      if (lines.indent >= 0) {
        const document = isOpen ? null : this.#readBlock(lines.first, { parentIndent: -1, depth: 0 });
        if (document === null || document.kind === "scalar") return null;
        documents.push(document);
        isOpen = true;
        continue;
      }
      if (lines.marker === null) break;
      const isEnd = lines.marker === "...";
      markers += 1;
      if (lines.end !== lines.first + 3 || (isEnd && !isOpen) || markers >= documentsMax) return null;
      isOpen = false;
      lines.next();
    }
    return documents;
  }

  /** What begins at `at`, be it the line's first character or behind the dash of a list. */
  #readBlock(at: number, within: Within): YamlNode | null {
    if (this.#isDash(at)) return this.#readList(at, within.depth);
    const key = this.#keyAt(at);
    return key === null ? this.#readInline(at, within) : this.#readMap(at, key, within.depth);
  }

  #readMap(at: number, firstKey: Key, depth: number): YamlNode | null {
    const lines = this.#lines;
    const indent = lines.columnOf(at);
    const entries: YamlEntry[] = [];
    const seen = new Set<string>();
    let next: Key | null = firstKey;
    for (;;) {
      if (next === null || seen.has(next.key)) return null;
      const { key, keyPlace, behind } = next;
      seen.add(key);
      const value = this.#readValue(behind, { parentIndent: indent, depth: depth + 1 });
      if (value === null || lines.indent > indent) return null;
      entries.push({ key, keyPlace, value });
      if (lines.indent < indent) return { kind: "map", entries, place: firstKey.keyPlace };
      next = this.#keyAt(lines.first);
    }
  }

  #readList(at: number, depth: number): YamlNode | null {
    const lines = this.#lines;
    const indent = lines.columnOf(at);
    const place = lines.placeOf(at);
    const items: YamlNode[] = [];
    let dash = at;
    do {
      const item = this.#readItem(dash + 1, { parentIndent: indent, depth: depth + 1 });
      if (item === null || lines.indent > indent) return null;
      items.push(item);
      dash = lines.first;
    } while (lines.indent === indent && this.#isDash(dash));
    return { kind: "list", items, place };
  }

  /** What stands behind the colon of a key, or below it; a list may stand at the key's own column. */
  #readValue(behind: number, within: Within): YamlNode | null {
    if (within.depth > depthMax) return null;
    const lines = this.#lines;
    const at = skipSpaces(lines.text, behind);
    if (!lines.endsAt(behind)) return this.#readInline(at, within);
    const place = lines.placeOf(at);
    lines.next();
    const isListBelow = lines.indent === within.parentIndent && this.#isDash(lines.first);
    return isListBelow ? this.#readList(lines.first, within.depth) : this.#readBelow(place, within);
  }

  /** What stands behind the dash of a list, or below it. */
  #readItem(behind: number, within: Within): YamlNode | null {
    if (within.depth > depthMax) return null;
    const lines = this.#lines;
    const at = skipSpaces(lines.text, behind);
    if (!lines.endsAt(behind)) return this.#readBlock(at, within);
    const place = lines.placeOf(at);
    lines.next();
    return this.#readBelow(place, within);
  }

  /** What is indented below a key or dash that ends at `above`; where nothing is, that is what stands there. */
  #readBelow(above: Place, within: Within): YamlNode | null {
    const lines = this.#lines;
    if (lines.indent <= within.parentIndent) return emptyScalar(above);
    const { line } = lines.placeOf(lines.first);
    const node = this.#readBlock(lines.first, within);
    // A comment between lowers the indentation by which the library sees where a text ends.
    return node?.kind === "scalar" && line > above.line + 1 ? null : node;
  }

  /** A text, a number or brackets: what has no indentation of its own. */
  #readInline(at: number, { parentIndent, depth }: Within): YamlNode | null {
    const lines = this.#lines;
    const first = lines.text.charAt(at);
    if (first === "[" || first === "{") {
      const flow = new PlainFlow(lines, { at, parentIndent });
      const node = flow.read(depth);
      return node !== null && this.#endLine(flow.at) ? node : null;
    }
    const isPlain = isPlainStart(lines.text, at);
    const start = { at, place: lines.placeOf(at), isPlain };
    const source = isPlain ? readPlain(lines, at, parentIndent) : this.#readMarked(at, parentIndent);
    return source === null ? null : scalarOf(lines.text, source, start);
  }

  /** A text in quotes, or a block of text. */
  #readMarked(at: number, parentIndent: number): string | null {
    const { text } = this.#lines;
    if (!isQuote(text[at])) return readBlockText(this.#lines, at, parentIndent);
    const quoted = quotedAt(text, at);
    return quoted !== null && this.#endLine(quoted.end) ? quoted.value : null;
  }

  #endLine(at: number): boolean {
    if (!this.#lines.endsAt(at)) return false;
    this.#lines.next();
    return true;
  }

  #isDash(at: number): boolean {
    return this.#lines.text[at] === "-" && isBreak(this.#lines.text, at + 1);
  }

  /** Null where no key stands at `at`, or none that is sure. */
  #keyAt(at: number): Key | null {
    const { text, end } = this.#lines;
    const quoted = isQuote(text[at]) ? quotedAt(text, at) : null;
    if (quoted === null && !isPlainStart(text, at)) return null;
    const colon = quoted?.end ?? plainEnd(text, at, end);
    if (colon >= end || text[colon] !== ":" || !isBreak(text, colon + 1)) return null;
    if (text[colon - 1] === " " || colon - at > keyLengthMax) return null;
    const key = quoted?.value ?? text.slice(at, colon);
    return key === "<<" ? null : { key, keyPlace: this.#lines.placeOf(at), behind: colon + 1 };
  }
}
