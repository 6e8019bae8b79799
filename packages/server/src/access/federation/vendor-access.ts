import { ok, refused, type Result } from "@tillwatch/wire";
import type { Role } from "../principal.ts";

/** A vendor's person inside another organisation: for a ticket, for a time, on two people's word. */
export type VendorAccess = {
  readonly id: string;
  readonly organisationId: string; // who opens the door
  readonly accountToken: string; // who comes in
  readonly ticket: string;
  readonly purpose: string;
  readonly roles: readonly Role[];
  readonly scopes: readonly string[];
  readonly sites: readonly string[] | null;
  readonly startsAt: Date;
  readonly endsAt: Date;
  readonly requestedBy: string;
  readonly requestedAt: Date;
  readonly approvedBy: string | null;
  readonly approvedAt: Date | null;
  readonly endedBy: string | null;
  readonly endedAt: Date | null;
  readonly because: string;
};

export const vendorStates = ["requested", "refused", "planned", "open", "over", "revoked"] as const;
export type VendorState = (typeof vendorStates)[number];

/** Times are half-open: at `endsAt` it is over. */
export function vendorState(access: VendorAccess, nowMs: number): VendorState {
  if (access.endedAt !== null) return access.approvedAt === null ? "refused" : "revoked";
  if (nowMs >= access.endsAt.getTime()) return "over";
  if (access.approvedAt === null) return "requested";
  return nowMs < access.startsAt.getTime() ? "planned" : "open";
}

export type VendorRules = { readonly longestMs: number; readonly aheadMs: number };

export type VendorRefusal = {
  readonly code: "vendor_time_outside" | "vendor_scope_refused";
  readonly says: string;
};

// A live stream would go on when the time is over; a vendor looks again instead. Nobody from outside opens the door to another.
export const neverScopes: readonly string[] = [
  "event:read",
  "vendor:request",
  "vendor:approve",
  "vendor:end",
  "service:write",
  "scim:provision",
];

/** Checks what is asked for: not longer, and not further ahead, than the settings say; and nothing that outlives it. */
export function checkVendorAccess(
  asked: { readonly startsAtMs: number; readonly endsAtMs: number; readonly scopes: readonly string[] },
  rules: VendorRules,
  nowMs: number,
): Result<null, VendorRefusal> {
  const { startsAtMs, endsAtMs, scopes } = asked;
  const hours = rules.longestMs / 3_600_000;
  const days = rules.aheadMs / 86_400_000;
  if (!(endsAtMs > startsAtMs && endsAtMs > nowMs && endsAtMs - startsAtMs <= rules.longestMs)) {
    return refused({
      code: "vendor_time_outside",
      says: `it has an end, after its begin and now, and lasts at most ${hours} hours`,
    });
  }
  if (endsAtMs > nowMs + rules.aheadMs) {
    return refused({
      code: "vendor_time_outside",
      says: `it ends within ${days} days from now; ask for it again then`,
    });
  }
  const never = scopes.find((scope) => neverScopes.includes(scope));
  if (never !== undefined)
    return refused({ code: "vendor_scope_refused", says: `${never} is for nobody from outside` });
  return ok(null);
}
