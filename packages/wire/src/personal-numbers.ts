/** Digits that belong together, in groups; offsets into `text`. */
export type DigitRun = {
  readonly groups: readonly { readonly digits: string; readonly from: number; readonly to: number }[];
  readonly from: number;
  readonly to: number;
  readonly text: string;
};

// Where the digits of a script begin: ASCII, Arabic-Indic, its eastern form, Devanagari, full width.
const zeros = [0x30, 0x660, 0x6f0, 0x966, 0xff10];

/** The ASCII digit that a character stands for; null: no digit. */
export function digitsOf(character: string): string | null {
  const code = character.charCodeAt(0);
  const zero = zeros.find((start) => code >= start && code <= start + 9);
  return zero === undefined ? null : String(code - zero);
}

type Span = { readonly from: number; readonly to: number };

const cardDigitsMin = 13;
const cardDigitsMax = 19;

/** The first card number of a run: the whole run however it is grouped, or a part of it that is grouped as cards are. */
export function cardIn(run: DigitRun): Span | null {
  if (isEpc(run) || !standsAlone(run)) return null;
  const all = run.groups.map((group) => group.digits).join("");
  if (isCard(all) && !isPlainArticle(run, all)) return { from: run.from, to: run.to };
  for (let first = 0; first < run.groups.length; first += 1) {
    for (let count = Math.min(5, run.groups.length - first); count >= 1; count -= 1) {
      const groups = run.groups.slice(first, first + count);
      const digits = groups.map((group) => group.digits).join("");
      const [start] = groups;
      const end = groups.at(-1);
      if (start === undefined || end === undefined || !looksGrouped(groups) || !isCard(digits)) continue;
      if (count === 1 && isArticleNumber(digits) && digits.length < 15) continue;
      return { from: start.from, to: end.to };
    }
  }
  return null;
}

const layouts = new Set(["4,4,4,4", "4,4,4,4,1", "4,4,4,4,2", "4,4,4,4,3", "4,6,5", "4,6,4", "4,4,5", "6,13"]);

function looksGrouped(groups: DigitRun["groups"]): boolean {
  return groups.length === 1 || layouts.has(groups.map((group) => group.digits.length).join());
}

/** Length and prefix of an issuer (ISO/IEC 7812 ranges in use), and the Luhn check. IMEIs (15 digits, 35...) have no such prefix. */
export function isCard(digits: string): boolean {
  const { length } = digits;
  if (length < cardDigitsMin || length > cardDigitsMax || /^(\d)\1+$/.test(digits)) return false;
  return hasIssuer(digits) && luhn(digits);
}

function hasIssuer(digits: string): boolean {
  switch (digits.length) {
    case 13:
      return digits.startsWith("4");
    case 14:
      return /^(30[0-5]|309|36|38|39)/.test(digits);
    case 15:
      return /^(34|37|2131|1800|5018|5020|5038|6304|6759|676)/.test(digits);
    default:
      return /^(4|5|6|2[2-7]|35|36|9792|81)/.test(digits);
  }
}

function luhn(digits: string): boolean {
  const sum = Array.from(digits)
    .reverse()
    .reduce((total, digit, place) => {
      const value = Number(digit) * (place % 2 === 1 ? 2 : 1);
      return total + (value > 9 ? value - 9 : value);
    }, 0);
  return sum % 10 === 0;
}

/** GTIN-8, -12, -13, -14 and SSCC-18 by their check digit (GS1 General Specifications 7.9). */
export function isArticleNumber(digits: string): boolean {
  if (![8, 12, 13, 14, 18].includes(digits.length)) return false;
  const sum = Array.from(digits)
    .reverse()
    .reduce((total, digit, place) => total + Number(digit) * (place % 2 === 1 ? 3 : 1), 0);
  return sum % 10 === 0;
}

/** Cards of 13 digits are no longer issued: where the check digit of an article number fits, it is one. */
function isPlainArticle(run: DigitRun, digits: string): boolean {
  return run.groups.length === 1 && digits.length === 13 && isArticleNumber(digits);
}

const beforeChars = 48;

/** `urn:epc:id:sgtin:0614141.812345.6789`, `(01)04012345678901(21)...`, `/01/0401.../21/...`: numbers of things. */
function isEpc(run: DigitRun): boolean {
  const before = run.text.slice(Math.max(0, run.from - beforeChars), run.from);
  return (
    /urn:epc:[a-z0-9:-]*$/i.test(before) ||
    /\((?:00|01|02|21|8003|8004)$/.test(
      run.text.slice(Math.max(0, run.from - 1), run.from) + (run.groups[0]?.digits ?? ""),
    )
  );
}

/** Letters right before or after make it part of a name, but for a word typed without a space ("card4111..."). */
function standsAlone(run: DigitRun): boolean {
  const before = /[\p{L}_]+$/u.exec(run.text.slice(Math.max(0, run.from - 24), run.from))?.[0] ?? "";
  const after = /^[\p{L}_]+/u.exec(run.text.slice(run.to, run.to + 24))?.[0] ?? "";
  const isWord = (letters: string) => letters === "" || /^\p{L}?\p{Ll}{2,}$/u.test(letters);
  return isWord(before) && isWord(after);
}

/** Characters of an IBAN by country (ISO 13616 registry). */
// prettier-ignore
const ibanChars: Readonly<Record<string, number>> = {
  AD: 24, AE: 23, AL: 28, AT: 20, AZ: 28, BA: 20, BE: 16, BG: 22, BH: 22, BR: 29, BY: 28, CH: 21, CR: 22, CY: 28, CZ: 24,
  DE: 22, DK: 18, DO: 28, EE: 20, EG: 29, ES: 24, FI: 18, FO: 18, FR: 27, GB: 22, GE: 22, GI: 23, GL: 18, GR: 27, GT: 28,
  HR: 21, HU: 28, IE: 22, IL: 23, IQ: 23, IS: 26, IT: 27, JO: 30, KW: 30, KZ: 20, LB: 28, LC: 32, LI: 21, LT: 20, LU: 20,
  LV: 21, LY: 25, MC: 27, MD: 24, ME: 22, MK: 19, MR: 27, MT: 31, MU: 30, NL: 18, NO: 15, PK: 24, PL: 28, PS: 29, PT: 25,
  QA: 29, RO: 24, RS: 22, SA: 24, SC: 31, SE: 24, SI: 19, SK: 24, SM: 27, ST: 25, SV: 28, TL: 23, TN: 24, TR: 26, UA: 29,
  VA: 22, VG: 24, XK: 20,
};

/** Where the IBAN that begins at `from` ends; null: there is none. Spaces and hyphens between its characters do not matter. */
export function ibanAt(text: string, from: number): number | null {
  const want = ibanChars[text.slice(from, from + 2).toUpperCase()];
  if (want === undefined) return null;
  let compact = "";
  let at = from;
  while (at < text.length && compact.length < want && at - from < want * 3) {
    const character = text.charAt(at);
    if (/[A-Za-z0-9]/.test(character)) compact += character.toUpperCase();
    else if (!/[ \u00a0\u2009\u202f-]/.test(character)) break;
    at += 1;
  }
  if (compact.length !== want || /[A-Za-z0-9]/.test(text.charAt(at))) return null;
  return mod97(compact.slice(4) + compact.slice(0, 4)) === 1 ? at : null;
}

function mod97(text: string): number {
  let rest = 0;
  for (const character of text) {
    for (const digit of Number.parseInt(character, 36).toString()) rest = (rest * 10 + Number(digit)) % 97;
  }
  return rest;
}
