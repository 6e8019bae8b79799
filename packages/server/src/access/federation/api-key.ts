/**
 * What a program shows as its bearer token: `twk_<id>_<secret>`. The id (60 random bits, base32) finds the row and may stand in logs
 * and records; the secret (256 random bits, base64url) is shown once and kept as its SHA-256.
 */
export type ApiKeyText = { readonly id: string; readonly secret: string };

const idChars = "abcdefghijklmnopqrstuvwxyz234567";
const idLength = 12;
export const apiKeySecretBytes = 32;
/** Random bytes that one key takes: those of the id, then those of the secret. */
export const apiKeyBytes = idLength + apiKeySecretBytes;

const form = /^twk_([a-z2-7]{12})_([A-Za-z0-9_-]{43})$/;

/** A new key out of `apiKeyBytes` random bytes. */
export function makeApiKey(bytes: Uint8Array): ApiKeyText & { readonly text: string } {
  const id = [...bytes.subarray(0, idLength)].map((byte) => idChars.charAt(byte & 31)).join("");
  const secret = Buffer.from(bytes.subarray(idLength, apiKeyBytes)).toString("base64url");
  return { id, secret, text: `twk_${id}_${secret}` };
}

/** Whether a bearer token claims to be one of ours: nobody else is asked about it then. */
export function looksLikeApiKey(text: string): boolean {
  return text.startsWith("twk_");
}

/** Null: not of the form. */
export function readApiKey(text: string): ApiKeyText | null {
  const [, id, secret] = form.exec(text) ?? [];
  return id === undefined || secret === undefined ? null : { id, secret };
}

export type KeyState = "live" | "expired" | "revoked" | "ended";

/** Why a key does not hold, in the order in which it is told; `ended`: its service account is no more. */
export function keyState(
  key: {
    readonly expiresAtMs: number;
    readonly revokedAtMs: number | null;
    readonly accountState: "active" | "ended";
  },
  nowMs: number,
): KeyState {
  if (key.accountState === "ended") return "ended";
  if (key.revokedAtMs !== null && key.revokedAtMs <= nowMs) return "revoked";
  return key.expiresAtMs <= nowMs ? "expired" : "live";
}
