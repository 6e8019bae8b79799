import { ok, refused, type Result } from "@tillwatch/wire";
import type { Principal } from "../principal.ts";
import type { ApiKey } from "./service-account-tables.ts";

const dayMs = 86_400_000;
export const keyDaysMax = 365;
/** While the new key is rolled out, the old one still opens. */
export const liveKeysMax = 2;
const oldKeyDays = 7;

export type KeyRefusal = {
  readonly code: "api_key_expiry_outside" | "api_key_too_many" | "api_key_old_end_outside";
  readonly says: string;
};

export type KeyPlan = {
  readonly expiresAtMs: number;
  /** The key that is replaced, and when it ends; null: the account has no live key. */
  readonly old: { readonly id: string; readonly endsAtMs: number } | null;
};

/**
 * Decides on a new key. `expiresAtMs` lies in the future, at most a year ahead. Where one key is live, the new one replaces it: the old
 * one ends at `oldEndsAtMs` (if not said: in 7 days, or when it expires anyway). Two live keys are refused a third.
 */
export function planKey(
  asked: { readonly expiresAtMs: number; readonly oldEndsAtMs: number | null },
  keys: readonly ApiKey[],
  nowMs: number,
): Result<KeyPlan, KeyRefusal> {
  const { expiresAtMs } = asked;
  // Written so that what is no date is outside too.
  if (!(expiresAtMs > nowMs && expiresAtMs <= nowMs + keyDaysMax * dayMs)) {
    return refused({ code: "api_key_expiry_outside", says: `a key lives for at most ${keyDaysMax} days from now` });
  }
  const live = keys.filter((key) => key.revokedAt === null && key.expiresAt.getTime() > nowMs);
  if (live.length >= liveKeysMax) {
    return refused({ code: "api_key_too_many", says: `the account has ${live.length} live keys already` });
  }
  const [old] = live;
  if (old === undefined) return ok({ expiresAtMs, old: null });
  const endsAtMs = asked.oldEndsAtMs ?? nowMs + oldKeyDays * dayMs;
  if (!(endsAtMs >= nowMs)) {
    return refused({ code: "api_key_old_end_outside", says: "the old key cannot end in the past; revoke it instead" });
  }
  return ok({ expiresAtMs, old: { id: old.id, endsAtMs: Math.min(endsAtMs, old.expiresAt.getTime()) } });
}

/** Names of what somebody would hand on without having it himself. Empty: nothing. A person hands on what the policies let him. */
export function beyondOwn(
  giver: Pick<Principal, "scopes" | "roles" | "kind">,
  given: { readonly scopes: readonly string[]; readonly roles: readonly string[] },
): readonly string[] {
  if (giver.scopes === null) return [];
  const { scopes, roles } = giver;
  return [
    ...given.scopes.filter((scope) => !scopes.includes(scope)),
    ...given.roles.filter((role) => !roles.some((own) => own === role)),
  ];
}
