import type { Names } from "../api/shapes.ts";

/** Answers about people and sessions; packages/server/src/access/people makes them. */
export type SignInWays = {
  readonly origin: string;
  readonly passkeys:
    | { readonly kind: "possible"; readonly rpId: string }
    | { readonly kind: "impossible"; readonly because: "needs_name" | "needs_https" };
  readonly others: readonly { readonly id: string; readonly title: string; readonly url: string }[];
};

export type MyAccount = {
  readonly id: string;
  readonly name: string;
  readonly login: string;
  readonly organisation: { readonly id: string; readonly name: string; readonly kind: string };
  readonly roles: readonly string[];
  readonly passkeys: readonly MyPasskey[];
  readonly password: boolean;
  readonly totp: boolean;
  readonly recoveryCodesLeft: number;
};

export type MyPasskey = {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
  readonly lastUsedAt: string | null;
};

export type SessionView = {
  readonly id: string;
  readonly way: "passkey" | "password" | "link" | "oidc";
  readonly client: string;
  readonly createdAt: string;
  readonly activeAt: string;
  readonly mine: boolean;
};

export type AccountView = {
  readonly id: string;
  readonly token: string;
  readonly name: string;
  readonly login: string;
  readonly roles: readonly string[];
  readonly sites: readonly string[] | null;
  readonly regions: readonly string[] | null;
  readonly state: "invited" | "active" | "suspended" | "ended";
  readonly origin: "local" | "oidc" | "scim";
  readonly because: string;
  readonly lastSeenAt: string | null;
  readonly version: number;
};

export type TillOperatorView = { readonly id: string; readonly operator: string; readonly siteId: string | null };

export type TillOperatorOfAll = TillOperatorView & {
  readonly accountId: string;
  readonly name: string;
  readonly at: string;
  readonly by: string;
  readonly because: string;
};

export type TillOperatorList = {
  readonly items: readonly TillOperatorOfAll[];
  readonly people: readonly { readonly id: string; readonly name: string; readonly roles: readonly string[] }[];
  readonly names: Names;
};

export type LinkView = {
  readonly use: "set_up" | "invitation" | "recovery" | "sign_in";
  readonly name: string;
  readonly login: string;
  readonly organisation: string;
  readonly expiresAt: string;
};

export const roleWords: Readonly<Record<string, string>> = {
  colleague: "Store colleague",
  guard: "Guard",
  store_manager: "Store manager",
  investigator: "Investigator",
  analyst: "Analyst",
  counsel: "Counsel",
  data_protection_officer: "Data protection officer",
  auditor: "Auditor",
  administrator: "Administrator",
  partner_officer: "Partner officer",
};

export const wayWords: Readonly<Record<SessionView["way"], string>> = {
  passkey: "by passkey",
  password: "by password and code",
  link: "by one-time link",
  oidc: "by your organisation",
};

export function rolesText(roles: readonly string[]): string {
  return roles.map((role) => roleWords[role] ?? role).join(", ");
}
