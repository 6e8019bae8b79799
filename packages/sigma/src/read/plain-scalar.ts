import type { Place } from "../problem.ts";
import { isBreak, type PlainLines } from "./plain-lines.ts";
import type { YamlScalar } from "./yaml-node.ts";

/** Where a scalar begins, its quote or `|` with it. */
export type ScalarStart = { readonly at: number; readonly place: Place; readonly isPlain: boolean };

export function scalarOf(text: string, source: string, { at, place, isPlain }: ScalarStart): YamlScalar {
  const verbatim = text.startsWith(source, isPlain ? at : at + 1);
  return {
    kind: "scalar",
    value: isPlain ? coreValue(source) : source,
    source,
    plain: isPlain,
    place: verbatim && !isPlain ? { line: place.line, column: place.column + 1 } : place,
    verbatim,
  };
}

/** A value that is not written. It stands where it would be. */
export function emptyScalar(place: Place): YamlScalar {
  return { kind: "scalar", value: null, source: "", plain: true, place, verbatim: true };
}

const escapes: ReadonlyMap<string | undefined, string> = new Map([
  ...'\\"/ '.split("").map((one) => [one, one] as const),
  ["0", "\0"],
  ["a", "\u0007"],
  ["b", "\b"],
  ["e", "\u001b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["v", "\v"],
]);

export function isQuote(one: string | undefined): boolean {
  return one === "'" || one === '"';
}

/** A text within quotes, and the offset behind the closing one. */
export type Quoted = { readonly value: string; readonly end: number };

/** Null for a text that does not end on its line, or with an escape that is not a letter alone. */
export function quotedAt(text: string, at: number): Quoted | null {
  return text[at] === "'" ? singleQuotedAt(text, at) : doubleQuotedAt(text, at);
}

function singleQuotedAt(text: string, at: number): Quoted | null {
  let close = text.indexOf("'", at + 1);
  while (close !== -1 && text[close + 1] === "'") close = text.indexOf("'", close + 2);
  const inside = text.slice(at + 1, close);
  return close === -1 || inside.includes("\n") ? null : { value: inside.replaceAll("''", "'"), end: close + 1 };
}

function doubleQuotedAt(text: string, at: number): Quoted | null {
  let value = "";
  let from = at + 1;
  for (let next = from; next < text.length; next += 1) {
    const one = text[next];
    if (one === "\n") return null;
    if (one === '"') return { value: value + text.slice(from, next), end: next + 1 };
    if (one !== "\\") continue;
    const escaped = escapes.get(text[next + 1]);
    if (escaped === undefined) return null;
    value += text.slice(from, next) + escaped;
    next += 1;
    from = next + 1;
  }
  return null;
}

/** These begin something else than a plain text. */
const indicators: ReadonlySet<string | undefined> = new Set([...` \n,[]{}#&*!|>'"%@\``.split(""), undefined]);

/** Whether a plain text can begin at `at`, outside of brackets. */
export function isPlainStart(text: string, at: number): boolean {
  const first = text[at];
  if (first === "-" || first === "?" || first === ":") return !isBreak(text, at + 1);
  return !indicators.has(first);
}

/** Where a plain text ends that begins at `at` of a line: at the colon of a key, at a comment, or with its line at `end`. */
export function plainEnd(text: string, at: number, end: number): number {
  for (let next = at; next < end; next += 1) {
    const one = text[next];
    if (one === ":" && isBreak(text, next + 1)) return next;
    if (one === "#" && text[next - 1] === " ") return next;
  }
  return end;
}

/**
 * A plain text outside of brackets, over as many lines as are indented more than `parentIndent`: joined by a space, or by as many line
 * ends as there are blank lines between. A comment ends it. Null where a line of it reads like a key.
 */
export function readPlain(lines: PlainLines, at: number, parentIndent: number): string | null {
  const { text } = lines;
  let value = "";
  let from = at;
  for (;;) {
    const end = plainEnd(text, from, lines.end);
    if (end < lines.end && text[end] === ":") return null;
    const isCommented = end < lines.end;
    value += text.slice(from, withoutSpaces(text, end));
    lines.step();
    let blanks = 0;
    for (; lines.isBlank; lines.step()) blanks += 1;
    if (isCommented || lines.isComment || lines.indent <= parentIndent) break;
    value += blanks === 0 ? " " : "\n".repeat(blanks);
    from = lines.first;
  }
  lines.settle();
  return value;
}

/** The offset `end`, moved before the spaces that stand ahead of it. */
export function withoutSpaces(text: string, end: number): number {
  let at = end;
  while (text[at - 1] === " ") at -= 1;
  return at;
}

const blockHeaders: ReadonlySet<string> = new Set(["|", "|-", ">", ">-"]);

/**
 * The text of a block, `|` or `>`, whose header stands at `at`: the lines behind it that are indented as the first of them, or more. Null for headers that say
 * more, for a block that begins with a blank line or holds nothing, and for blank lines that are longer than the indentation.
 */
export function readBlockText(lines: PlainLines, at: number, parentIndent: number): string | null {
  const header = lines.text.slice(at, lines.end);
  lines.step();
  const { indent } = lines;
  if (!blockHeaders.has(header) || lines.isBlank || indent <= parentIndent) return null;
  const held: string[] = [];
  for (; lines.isBlank || lines.indent >= indent; lines.step()) {
    const content = lines.contentFrom(indent);
    if (content === null) return null;
    held.push(content);
  }
  while (held.at(-1) === "") held.pop();
  lines.settle();
  const value = header.startsWith("|") ? held.join("\n") : folded(held);
  return header.endsWith("-") ? value : `${value}\n`;
}

/** Lines of a `>` block as one text: line ends are spaces, but where a line is blank or indented more, or beside such a line. */
function folded(held: readonly string[]): string {
  let value = "";
  let gap = "";
  let wasIndented = false;
  for (const line of held) {
    if (line.startsWith(" ")) {
      if (gap === " ") gap = "\n";
      else if (gap === "\n" && !wasIndented) gap = "\n\n";
      value += gap + line;
      gap = "\n";
      wasIndented = true;
    } else if (line === "") {
      if (gap === "\n") value += "\n";
      else gap = "\n";
    } else {
      value += gap + line;
      gap = " ";
      wasIndented = false;
    }
  }
  return value;
}

/** What a plain text means by the core schema of YAML 1.2 (chapter 10.3.2), as the library reads it. */
export function coreValue(source: string): YamlScalar["value"] {
  // Nearly every text is told by its first letter.
  if (!/^(?:[-+.~\d]|[NnTtFf](?:ull|rue|alse|ULL|RUE|ALSE)$)/.test(source)) return source;
  if (/^(?:~|[Nn]ull|NULL)$/.test(source)) return null;
  if (/^(?:[Tt]rue|TRUE|[Ff]alse|FALSE)$/.test(source)) return source.length === "true".length;
  if (/^[-+]?\d+$/.test(source)) return Number.parseInt(source, 10);
  if (/^0o[0-7]+$/.test(source)) return Number.parseInt(source.slice(2), 8);
  if (/^0x[\da-fA-F]+$/.test(source)) return Number.parseInt(source.slice(2), 16);
  if (/^(?:\.nan|\.NaN|\.NAN)$/.test(source)) return Number.NaN;
  if (/^[-+]?\.(?:inf|Inf|INF)$/.test(source)) return source.startsWith("-") ? -Infinity : Infinity;
  return /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/.test(source) ? Number.parseFloat(source) : source;
}
