/** Wrong codes until a link opens no more: 8 digits, so that five guesses are right once in twenty million. */
export const triesMax = 5;
export const codeDigits = 8;
export const secretBytes = 32;
export const linkDaysMax = 14;
/** A download that broke may be begun again within this time by the same link and code. */
export const sameOpeningMs = 10 * 60_000;
/** How many refusals of one link go into the record each by itself; the rest are counted. */
export const refusalsRecordedMax = 100;

/** A link with all that its opening depends on, as of now. */
export type LinkSituation = {
  readonly expiresAtMs: number;
  readonly endedAtMs: number | null;
  readonly openedAtMs: number | null;
  readonly triesLeft: number;
  readonly releaseWithdrawn: boolean;
  /** Since the release somebody said that a minor is in it. */
  readonly releaseWithheld: boolean;
  readonly packetThere: boolean;
  readonly organisationEnded: boolean;
};

export type LinkState =
  | "open"
  | "opened" // used; still open for a download that broke
  | "used"
  | "expired"
  | "ended"
  | "tries_spent"
  | "release_withdrawn"
  | "release_withheld"
  | "packet_gone"
  | "organisation_ended";

/** Whether a link opens, and why not. It is never told to whoever holds it. */
export function linkState(link: LinkSituation, nowMs: number): LinkState {
  if (link.organisationEnded) return "organisation_ended";
  if (link.releaseWithdrawn) return "release_withdrawn";
  if (link.releaseWithheld) return "release_withheld";
  if (!link.packetThere) return "packet_gone";
  if (link.endedAtMs !== null) return "ended";
  if (link.triesLeft <= 0) return "tries_spent";
  if (link.openedAtMs !== null) return nowMs < link.openedAtMs + sameOpeningMs ? "opened" : "used";
  return nowMs < link.expiresAtMs ? "open" : "expired";
}

export type Opening =
  | { readonly kind: "opens"; readonly first: boolean }
  | { readonly kind: "refused"; readonly because: Exclude<LinkState, "open" | "opened"> | "code_wrong" };

export function judgeOpening(link: LinkSituation, codeFits: boolean, nowMs: number): Opening {
  const state = linkState(link, nowMs);
  if (state !== "open" && state !== "opened") return { kind: "refused", because: state };
  return codeFits ? { kind: "opens", first: state === "open" } : { kind: "refused", because: "code_wrong" };
}

/** The code as somebody typed it: digits, whatever stands between them. */
export function digitsOf(typed: unknown): string {
  return typeof typed === "string" ? typed.slice(0, 100).replaceAll(/[\s.\-‐-―]/g, "") : "";
}

/** A code of evenly spread digits. 8 bytes: the remainder of so large a number leans by less than one in a hundred thousand million. */
export function codeOf(bytes: Uint8Array): string {
  const number = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return String(number % 10n ** BigInt(codeDigits)).padStart(codeDigits, "0");
}
