import { homeOrganisation } from "@tillwatch/wire";

/** What a person is here for. What each may do stands in the pack's policies, nowhere in code. */
export const roles = [
  "colleague",
  "guard",
  "store_manager",
  "investigator",
  "analyst",
  "counsel",
  "data_protection_officer",
  "auditor",
  "administrator",
  "partner_officer",
] as const;
export type Role = (typeof roles)[number];

export { homeOrganisation };

/** Who does something: a token, never a name. */
export type Actor = {
  readonly token: string; // user:<uuid>, device:<site>/<device>, service:<uuid>; user:admin holds the installation's own token
  readonly kind: "administrator" | "device" | "person" | "service"; // administrator: the installation's own token
};

/** Who asked for what is done later: a program with the API key that it showed, anybody else without one. */
export type Asker = { readonly token: string; readonly keyId: string | null };

export function askerOf({ token, keyId }: Principal): Asker {
  return { token, keyId: keyId ?? null };
}

/** An actor with what policy decides on. Made by an Identifier of authenticate-http.ts from something that was proven. */
export type Principal = Actor & {
  readonly organisationId: string;
  readonly roles: readonly Role[];
  /** Sites that the person is bound to, besides those of `regions`; both null: every site of the organisation. */
  readonly sites: readonly string[] | null;
  readonly regions: readonly string[] | null;
  /** What an API key may do at most, as names of actions; null: nothing is taken away. */
  readonly scopes: readonly string[] | null;
  /** Of the API key that a program showed: what it asks for later dies with this key. Absent: no program. */
  readonly keyId?: string;
  /** Of the session; null: no session (a key, a certificate, the installation's token). */
  readonly sessionId: string | null;
  readonly signedInAtMs: number | null;
  /** When the person last proved a second time who they are; null: not in this session. */
  readonly steppedUpAtMs: number | null;
};

/** The installation's own token: the operator at the machine. */
export const installationPrincipal: Principal = {
  token: "user:admin",
  kind: "administrator",
  organisationId: homeOrganisation,
  roles: ["administrator"],
  sites: null,
  regions: null,
  scopes: null,
  sessionId: null,
  signedInAtMs: null,
  steppedUpAtMs: null,
};
