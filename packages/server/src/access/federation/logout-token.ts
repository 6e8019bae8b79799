import { ok, refused, type Result } from "@tillwatch/wire";

/** Who is signed out, by Back-Channel Logout 1.0: a session of the provider (`sid`), a person (`subject`), or that person's session. */
export type LogoutToken = {
  readonly jti: string;
  readonly subject: string | null;
  readonly sid: string | null;
};

export type LogoutRefusal = { readonly because: "no_event" | "has_nonce" | "about_nobody" | "no_jti" };

const logoutEvent = "http://schemas.openid.net/event/backchannel-logout";
const textMax = 1_000;

/** Reads the claims of a token whose signature, issuer, audience and age were checked (section 2.6, steps 5 to 8). */
export function readLogoutToken(claims: Readonly<Record<string, unknown>>): Result<LogoutToken, LogoutRefusal> {
  const events = claims["events"];
  const event = typeof events === "object" && events !== null && Object.hasOwn(events, logoutEvent);
  if (!event || !isObject((events as Readonly<Record<string, unknown>>)[logoutEvent]))
    return refused({ because: "no_event" });
  // An ID token has one: it must never be taken for a logout token.
  if ("nonce" in claims) return refused({ because: "has_nonce" });
  const subject = textOf(claims["sub"]);
  const sid = textOf(claims["sid"]);
  if (subject === null && sid === null) return refused({ because: "about_nobody" });
  const jti = textOf(claims["jti"]);
  return jti === null ? refused({ because: "no_jti" }) : ok({ jti, subject, sid });
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" && value.length <= textMax ? value : null;
}
