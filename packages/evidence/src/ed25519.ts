import { concatBytes, fromAnyBase64, fromBase64, fromHex, toBase64, toHex } from "./bytes.ts";
import type { Sha256 } from "./hashing.ts";

/** Ed25519 (RFC 8032) through WebCrypto, which Node, browsers and edge runtimes share. */
export type Signer = {
  /** 32 bytes, RFC 8032 encoding. */
  readonly publicKey: Uint8Array;
  readonly sign: (message: Uint8Array) => Promise<Uint8Array>;
};

const pkcs8Prefix = fromHexConstant("302e020100300506032b657004220420");
const spkiPrefix = fromHexConstant("302a300506032b6570032100");

/** A signer from a 32-byte seed. The seed is the secret: keep it in a file of mode 0600. */
export async function signerFromSeed(seed: Uint8Array): Promise<Signer> {
  if (seed.length !== 32) throw new RangeError("an Ed25519 seed is 32 bytes");
  const { subtle } = globalThis.crypto;
  const key = await subtle.importKey("pkcs8", concatBytes(pkcs8Prefix, seed), "Ed25519", true, ["sign"]);
  const jwk = await subtle.exportKey("jwk", key);
  const publicKey = fromAnyBase64(jwk.x ?? "");
  if (publicKey?.length !== 32) throw new Error("the platform did not give the public key");
  return {
    publicKey,
    sign: async (message) => new Uint8Array(await subtle.sign("Ed25519", key, new Uint8Array(message))),
  };
}

/** False for a bad signature and for keys or signatures of the wrong form; never throws on hostile input. */
export async function verifyEd25519(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  const { subtle } = globalThis.crypto;
  try {
    const key = await subtle.importKey("raw", new Uint8Array(publicKey), "Ed25519", false, ["verify"]);
    return await subtle.verify("Ed25519", key, new Uint8Array(signature), new Uint8Array(message));
  } catch {
    // Platforms differ on points that are not on the curve: some refuse the import, others the verification.
    return false;
  }
}

/** Our name for a key where a format wants one: lower-case hex SHA-256 of the 32 key bytes. */
export function keyIdOf(sha256: Sha256, publicKey: Uint8Array): string {
  return toHex(sha256(publicKey));
}

export function publicKeyPem(publicKey: Uint8Array): string {
  return `-----BEGIN PUBLIC KEY-----\n${toBase64(concatBytes(spkiPrefix, publicKey))}\n-----END PUBLIC KEY-----\n`;
}

/** An Ed25519 public key as people keep it: PEM (SPKI), base64 or hex of the 32 bytes; undefined for anything else. */
export function parsePublicKey(text: string): Uint8Array | undefined {
  const trimmed = text.trim();
  const pem = /^-----BEGIN PUBLIC KEY-----\s+([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----$/.exec(trimmed)?.[1];
  if (pem !== undefined) {
    const der = fromBase64(pem.replaceAll(/\s/g, ""));
    if (der?.length !== spkiPrefix.length + 32) return undefined;
    return toHex(der).startsWith(toHex(spkiPrefix)) ? der.slice(spkiPrefix.length) : undefined;
  }
  const raw = trimmed.length === 64 ? fromHex(trimmed.toLowerCase()) : fromAnyBase64(trimmed);
  return raw?.length === 32 ? raw : undefined;
}

function fromHexConstant(hex: string): Uint8Array {
  return fromHex(hex) ?? new Uint8Array(0);
}
