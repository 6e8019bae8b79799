import { timingSafeEqual } from "node:crypto";
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
  type AuthenticationResponseJSON,
  type RegistrationResponseJSON,
} from "@simplewebauthn/server";
import type { Chance } from "../../platform/chance.ts";
import type { FieldVault } from "../../platform/keys/field-vault.ts";
import { digestOf } from "../credential.ts";
import type { Passkey } from "./factor-store.ts";

/** What a challenge is for: one that was made to sign in does not register, and one of mine is not yours. */
export type ChallengeFor = {
  readonly use: "sign_in" | "register" | "step_up";
  readonly accountId: string | null; // null: whoever it turns out to be
};

export type PasskeySite = { readonly origin: string; readonly rpId: string };

// EdDSA, ES256, RS256 (COSE): what authenticators have. Named, because the library would otherwise try what the runtime calls experimental.
const algorithms = [-8, -7, -257];
const challengeLivesMs = 5 * 60_000;
const nonceBytes = 16;
const expiryBytes = 6;
const macBytes = 16;

/**
 * 16 random bytes, when it expires, and a MAC under a key of this installation over both and what it is for. Nothing is kept until it
 * comes back, so that asking for a million of them fills no table.
 */
export function makeChallenge(to: ChallengeFor, at: { vault: FieldVault; chance: Chance; nowMs: number }): Uint8Array {
  const expiry = Buffer.alloc(expiryBytes);
  expiry.writeUIntBE(at.nowMs + challengeLivesMs, 0, expiryBytes);
  const head = Buffer.concat([at.chance.bytes(nonceBytes), expiry]);
  return new Uint8Array(Buffer.concat([head, macOf(head, to, at.vault)]));
}

/** When it expires and the name to spend it by; null: not ours, for something else, or too old. `challenge` as base64url, hostile. */
export function readChallenge(
  challenge: string,
  to: ChallengeFor,
  at: { readonly vault: FieldVault; readonly nowMs: number },
): { readonly sha256: string; readonly expiresAtMs: number } | null {
  const bytes = Buffer.from(challenge, "base64url");
  if (bytes.length !== nonceBytes + expiryBytes + macBytes) return null;
  const head = bytes.subarray(0, nonceBytes + expiryBytes);
  if (!timingSafeEqual(bytes.subarray(nonceBytes + expiryBytes), macOf(head, to, at.vault))) return null;
  const expiresAtMs = head.readUIntBE(nonceBytes, expiryBytes);
  return at.nowMs >= expiresAtMs ? null : { sha256: digestOf(bytes.toString("base64url")), expiresAtMs };
}

function macOf(head: Uint8Array, to: ChallengeFor, vault: FieldVault): Uint8Array {
  const text = `${to.use}|${to.accountId ?? ""}|${Buffer.from(head).toString("hex")}`;
  return vault.blindIndex("passkey-challenge", text).subarray(0, macBytes);
}

/** What a browser hands to `navigator.credentials.create`: a credential that the authenticator finds by itself, behind a PIN or a finger. */
export function registrationOptions(
  site: PasskeySite,
  person: { readonly accountId: string; readonly login: string; readonly name: string },
  given: { readonly challenge: Uint8Array; readonly known: readonly Passkey[] },
) {
  return generateRegistrationOptions({
    rpName: "Tillwatch",
    rpID: site.rpId,
    userName: person.login,
    userDisplayName: person.name,
    userID: bytesOfUuid(person.accountId),
    challenge: new Uint8Array(given.challenge),
    attestationType: "none",
    supportedAlgorithmIDs: algorithms,
    excludeCredentials: given.known.map(({ credentialId, transports }) => ({
      id: credentialId,
      transports: [...transports],
    })),
    authenticatorSelection: { residentKey: "required", userVerification: "required" },
  });
}

/** What a browser hands to `navigator.credentials.get`. Without `known` the person chooses among all passkeys for this site. */
export function authenticationOptions(
  site: PasskeySite,
  given: { readonly challenge: Uint8Array; readonly known: readonly Passkey[] },
) {
  return generateAuthenticationOptions({
    rpID: site.rpId,
    challenge: new Uint8Array(given.challenge),
    userVerification: "required",
    allowCredentials: given.known.map(({ credentialId, transports }) => ({
      id: credentialId,
      transports: [...transports],
    })),
  });
}

export type Registered = Pick<Passkey, "credentialId" | "publicKey" | "counter" | "transports">;

/** The new credential; null: the answer does not hold (WebAuthn section 7.1). `expected` judges the challenge inside. */
export async function registeredPasskey(
  site: PasskeySite,
  response: unknown,
  expected: (challenge: string) => boolean,
): Promise<Registered | null> {
  try {
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: response as RegistrationResponseJSON, // the library checks it; whatever it is not, it throws
      expectedChallenge: expected,
      expectedOrigin: site.origin,
      expectedRPID: site.rpId,
      requireUserVerification: true,
      supportedAlgorithmIDs: algorithms,
    });
    if (!verified) return null;
    const { id, publicKey, counter, transports = [] } = registrationInfo.credential;
    return { credentialId: id, publicKey, counter, transports };
  } catch {
    return null; // thrown for every kind of mismatch, and by hostile bytes anywhere inside
  }
}

/** The counter of a good answer; null: it does not hold (WebAuthn section 7.2). */
export async function provenCounter(
  site: PasskeySite,
  given: { readonly response: unknown; readonly passkey: Passkey },
  expected: (challenge: string) => boolean,
): Promise<number | null> {
  const { passkey } = given;
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: given.response as AuthenticationResponseJSON,
      expectedChallenge: expected,
      expectedOrigin: site.origin,
      expectedRPID: site.rpId,
      requireUserVerification: true,
      // The counter is judged where it is written (usePasskey), so that two answers at once cannot both pass.
      credential: { id: passkey.credentialId, publicKey: new Uint8Array(passkey.publicKey), counter: 0 },
    });
    return verified ? authenticationInfo.newCounter : null;
  } catch {
    return null;
  }
}

/** The account that the authenticator says it is (its user handle); null: it says nothing, or no UUID. */
export function accountOfHandle(userHandle: string | undefined): string | null {
  const bytes = Buffer.from(userHandle ?? "", "base64url");
  if (bytes.length !== 16) return null;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function bytesOfUuid(id: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(id.replaceAll("-", ""), "hex"));
}
