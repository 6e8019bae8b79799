import { createHash } from "node:crypto";
import {
  calculateJwkThumbprint,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  importJWK,
  jwtVerify,
  type JWTPayload,
} from "jose";
import { isJsonObject, ok, type Result } from "@tillwatch/wire";
import { deviceToken, parseDeviceText, type DeviceName } from "./device-name.ts";
import type { Credential } from "./device-store.ts";
import { refuse, type RefusalCode } from "./refused.ts";

/** A signed token that holds, but for having been used before and for what it is bound to. */
export type DeviceToken = {
  readonly credential: Credential;
  readonly idSha256: Uint8Array; // of its jti
  readonly expiresAtMs: number;
  /** `cnf` `x5t#S256` (RFC 8705): base64url of the SHA-256 of the certificate that must be on the connection. */
  readonly boundTo: string | null;
};

export type TokenContext = {
  readonly audience: string;
  readonly nowMs: number;
  readonly keyNamed: (thumbprint: string) => Promise<Credential | null>;
};

export type TokenRefusal = { readonly code: RefusalCode; readonly says: string; readonly device: DeviceName | null };

export const tokenCharactersMax = 4096;
export const tokenSecondsMax = 600;
const skewSeconds = 60;
const idCharactersMax = 128;
const algorithm = "EdDSA"; // pinned: of an Ed25519 key there is no other signature

/** Whether a bearer token or password is meant as a signed token: three parts, the first of them JSON that names an algorithm. */
export function looksSigned(text: string): boolean {
  const [header = "", , ...rest] = text.split(".", 4);
  if (rest.length !== 1 || !header.startsWith("ey")) return false;
  try {
    const parsed: unknown = JSON.parse(Buffer.from(header.slice(0, 2048), "base64url").toString("utf8"));
    return isJsonObject(parsed) && "alg" in parsed;
  } catch {
    return text.length > tokenCharactersMax; // too large to say: refused as such, not passed on
  }
}

/**
 * Checks a device's signed token (JWT, RFC 7519, in compact form): EdDSA by the key that `kid` names, `sub` the device that the key is
 * of, `aud` this installation, `iat` and `exp` at most ten minutes apart and around now, a `jti`.
 */
export async function readDeviceToken(text: string, context: TokenContext): Promise<Result<DeviceToken, TokenRefusal>> {
  const device = claimedDevice(text);
  const no = (code: RefusalCode, says: string) => ({
    ok: false as const,
    error: { ...refuse(code, says).error, device },
  });
  if (text.length > tokenCharactersMax)
    return no("device_token_malformed", `a token has at most ${tokenCharactersMax} characters`);
  const kid = keyNameOf(text);
  if (kid === null)
    return no("device_token_malformed", "the token is no JWT by EdDSA whose header names its key by kid");
  const credential = await context.keyNamed(kid);
  if (credential === null) return no("device_token_key_unknown", "the key that kid names is not enrolled here");
  let payload: JWTPayload;
  try {
    const key = await importJWK(
      { kty: "OKP", crv: "Ed25519", x: Buffer.from(credential.proof).toString("base64url") },
      algorithm,
    );
    const options = {
      algorithms: [algorithm],
      audience: context.audience,
      currentDate: new Date(context.nowMs),
      clockTolerance: skewSeconds,
    };
    ({ payload } = await jwtVerify(text, key, options));
  } catch (fault) {
    const { code, says } = ofFault(fault);
    return no(code, says);
  }
  if (payload.sub !== deviceToken(credential))
    return no("device_token_subject_wrong", "sub is not the device that the key is of");
  const { iat, exp, jti } = payload;
  if (iat === undefined || exp === undefined) return no("device_token_malformed", "iat and exp are needed");
  if (jti === undefined || jti === "" || jti.length > idCharactersMax) {
    return no("device_token_malformed", `jti is needed, with at most ${idCharactersMax} characters`);
  }
  if (iat * 1000 > context.nowMs + skewSeconds * 1000)
    return no("device_token_expired", "iat is in the future: check the device's clock");
  if (exp - iat > tokenSecondsMax || exp <= iat)
    return no("device_token_too_long", `exp is at most ${tokenSecondsMax} seconds after iat`);
  const bound = boundTo(payload);
  if (bound === undefined) return no("device_token_malformed", "cnf holds no x5t#S256");
  return ok({
    credential,
    idSha256: createHash("sha256").update(jti, "utf8").digest(),
    // As long as it could be shown once more.
    expiresAtMs: (exp + skewSeconds) * 1000,
    boundTo: bound,
  });
}

/** An Ed25519 public key as JWK, read strictly. Answers its RFC 7638 thumbprint, by which it is named, and its 32 bytes. */
export async function readPublicKey(
  jwk: unknown,
): Promise<Result<{ name: string; bytes: Uint8Array }, { code: RefusalCode; says: string }>> {
  if (!isJsonObject(jwk) || jwk["kty"] !== "OKP" || jwk["crv"] !== "Ed25519" || typeof jwk["x"] !== "string") {
    return refuse(
      "device_key_malformed",
      'the key is an Ed25519 public key as JWK: {"kty": "OKP", "crv": "Ed25519", "x": "..."}',
    );
  }
  if ("d" in jwk)
    return refuse("device_key_malformed", "this is the private key: it must not leave the device; make another");
  const bytes = Buffer.from(jwk["x"], "base64url");
  if (bytes.length !== 32 || bytes.toString("base64url") !== jwk["x"]) {
    return refuse("device_key_malformed", "x is 32 bytes as base64url without padding");
  }
  const name = await calculateJwkThumbprint({ kty: "OKP", crv: "Ed25519", x: jwk["x"] });
  return ok({ name, bytes: new Uint8Array(bytes) });
}

function keyNameOf(text: string): string | null {
  try {
    const { alg, kid } = decodeProtectedHeader(text);
    return alg === algorithm && typeof kid === "string" && /^[A-Za-z0-9_-]{43}$/.test(kid) ? kid : null;
  } catch {
    return null;
  }
}

/** Whom it says it is of, unproven: for the record of refusals only. */
function claimedDevice(text: string): DeviceName | null {
  if (text.length > tokenCharactersMax) return null;
  try {
    const { sub = "" } = decodeJwt(text);
    return sub.startsWith("device:") ? parseDeviceText(sub.slice("device:".length)) : null;
  } catch {
    return null;
  }
}

function ofFault(fault: unknown): { readonly code: RefusalCode; readonly says: string } {
  if (fault instanceof errors.JWTExpired) return { code: "device_token_expired", says: "the token has expired" };
  if (fault instanceof errors.JWSSignatureVerificationFailed) {
    return { code: "device_token_signature_wrong", says: "the signature is not by the key that kid names" };
  }
  if (fault instanceof errors.JWTClaimValidationFailed) {
    if (fault.claim === "aud") return { code: "device_token_audience_wrong", says: "aud is not this installation" };
    if (fault.claim === "nbf") return { code: "device_token_expired", says: "nbf is in the future" };
    return { code: "device_token_malformed", says: `the claim ${fault.claim} is missing or malformed` };
  }
  if (fault instanceof errors.JOSEError)
    return { code: "device_token_malformed", says: "the token is no JWT by EdDSA" };
  throw fault;
}

/** null: not bound; undefined: a confirmation of another kind, which must not be passed over. */
function boundTo(payload: JWTPayload): string | null | undefined {
  const { cnf } = payload;
  if (cnf === undefined) return null;
  const thumbprint = isJsonObject(cnf) ? cnf["x5t#S256"] : undefined;
  return typeof thumbprint === "string" ? thumbprint : undefined;
}
