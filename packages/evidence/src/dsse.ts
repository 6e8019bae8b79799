import { concatBytes, fromAnyBase64, toBase64, utf8 } from "./bytes.ts";
import { isJsonObject, type Json } from "./canonical-json.ts";
import { keyIdOf, verifyEd25519, type Signer } from "./ed25519.ts";
import type { Sha256 } from "./hashing.ts";
import { accepted, refused, type Refusal, type Result } from "./refusal.ts";

/** DSSE 1.0.2 envelope. `keyid` is a hint only; what counts is which key verifies. */
export type DsseEnvelope = {
  readonly payload: string; // base64
  readonly payloadType: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
};

export type DsseRefusal = Refusal<"dsse_malformed" | "dsse_signature_invalid">;

const signaturesMax = 64;

/** Pre-authentication encoding: "DSSEv1" SP len(type) SP type SP len(body) SP body, lengths in bytes. */
export function dssePae(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = utf8(payloadType);
  return concatBytes(utf8(`DSSEv1 ${type.length} `), type, utf8(` ${payload.length} `), payload);
}

export async function signDsse(
  sha256: Sha256,
  message: { readonly payloadType: string; readonly payload: Uint8Array },
  signers: readonly Signer[],
): Promise<DsseEnvelope> {
  const pae = dssePae(message.payloadType, message.payload);
  const signatures = await Promise.all(
    signers.map(async (signer) => ({
      keyid: keyIdOf(sha256, signer.publicKey),
      sig: toBase64(await signer.sign(pae)),
    })),
  );
  return { payload: toBase64(message.payload), payloadType: message.payloadType, signatures };
}

/** Reads an envelope from outside. Unknown fields are ignored, either base64 alphabet is accepted (DSSE 1.0.2). */
export function parseDsse(value: Json): Result<DsseEnvelope, DsseRefusal> {
  if (!isJsonObject(value)) return refused("dsse_malformed", "the envelope is not an object");
  const { payload, payloadType, signatures } = value;
  if (typeof payload !== "string" || fromAnyBase64(payload) === undefined)
    return refused("dsse_malformed", "the payload is not base64");
  if (typeof payloadType !== "string") return refused("dsse_malformed", "the payload has no type");
  if (!Array.isArray(signatures) || signatures.length === 0 || signatures.length > signaturesMax) {
    return refused("dsse_malformed", `an envelope carries 1 to ${signaturesMax} signatures`);
  }
  const read: { keyid: string; sig: string }[] = [];
  for (const signature of signatures as readonly Json[]) {
    if (
      !isJsonObject(signature) ||
      typeof signature["sig"] !== "string" ||
      fromAnyBase64(signature["sig"]) === undefined
    ) {
      return refused("dsse_malformed", "a signature is not base64");
    }
    const { keyid } = signature;
    read.push({ keyid: typeof keyid === "string" ? keyid : "", sig: signature["sig"] });
  }
  return accepted({ payload, payloadType, signatures: read });
}

/**
 * Verifies that at least `threshold` different trusted keys (default 1) signed, and returns the payload bytes that they signed.
 * Callers MUST use these bytes and not decode the envelope a second time. Two signatures of one key count once.
 */
export async function verifyDsse(
  envelope: DsseEnvelope,
  keys: readonly Uint8Array[],
  threshold = 1,
): Promise<Result<{ readonly payload: Uint8Array; readonly by: readonly Uint8Array[] }, DsseRefusal>> {
  if (threshold < 1) throw new RangeError("a threshold below one verifies nothing");
  const payload = fromAnyBase64(envelope.payload);
  if (payload === undefined) return refused("dsse_malformed", "the payload is not base64");
  const pae = dssePae(envelope.payloadType, payload);
  const by = new Map<string, Uint8Array>();
  for (const { sig } of envelope.signatures) {
    const signature = fromAnyBase64(sig);
    if (signature === undefined) continue;
    for (const key of keys) {
      const name = toBase64(key);
      if (!by.has(name) && (await verifyEd25519(key, pae, signature))) by.set(name, key);
    }
  }
  return by.size >= threshold
    ? accepted({ payload, by: [...by.values()] })
    : refused("dsse_signature_invalid", `${by.size} of ${threshold} required signatures by a trusted key`);
}
