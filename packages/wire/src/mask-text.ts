import { cardIn, digitsOf, ibanAt, isArticleNumber, type DigitRun } from "./personal-numbers.ts";

/** What is taken out of free text before it leaves a browser, and again before it is stored. */
export const maskedKinds = ["card", "iban", "phone", "mail"] as const;
export type MaskedKind = (typeof maskedKinds)[number];

/** A place in the text that was given, as half-open UTF-16 offsets. */
export type MaskedSpan = { readonly kind: MaskedKind; readonly from: number; readonly to: number };

export const maskWords: Readonly<Record<MaskedKind, string>> = {
  card: "[card number]",
  iban: "[IBAN]",
  phone: "[phone number]",
  mail: "[mail address]",
};

/** The text with every span of `maskableIn` replaced by its word. Masking twice changes nothing more. Linear in the text. */
export function maskText(text: string): string {
  const spans = maskableIn(text);
  if (spans.length === 0) return text;
  const parts: string[] = [];
  let at = 0;
  for (const { kind, from, to } of spans) {
    parts.push(text.slice(at, from), maskWords[kind]);
    at = to;
  }
  return parts.join("") + text.slice(at);
}

/**
 * Card numbers (length, prefix of an issuer, Luhn, whatever stands between the digits), IBANs (length of the country, ISO 7064),
 * telephone numbers and mail addresses, in order, not overlapping. Article numbers, EPCs, IMEIs, references and dates stay:
 * the table in mask-text.test.ts says which, and where the two cannot be told apart the number goes.
 */
export function maskableIn(text: string): readonly MaskedSpan[] {
  const spans: MaskedSpan[] = [...mailsIn(text), ...ibansIn(text)];
  const runs = digitRuns(text).toReversed();
  for (let run = runs.pop(); run !== undefined; run = runs.pop()) {
    const asked = run;
    if (spans.some((span) => overlaps(span, asked))) continue;
    const card = cardIn(asked);
    if (card !== null) {
      spans.push({ kind: "card", from: card.from, to: card.to });
      runs.push(...restsOf(asked, card));
    } else if (isPhone(text, asked)) spans.push(phoneSpan(text, asked));
  }
  return spans.sort((a, b) => a.from - b.from);
}

// ---- mail

