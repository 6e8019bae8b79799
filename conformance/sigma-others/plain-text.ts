import type { Json } from "../sigma-vectors.ts";
import type { Reading } from "./plain-reading.ts";

type How = {
  readonly modifiers: readonly string[];
  readonly reading: Reading;
  /** Beside other values of which one has to fit. */
  readonly isOneOfMany?: boolean;
};

/** A number in decimal without an exponent. */
export function decimalText(value: number): string {
  const [, sign = "", digits = "", power = "0"] = /^(-?)([\d.]+)(?:e([+-]\d+))?$/.exec(String(value)) ?? [];
  const exponent = Number(power);
  if (exponent === 0) return `${sign}${digits}`;
  const [whole = "", rest = ""] = digits.split(".");
  if (exponent > 0) return `${sign}${whole}${rest.padEnd(exponent, "0")}`;
  return `${sign}0.${"0".repeat(-exponent - 1)}${whole}${rest}`;
}

/** The number that a value is, or writes in decimal. */
export function numberIn(value: Json, reading: Reading): number | null {
  if (typeof value === "number") return value;
  if (typeof value !== "string") return null;
  if (reading.has("infinity") && /^[+-]?(?:inf|infinity)$/i.test(value))
    return value.startsWith("-") ? -Infinity : Infinity;
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(value)) return null;
  const number = Number(value);
  return Number.isFinite(number) || reading.has("infinity") ? number : null;
}

type Token = { readonly text: string } | { readonly wild: "*" | "?" };

function tokensOf(source: string): readonly Token[] {
  return [...source.matchAll(/\\[\\*?]|[*?]|[^]/gu)].map(([found]): Token => {
    if (found === "*" || found === "?") return { wild: found };
    return { text: found.length === 2 && found.startsWith("\\") ? found.slice(1) : found };
  });
}

/** What is sought after the modifiers that change values: patterns, of which one must fit. */
export function valueBytes(source: string, { modifiers, reading }: How): readonly (readonly Token[])[] {
  const has = (name: string) => modifiers.includes(name);
  const tokens = tokensOf(source);
  const plain = tokens.map((token) => ("text" in token ? token.text : token.wild)).join("");
  const wide = modifiers.find((name) => name === "wide" || name.startsWith("utf16"));
  const base = modifiers.find((name) => name.startsWith("base64"));
  const literal = (text: string): readonly Token[] => Array.from(text, (char) => ({ text: char }));
  if (base === undefined && (wide === undefined || reading.has("utf16_ignored"))) {
    const isLiteral = has("windash") && tokens.some((token) => "wild" in token) && reading.has("windash_literal");
    return [isLiteral ? literal(source) : tokens];
  }
  const dashes = ["-", "/", "–", "—", "―"];
  let texts = [plain];
  if (has("windash") && !reading.has("windash_encoded")) {
    for (let at = 0; at < plain.length; at += 1) {
      if (!dashes.includes(plain.charAt(at))) continue;
      texts = texts.flatMap((text) => dashes.map((dash) => text.slice(0, at) + dash + text.slice(at + 1)));
    }
  }
  const encoded = texts.map((text) => encode(text, wide));
  if (base === undefined) return encoded.map((bytes) => literal(bytes.toString("latin1")));
  if (base === "base64") return encoded.map((bytes) => literal(bytes.toString("base64")));
  return encoded.flatMap((bytes) => [0, 1, 2].map((shift) => literal(offsetText(bytes, shift, reading))));
}

function encode(text: string, wide: string | undefined): Buffer {
  const little = Buffer.from(text, "utf16le");
  if (wide === "utf16be") return little.swap16();
  if (wide === "utf16") return Buffer.concat([Buffer.from([0xff, 0xfe]), little]);
  return wide === undefined ? Buffer.from(text, "utf8") : little;
}

/** The base64 of the bytes behind `shift` others, without the characters that the others have a part in. */
function offsetText(bytes: Buffer, shift: number, reading: Reading): string {
  const text = Buffer.concat([Buffer.alloc(shift), bytes])
    .toString("base64")
    .replaceAll("=", "");
  const isWhole = (shift + bytes.length) % 3 === 0 || reading.has("base64offset_tail");
  return text.slice([0, 2, 3][shift], isWhole ? text.length : -1);
}

