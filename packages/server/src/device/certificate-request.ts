import { createPublicKey } from "node:crypto";
import { ok, type Result } from "@tillwatch/wire";
import { Pkcs10CertificateRequest, SubjectAlternativeNameExtension } from "../platform/keys/x509.ts";
import { deviceText, deviceUri, parseDeviceText, type DeviceName } from "./device-name.ts";
import { refuse, type RefusalCode } from "./refused.ts";

/** A request whose signature is by the key that it asks a certificate for, and whose key is strong enough. */
export type CertificateRequest = {
  readonly spki: Uint8Array;
  readonly commonName: string;
  readonly uris: readonly string[];
};

type Refusal = { readonly code: RefusalCode; readonly says: string };

const textMax = 16 * 1024;
const rsaBits = { min: 2048, max: 4096 };
const curves = new Set(["prime256v1", "secp384r1"]);

/**
 * Reads a PKCS#10 request: PEM, or base64 of the DER with or without line breaks (RFC 8951 section 3.1). Checks the proof of
 * possession and the key: P-256, P-384, Ed25519, or RSA of 2048 to 4096 bits.
 */
export async function readCertificateRequest(text: string): Promise<Result<CertificateRequest, Refusal>> {
  if (text.length > textMax)
    return refuse("certificate_request_malformed", `a request has at most ${textMax} characters`);
  const base64 = text.replaceAll(/-----(BEGIN|END) (NEW )?CERTIFICATE REQUEST-----|\s/g, "");
  if (base64 === "" || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) {
    return refuse("certificate_request_malformed", "the request is neither PEM nor base64 of DER");
  }
  const der = Buffer.from(base64, "base64");
  if (!isOneSequence(der)) return refuse("certificate_request_malformed", "the request is not one piece of DER");
  let request: Pkcs10CertificateRequest;
  let spki: Uint8Array;
  try {
    request = new Pkcs10CertificateRequest(new Uint8Array(der));
    spki = new Uint8Array(request.publicKey.rawData);
  } catch {
    return refuse("certificate_request_malformed", "the request is no PKCS#10");
  }
  const weak = weakness(spki);
  if (weak !== null) return refuse("certificate_request_key_weak", weak);
  // A library that meets a signature algorithm it does not know throws: unproven all the same.
  if (!(await request.verify().catch(() => false))) {
    return refuse(
      "certificate_request_unproven",
      "the request is not signed by the key that it asks a certificate for",
    );
  }
  return ok({ spki, commonName: commonNameOf(request), uris: urisOf(request) });
}

/** What the certificate says is ours to decide, but a request that names another device is a mistake that must not pass silently. */
export function namesAnother(request: CertificateRequest, organisationId: string, device: DeviceName): Refusal | null {
  const asked = parseDeviceText(request.commonName);
  const uri = request.uris.find((text) => text.startsWith("urn:tillwatch:"));
  const otherName = asked !== null && deviceText(asked) !== deviceText(device);
  if (!otherName && (uri === undefined || uri === deviceUri(organisationId, device))) return null;
  return { code: "certificate_request_foreign", says: `the request names another device than ${deviceText(device)}` };
}

/** Whether the bytes are one DER SEQUENCE from the first to the last: the library would pass over what follows. */
function isOneSequence(der: Uint8Array): boolean {
  const [tag, first = 0] = der;
  const more = first < 0x80 ? 0 : first & 0x7f;
  if (tag !== 0x30 || more > 2) return false;
  const length = more === 0 ? first : der.subarray(2, 2 + more).reduce((sum, byte) => sum * 256 + byte, 0);
  return der.length === 2 + more + length;
}

function weakness(spki: Uint8Array): string | null {
  let key;
  try {
    key = createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
  } catch {
    return "the key is of no kind that is taken";
  }
  const { namedCurve = "", modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  const { asymmetricKeyType: kind } = key;
  if (kind === "ed25519") return null;
  if (kind === "ec") return curves.has(namedCurve) ? null : "of elliptic curves P-256 and P-384 are taken";
  if (kind !== "rsa") return "keys that are taken: P-256, P-384, Ed25519, RSA of 2048 to 4096 bits";
  if (modulusLength < rsaBits.min || modulusLength > rsaBits.max) return "an RSA key has 2048 to 4096 bits";
  return publicExponent < 65_537n || publicExponent > 0xffff_ffffn ? "an RSA exponent is 65537 or a little more" : null;
}

function commonNameOf(request: Pkcs10CertificateRequest): string {
  return request.subjectName.getField("CN")[0] ?? "";
}

function urisOf(request: Pkcs10CertificateRequest): readonly string[] {
  const uris: string[] = [];
  for (const extension of request.extensions) {
    if (!(extension instanceof SubjectAlternativeNameExtension)) continue;
    for (const { type, value } of extension.names.items) if (type === "url") uris.push(value);
  }
  return uris;
}