const localPart = /[\p{L}\p{N}._%+'-]/u;
const domainPart = /[\p{L}\p{N}.-]/u;
const partMax = 255;

function mailsIn(text: string): readonly MaskedSpan[] {
  const spans: MaskedSpan[] = [];
  for (const { index, 0: sign } of text.matchAll(/@|[ ]?[([{](?:at|@)[)\]}][ ]?/gi)) {
    const after = spanEnd(text, index + sign.length);
    const before = spanStart(text, index);
    const domain = text.slice(index + sign.length, after).replace(/[.-]+$/, "");
    const end = index + sign.length + domain.length;
    if (before < index && /^[\p{L}\p{N}-]+(\.[\p{L}\p{N}-]+)*\.\p{L}{2,}$/u.test(domain)) {
      if (spans.every((span) => span.to <= before)) spans.push({ kind: "mail", from: before, to: end });
    }
  }
  return spans;
}

function spanStart(text: string, end: number): number {
  let at = end;
  while (at > 0 && end - at < partMax && localPart.test(text.charAt(at - 1))) at -= 1;
  return at;
}

function spanEnd(text: string, start: number): number {
  let at = start;
  while (at < text.length && at - start < partMax && domainPart.test(text.charAt(at))) at += 1;
  return at;
}

// ---- IBAN

function ibansIn(text: string): readonly MaskedSpan[] {
  const spans: MaskedSpan[] = [];
  for (const { index } of text.matchAll(/(?<![A-Za-z0-9])[A-Za-z]{2}[ -]?\d[ -]?\d/g)) {
    if ((spans.at(-1)?.to ?? 0) > index) continue;
    const to = ibanAt(text, index);
    if (to !== null) spans.push({ kind: "iban", from: index, to });
  }
  return spans;
}

// ---- runs of digits

// What people put between digits; never a letter, a comma or a colon (amounts, times, URNs).
const between = /[\s.\-/()\u00ad\u2010-\u2015\u200b-\u200d\u2060\u2212+·_*]/u;
const gapMax = 3;

/** Digits with little between them, as long as they go on: a card number, a telephone number, a date. */
function digitRuns(text: string): readonly DigitRun[] {
  const runs: DigitRun[] = [];
  let groups: { digits: string; from: number; to: number }[] = [];
  let gap = 0;
  const close = (): void => {
    const [first] = groups;
    const last = groups.at(-1);
    if (first !== undefined && last !== undefined) runs.push({ groups, from: first.from, to: last.to, text });
    groups = [];
    gap = 0;
  };
  for (let at = 0; at < text.length; at += 1) {
    const digit = digitsOf(text.charAt(at));
    const last = groups.at(-1);
    if (digit !== null) {
      if (last !== undefined && last.to === at) last.digits += digit;
      else groups.push({ digits: digit, from: at, to: at });
      const now = groups.at(-1);
      if (now !== undefined) now.to = at + 1;
      gap = 0;
    } else if (groups.length > 0) {
      gap += 1;
      if (gap > gapMax || !between.test(text.charAt(at)) || text.charAt(at) === "\n") close();
    }
  }
  close();
  return runs;
}

function overlaps(span: MaskedSpan, run: { readonly from: number; readonly to: number }): boolean {
  return span.from < run.to && run.from < span.to;
}

/** What stands before and after a card number in its run. */
function restsOf(run: DigitRun, card: { readonly from: number; readonly to: number }): readonly DigitRun[] {
  const before = run.groups.filter((group) => group.to <= card.from);
  const after = run.groups.filter((group) => group.from >= card.to);
  return [before, after].flatMap((groups) => {
    const [first] = groups;
    const last = groups.at(-1);
    return first === undefined || last === undefined ? [] : [{ groups, from: first.from, to: last.to, text: run.text }];
  });
}

// ---- telephone numbers

const saysPhone =
  /(?:\b(?:phone|telephone|tel|call|called|mobile|cell|whatsapp|sms|number is|ring|reach|handy|telefon|tel[eé]fono|t[ée]l[ée]phone|portable|gsm|nummer ist|rufnummer|anruf|mobiel|bel|belde|telefoonnummer))[.:;,\s#-]{0,4}(?:(?:at|on|unter|is|ist|est|au|op|to|under|number|nummer|no|nr|num[ée]ro|him|her|them)[.:\s]{1,3}){0,3}$/iu;
const saysThing =
  /(?:\b(?:ean|gtin|upc|sku|epc|sgtin|serial|sn|s\/n|imei|iccid|article|art|artikel|artikelnummer|item|plu|receipt|bon|beleg|kassenbon|ticket|order|bestellung|bestelling|commande|transaction|trans|batch|lot|charge|invoice|rechnung|facture|factuur|voucher|gutschein|tag|asset|badge|till|kasse|kassa|caisse|terminal|device|model|version|barcode|seriennummer|s[ée]rie|ref|reference))[.:;,\s#-]{0,4}(?:(?:number|nummer|no|nr|num[ée]ro|id|code|is|ist|est|von|de|of)[.:\s]{1,3}){0,3}$/iu;
const contextChars = 48;

function isPhone(text: string, run: DigitRun): boolean {
  const digits = run.groups.map((group) => group.digits).join("");
  if (digits.length < 6 || digits.length > 17 || touchesName(text, run)) return false;
  const before = text.slice(Math.max(0, run.from - contextChars), run.from);
  const plus = /(?:^|[^\p{L}\p{N}])[(]?\+\s?[(]?$/u.test(before.slice(-4));
  if (plus) return digits.length >= 8;
  if (saysThing.test(before)) return false;
  if (isDate(run) || /urn:epc|:sg(?:tin|ln)|:sscc/i.test(before)) return false;
  if (saysPhone.test(before.replace(/[(]\s*$/, ""))) return digits.length <= 15;
  if (digits.startsWith("00")) return digits.length >= 11 && digits.length <= 16 && isForeign(run, digits);
  const groups = run.groups.map((group) => group.digits);
  return isNational(groups, digits) || isAmerican(text, run, groups);
}

/** `0049 171 1234567`; without gaps it may be an article number of 14 digits, which its check digit tells. */
function isForeign(run: DigitRun, digits: string): boolean {
  if (digits.charAt(2) === "0") return false;
  return run.groups.length > 1 ? (run.groups[0]?.digits.length ?? 0) <= 6 : !isArticleNumber(digits);
}

/** A trunk zero, an area, and 9 to 12 digits in all. */
function isNational(groups: readonly string[], digits: string): boolean {
  if (!/^0[1-9]/.test(digits) || digits.length < 9 || digits.length > 12) return false;
  const [first = "", ...rest] = groups;
  if (rest.length === 0) return digits.length >= 10 && !isArticleNumber(digits);
  return first.length <= 5 && rest.length <= 5 && rest.every((group) => group.length >= 2);
}

/** (555) 123-4567, with or without a leading 1. */
function isAmerican(text: string, run: DigitRun, groups: readonly string[]): boolean {
  const own = groups[0] === "1" ? groups.slice(1) : groups;
  if (own.map((group) => group.length).join() !== "3,3,4") return false;
  return /^[2-9]\d\d$/.test(own[0] ?? "") && /^[2-9]/.test(own[1] ?? "") && !/_/.test(text.slice(run.from, run.to));
}

function isDate(run: DigitRun): boolean {
  const lengths = run.groups.map((group) => group.digits.length);
  const digits = run.groups.map((group) => group.digits);
  const isYear = (text: string | undefined) => text !== undefined && /^(19|20)\d\d$/.test(text);
  const short = (length: number | undefined) => length === 1 || length === 2;
  if (isYear(digits[0]) && short(lengths[1]) && short(lengths[2])) return true;
  if (short(lengths[0]) && short(lengths[1]) && isYear(digits[2])) return true;
  return lengths.length === 1 && /^(19|20)\d\d(0[1-9]|1[0-2])([0-2]\d|3[01])(\d{6})?$/.test(digits[0] ?? "");
}

/** Part of a longer name (`TW-2026-000123`, `SN4711`, `4711-AB`, a file name): not a telephone number. */
function touchesName(text: string, run: DigitRun): boolean {
  return (
    /[\p{L}\p{N}_][-_.:/]?$/u.test(text.slice(Math.max(0, run.from - 2), run.from)) ||
    /^[-_]?\p{L}/u.test(text.slice(run.to, run.to + 2))
  );
}

/** With its sign, its opening bracket and what closes it. */
function phoneSpan(text: string, run: DigitRun): MaskedSpan {
  const lead = /[(]?\+?\s?[(]?$/.exec(text.slice(Math.max(0, run.from - 4), run.from))?.[0].trimStart() ?? "";
  return { kind: "phone", from: run.from - lead.length, to: run.to };
}
