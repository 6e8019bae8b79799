import { createHash, timingSafeEqual } from "node:crypto";
import { installationPrincipal, type Principal } from "./principal.ts";

/** A bearer token known by its SHA-256 only (hex), and whose it is. */
export type Credential = { readonly sha256: string; readonly principal: Principal };

export function digestOf(secret: string): string {
  return createHash("sha256").update(secret, "utf8").digest("hex");
}

/** The installation's own token; its actor is `user:admin`. */
export function administratorCredential(token: string): Credential {
  return { sha256: digestOf(token), principal: installationPrincipal };
}

/** Compares digests in constant time and looks at every credential, so that timing tells neither the token nor its place. */
export function credentialOf(credentials: readonly Credential[], token: string): Credential | null {
  const given = Buffer.from(digestOf(token), "hex");
  let found: Credential | null = null;
  for (const credential of credentials) {
    const known = Buffer.from(credential.sha256, "hex");
    if (known.length === given.length && timingSafeEqual(known, given)) found = credential;
  }
  return found;
}
