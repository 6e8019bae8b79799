export const sessionCookie = "tillwatch_session";

/**
 * The session cookie's name. Over https it carries the prefix by which browsers refuse one that another host of the domain, or a page
 * without https, has planted (RFC 6265bis section 4.1.3.2).
 */
export function sessionCookieName(secure: boolean): string {
  return secure ? `__Host-${sessionCookie}` : sessionCookie;
}

/** The value of one cookie of a `Cookie` header (RFC 6265 section 5.4); null: not there. The first of several wins. */
export function cookieNamed(header: string | undefined, name: string): string | null {
  for (const pair of (header ?? "").split(";")) {
    const equals = pair.indexOf("=");
    if (equals > 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
  }
  return null;
}

/** A `Set-Cookie` value that scripts cannot read and other sites cannot send. `maxAgeSeconds` 0 deletes it. */
export function setCookie(
  value: string,
  options: { readonly maxAgeSeconds: number; readonly secure: boolean },
): string {
  const secure = options.secure ? "; Secure" : "";
  return `${sessionCookieName(options.secure)}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${options.maxAgeSeconds}${secure}`;
}
