import { sameAccess, type MappedAccess } from "./role-mapping.ts";

/** What the sign-in of a person from outside meets here. */
export type KnownAccount = MappedAccess & {
  readonly id: string;
  readonly organisationId: string;
  readonly origin: "local" | "oidc" | "scim";
  readonly state: "invited" | "active" | "suspended" | "ended";
  readonly endsAtMs: number | null;
};

export type SignInDecision =
  | { readonly kind: "make"; readonly access: MappedAccess }
  | { readonly kind: "enter"; readonly accountId: string; readonly change: MappedAccess | null }
  | {
      readonly kind: "refuse";
      readonly code: "oidc_no_role" | "account_suspended" | "account_ended" | "oidc_login_taken";
      /** An account that loses what it had, and its sessions. */
      readonly strip: string | null;
    };

/**
 * Decides on a proven identity. `linked`: the account that this very identity signed in to before, or that SCIM made for it. `sameLogin`:
 * another account of the organisation with the login that the provider names: never taken over, whoever claims its name.
 * Roles of an account that SCIM keeps are SCIM's; of any other they are what the mapping gives now, at each sign-in.
 */
export function decideSignIn(
  given: {
    readonly linked: KnownAccount | null;
    readonly sameLogin: KnownAccount | null;
    readonly mapped: MappedAccess | null;
  },
  nowMs: number,
): SignInDecision {
  const { linked, mapped } = given;
  if (linked === null) {
    if (mapped === null) return { kind: "refuse", code: "oidc_no_role", strip: null };
    return given.sameLogin === null
      ? { kind: "make", access: mapped }
      : { kind: "refuse", code: "oidc_login_taken", strip: null };
  }
  if (linked.state === "suspended") return { kind: "refuse", code: "account_suspended", strip: null };
  if (linked.state === "ended" || (linked.endsAtMs !== null && linked.endsAtMs <= nowMs)) {
    return { kind: "refuse", code: "account_ended", strip: null };
  }
  if (linked.origin === "scim") {
    if (linked.roles.length === 0) return { kind: "refuse", code: "oidc_no_role", strip: null };
    return { kind: "enter", accountId: linked.id, change: null };
  }
  if (mapped === null) return { kind: "refuse", code: "oidc_no_role", strip: linked.id };
  return { kind: "enter", accountId: linked.id, change: sameAccess(linked, mapped) ? null : mapped };
}

// Clocks of two servers; the same that the ID token's own times are allowed.
const skewMs = 60_000;

/** Whether the provider proved the person anew since `sinceMs`, and in a way that it was asked for. */
export function provenAnew(
  claims: Readonly<Record<string, unknown>>,
  wanted: { readonly acr: readonly string[]; readonly sinceMs: number },
): boolean {
  const authTime = claims["auth_time"];
  if (typeof authTime !== "number" || authTime * 1000 < wanted.sinceMs - skewMs) return false;
  return wanted.acr.length === 0 || wanted.acr.some((acr) => acr === claims["acr"]);
}
