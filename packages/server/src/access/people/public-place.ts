/** Where browsers find this installation, and whether passkeys can work there. */
export type PublicPlace = { readonly origin: string; readonly passkeys: PasskeyPlace };

export type PasskeyPlace =
  | { readonly kind: "possible"; readonly rpId: string }
  | { readonly kind: "impossible"; readonly because: "needs_name" | "needs_https" };

/**
 * What WebAuthn (section 5.1.2) makes of an address: a relying party is a domain, so an IP address never is one; and a page must be a
 * secure context, so it takes https, or `localhost`.
 */
export function publicPlace(url: string): PublicPlace {
  const { origin, hostname, protocol } = new URL(url);
  return { origin, passkeys: passkeyPlace(hostname, protocol) };
}

function passkeyPlace(hostname: string, protocol: string): PasskeyPlace {
  const local = hostname === "localhost" || hostname.endsWith(".localhost");
  if (hostname.startsWith("[") || /^[\d.]+$/.test(hostname)) return { kind: "impossible", because: "needs_name" };
  if (protocol !== "https:" && !local) return { kind: "impossible", because: "needs_https" };
  return { kind: "possible", rpId: hostname };
}

/** The address to use when none is set: loopback and "every address" are called `localhost`, which is a name. */
export function placeOfListener(listening: string): string {
  const url = new URL(listening);
  const everywhere = ["127.0.0.1", "[::1]", "0.0.0.0", "[::]"].includes(url.hostname);
  return everywhere ? `${url.protocol}//localhost:${url.port}` : url.origin;
}
