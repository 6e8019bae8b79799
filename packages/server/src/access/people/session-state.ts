import type { AccountState } from "./account.ts";

/** Why a session ended. The words are told to its owner. */
export const sessionEnds = {
  signed_out: "You signed out.",
  revoked: "You ended this session from another one.",
  revoked_by_administrator: "An administrator ended this session.",
  proof_changed: "The way you sign in was changed, which ends every other session.",
  suspended: "Your account was suspended.",
  ended: "Your account was ended.",
  organisation_ended: "Your organisation no longer takes part.",
  identity_provider: "Your organisation's sign-in service ended the session.",
  idle: "Nobody did anything here for too long.",
  expired: "A session ends after some hours, and this one reached them.",
} as const;
export type SessionEnd = keyof typeof sessionEnds;

export type SessionFacts = {
  readonly activeAtMs: number;
  readonly expiresAtMs: number;
  readonly endedBecause: SessionEnd | null; // as recorded; what only time ends is not
  readonly accountState: AccountState;
  readonly accountEndsAtMs: number | null;
  readonly organisationEnded: boolean;
};

/** Why a session is over, or null while it lives. `idleMs`: how long nobody may do nothing. Ends are half-open: at the instant it is over. */
export function sessionEnd(
  facts: SessionFacts,
  at: { readonly nowMs: number; readonly idleMs: number },
): SessionEnd | null {
  if (facts.endedBecause !== null) return facts.endedBecause;
  if (facts.accountState === "suspended") return "suspended";
  if (facts.accountState !== "active") return "ended";
  if (facts.accountEndsAtMs !== null && at.nowMs >= facts.accountEndsAtMs) return "ended";
  if (facts.organisationEnded) return "organisation_ended";
  if (at.nowMs >= facts.expiresAtMs) return "expired";
  return at.nowMs >= facts.activeAtMs + at.idleMs ? "idle" : null;
}

/** What a person recognises a session by: "Firefox on Windows". The header is hostile text; only these words leave it. */
export function clientOf(userAgent: string | undefined): string {
  const text = (userAgent ?? "").slice(0, 500);
  const browser = browsers.find(([mark]) => text.includes(mark))?.[1] ?? "A program";
  const system = systems.find(([mark]) => text.includes(mark))?.[1];
  return system === undefined ? browser : `${browser} on ${system}`;
}

// In this order: Edge and Opera also say Chrome, Chrome also says Safari, Android also says Linux, an iPad also says Mac OS.
const browsers: readonly (readonly [string, string])[] = [
  ["Edg", "Edge"],
  ["OPR/", "Opera"],
  ["Firefox/", "Firefox"],
  ["Chrome/", "Chrome"],
  ["Safari/", "Safari"],
];
const systems: readonly (readonly [string, string])[] = [
  ["Android", "Android"],
  ["iPhone", "iPhone"],
  ["iPad", "iPad"],
  ["Windows", "Windows"],
  ["Mac OS", "Mac"],
  ["Linux", "Linux"],
];