export function wildcardHolds(
  tokens: readonly Token[],
  text: string,
  { modifiers, reading, isOneOfMany }: How,
): boolean {
  const has = (name: string) => modifiers.includes(name);
  const isWild = tokens.some((token) => "wild" in token);
  const isWindash = has("windash") && !has("base64") && !has("base64offset");
  const isCased = has("cased");
  const isLowered = isWild && !isCased && isOneOfMany === true && reading.has("lowered_first");
  const any = isWild && reading.has("line_breaks") ? String.raw`[^\n]` : "[^]";
  const fold = (part: string): string => {
    const dashed = isWindash && !reading.has("windash_hyphen") ? part.replaceAll(/[/–—―]/g, "-") : part;
    if (isCased || (isWild && reading.has("letter_case"))) return dashed;
    const lower = dashed.toLowerCase();
    return reading.has("letter_case") ? lower : lower.replaceAll("ς", "σ");
  };
  let start = !has("contains") && !has("endswith") && !has("base64offset");
  let end = !has("contains") && !has("startswith") && !has("base64offset");
  if (isWild && reading.has("wrong_anchor") && start !== end) [start, end] = [end, start];
  const body = patternOf(tokens, { any, fold, hyphen: isWindash && reading.has("windash_hyphen") });
  const flags = isWild && !isCased && reading.has("letter_case") ? "iu" : "u";
  return new RegExp(`${start ? "^" : ""}(?:${body})${end ? textEnd : ""}`, flags).test(
    isLowered ? text.toLowerCase() : fold(text),
  );
}

type Shape = { readonly any: string; readonly fold: (text: string) => string; readonly hyphen: boolean };

/** Runs of literal text are folded together: the lower case of a letter may depend on its neighbours. */
function patternOf(tokens: readonly Token[], { any, fold, hyphen }: Shape): string {
  let [pattern, run] = ["", ""];
  const flush = () => {
    const text = fold(run).replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
    pattern += hyphen ? text.replaceAll("-", "[-/–—―]") : text;
    run = "";
  };
  for (const token of tokens) {
    if ("text" in token) {
      run += token.text;
      continue;
    }
    flush();
    pattern += token.wild === "*" ? `${any}*` : any;
  }
  flush();
  return pattern;
}

/** Not `$`: in Node 26, /[^a-z]$/u does not find a character beyond the basic plane. */
const textEnd = "(?![^])";

const classes: Readonly<Record<string, readonly [string, string]>> = {
  "\\d": ["[0-9]", String.raw`\p{Nd}`],
  "\\w": ["[0-9A-Za-z_]", String.raw`[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\u200c\u200d]`],
  "\\s": [String.raw`[\t\n\f\r ]`, String.raw`\p{White_Space}`],
};

/** The regular expressions of the generator as ECMAScript has to write them. */
export function regexHolds(source: string, text: string, { modifiers, reading }: How): boolean {
  const has = (name: string) => modifiers.includes(name);
  const unicode = reading.has("unicode_classes") ? 1 : 0;
  const word = classes[String.raw`\w`]?.[unicode] ?? "";
  const boundary = `(?:(?<=${word})(?!${word})|(?<!${word})(?=${word}))`;
  const pattern = source.replaceAll(/\\[dwsb]|\[\^[^\]]*\]|\[[^\]]*\]|\\.|[.^$-]/g, (found) => {
    if (found === String.raw`\b`) return boundary;
    if (found === ".") return has("s") ? "[^]" : String.raw`[^\n]`;
    if (found === "^") return has("m") ? String.raw`(?<=^|\n)` : "^";
    if (found === "$") return has("m") ? String.raw`(?:(?=\n)|${textEnd})` : textEnd;
    return classes[found]?.[unicode] ?? found;
  });
  return new RegExp(pattern, has("i") ? "iu" : "u").test(text);
}
