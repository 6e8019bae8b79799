/** What a person is found by. */
export const identifierKinds = ["name", "mail", "phone", "plate", "member_number"] as const;
export type IdentifierKind = (typeof identifierKinds)[number];
export type Identifier = { readonly kind: IdentifierKind; readonly value: string };

/** The name under which the vault derives the key of the blind index. */
export function indexUse(kind: IdentifierKind): string {
  return `known-person/${kind}`;
}

// Calling codes of the countries whose numbers are written without one at home.
const callingCodes: Readonly<Record<string, string>> = {
  BE: "32", DE: "49", FR: "33", NL: "31", GB: "44", IE: "353", LU: "352", AT: "43", CH: "41", ES: "34", IT: "39", PT: "351",
  DK: "45", SE: "46", NO: "47", FI: "358", PL: "48", CZ: "420", US: "1", CA: "1", BR: "55",
}; // prettier-ignore

/**
 * One form for the many in which the same identifier is written; "": there is nothing in it to find anybody by. `country` is where a
 * telephone number without its code is from.
 */
export function normalIdentifier({ kind, value }: Identifier, country: string): string {
  switch (kind) {
    case "name":
      return wordsOf(value).sort().join(" ");
    case "mail":
      return value.normalize("NFKC").trim().toLowerCase();
    case "phone":
      return normalPhone(value, country);
    case "plate":
    case "member_number":
      return value
        .normalize("NFKC")
        .toUpperCase()
        .replaceAll(/[^\p{L}\p{N}]/gu, "");
    default:
      return "";
  }
}

function normalPhone(value: string, country: string): string {
  const digits = value.normalize("NFKC").replaceAll(/\(0\)/g, "").replaceAll(/\D/g, "");
  if (value.trim().startsWith("+")) return digits;
  if (digits.startsWith("00")) return digits.slice(2);
  const code = callingCodes[country.slice(0, 2)] ?? "";
  return digits.startsWith("0") ? code + digits.slice(1) : digits.length > 10 || code !== "1" ? digits : code + digits;
}

/** The words of a text without marks, in lower case. */
export function wordsOf(text: string): string[] {
  return [
    ...text
      .normalize("NFKD")
      .replaceAll(/\p{M}/gu, "")
      .toLowerCase()
      .replaceAll("ß", "ss")
      .matchAll(/[\p{L}\p{N}]+/gu),
  ].map(([word]) => word);
}

/** Whether a free text names the identifier: all words of a name close together, a number or address however it is written. */
export function isNamedIn(text: string, identifier: Identifier, country: string): boolean {
  const wanted = normalIdentifier(identifier, country);
  if (wanted.length < 3) return false;
  switch (identifier.kind) {
    case "name":
      return namesWords(wordsOf(text), wanted.split(" "));
    case "mail":
      return text.toLowerCase().includes(wanted);
    case "phone":
      return text.replaceAll(/\D/g, "").includes(wanted.slice(-8));
    case "plate":
    case "member_number":
      return text
        .toUpperCase()
        .replaceAll(/[^\p{L}\p{N}]/gu, "")
        .includes(wanted);
    default:
      return false;
  }
}

function namesWords(words: readonly string[], wanted: readonly string[]): boolean {
  const window = wanted.length + 1;
  return words.some((_, at) => {
    const near = new Set(words.slice(at, at + window));
    return wanted.every((word) => near.has(word));
  });
}
