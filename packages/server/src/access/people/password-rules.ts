import { dictionary } from "@zxcvbn-ts/language-common";

export const passwordCharsMin = 12;
export const passwordCharsMax = 256;

export type PasswordRefusalCode =
  "password_too_short" | "password_too_long" | "password_common" | "password_context" | "password_repeats";

/** Words that a guesser of this installation tries first (ASVS 5.0, 6.1.2); docs/how-to/sign-in.md names them. */
export const contextWords = ["tillwatch", "retail", "shop", "store", "security", "police", "guard", "admin"];

const common: ReadonlySet<string> = new Set(dictionary["passwords-common"]);

/**
 * Why a new password is not taken; null: it is. No rule about kinds of letters, no date of expiry (ASVS 5.0, 6.2; NIST SP 800-63B):
 * length, not among those that everybody tries (also with a number or a sign around it), not made of words about this place or person.
 * `about` are the person's login, name and organisation.
 */
export function passwordRefusal(password: string, about: readonly string[]): PasswordRefusalCode | null {
  const letters = Array.from(password);
  if (letters.length < passwordCharsMin) return "password_too_short";
  if (letters.length > passwordCharsMax) return "password_too_long";
  const folded = password.toLowerCase();
  if (repeats(folded)) return "password_repeats";
  if (common.has(folded) || common.has(coreOf(folded)) || common.has(coreOf(plain(folded)))) return "password_common";
  return isAbout(plain(folded), about) ? "password_context" : null;
}

/** Without digits and signs at both ends: what is left of "!sunshine2026". */
function coreOf(text: string): string {
  return text.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, "");
}

const lookalikes: Readonly<Record<string, string>> = { "0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t" };

function plain(text: string): string {
  return text.replace(/[013457@$!]/g, (sign) => lookalikes[sign] ?? ({ "@": "a", $: "s", "!": "i" }[sign] as string));
}

/** One piece of up to four letters over and over ("abcabcabcabc"), or a run ("123456789012", "abcdefghijkl"). */
function repeats(text: string): boolean {
  if (/^(.{1,4})\1+.{0,3}$/u.test(text)) return true;
  const codes = Array.from(text).map((letter) => letter.codePointAt(0) ?? 0);
  const steps = codes.slice(1).map((code, at) => code - (codes[at] ?? 0));
  const regular = steps.filter((step) => step === 0 || Math.abs(step) === 1).length;
  return regular >= steps.length * 0.8;
}

/** Whether less than half of it is left once every such word is taken out. */
function isAbout(text: string, about: readonly string[]): boolean {
  const words = [...contextWords, ...about.flatMap((phrase) => phrase.toLowerCase().split(/[^\p{L}\p{N}]+/u))];
  let rest = text;
  for (const word of words.filter((known) => known.length >= 4).sort((a, b) => b.length - a.length)) {
    rest = rest.replaceAll(plain(word), "");
  }
  return rest.replace(/[^\p{L}]/gu, "").length * 2 < text.length && rest.length < text.length;
}
