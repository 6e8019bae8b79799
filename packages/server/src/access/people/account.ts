import type { Role } from "../principal.ts";

/** Where an account is in its life. `invited`: nobody has proven yet to be that person. `ended` is for good. */
export const accountStates = ["invited", "active", "suspended", "ended"] as const;
export type AccountState = (typeof accountStates)[number];

export const accountOrigins = ["local", "oidc", "scim"] as const;
export type AccountOrigin = (typeof accountOrigins)[number];

/** Where a person may look: ids of sites and names of regions together; both null: the whole organisation. */
export type Places = { readonly sites: readonly string[] | null; readonly regions: readonly string[] | null };

/** A person as kept. `name` and `login` are sealed: FieldVault.openMany of the row opens them. */
export type Account = Places & {
  readonly id: string; // UUID
  readonly token: string; // user:<id>
  readonly organisationId: string;
  readonly name: string;
  readonly login: string;
  readonly roles: readonly Role[];
  readonly state: AccountState;
  readonly origin: AccountOrigin;
  readonly because: string; // why it is in this state
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly lastSeenAt: Date | null;
  readonly endsAt: Date | null;
  readonly version: number;
};

/** One spelling of a login: without space around it, composed (NFKC), small letters. What is compared is the digest of this. */
export function normalLogin(login: string): string {
  return login.normalize("NFKC").trim().toLowerCase();
}

export const loginCharsMax = 200;
export const nameCharsMax = 200;

export function tokenOf(accountId: string): string {
  return `user:${accountId}`;
}

/** The account behind a person's token; null: not the token of a person. */
export function accountIdOf(token: string): string | null {
  return /^user:([0-9a-f-]{36})$/.exec(token)?.[1] ?? null;
}
