import { createHash, createPublicKey, generateKeyPairSync, X509Certificate as Parsed } from "node:crypto";
import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import { writeDurably } from "../durable-file.ts";
import { KeyFault } from "./key-fault.ts";
import type { KeyFolder } from "./key-folder.ts";
import * as x509 from "./x509.ts";

export type CertificateNames = { readonly commonName: string; readonly uri: string };
export type Validity = { readonly notBeforeMs: number; readonly notAfterMs: number };

/** `serial`: upper-case hex without leading zeros, as X509Certificate.serialNumber of Node writes it. `sha256` is of `der`. */
export type Issued = { readonly der: Uint8Array; readonly serial: string; readonly sha256: Uint8Array };

export type RevokedSerial = { readonly serial: string; readonly atMs: number };

const dayMs = 24 * 3600_000;
const rootDays = 3652; // ten years
const crlHours = 24;
const signing = { name: "ECDSA", hash: "SHA-256" };
const curve = { name: "ECDSA", namedCurve: "P-256" };

/**
 * A certificate authority of one level: an ECDSA P-256 key and its self-signed certificate (RFC 5280, path length 0). It signs
 * certificates for clients, for our own listeners, and the list of revoked serials.
 */
export class CertificateAuthority {
  readonly certificate: Parsed;
  readonly #key: CryptoKey;
  readonly #x509: x509.X509Certificate;

  private constructor(pem: string, key: CryptoKey) {
    this.certificate = new Parsed(pem);
    this.#x509 = new x509.X509Certificate(pem);
    this.#key = key;
  }

  /**
   * Reads `device-ca.key` and `device-ca.pem` of `folder` and makes them where both are absent; the key has mode 0600 and is durable
   * before the certificate. Throws KeyFault: a key that others may read, that cannot be read, or that is not the certificate's.
   */
  static async open(folder: KeyFolder, nowMs: number): Promise<CertificateAuthority> {
    const [keyPath, certificatePath] = [join(folder.path, keyName), join(folder.path, "device-ca.pem")];
    const keyPem = (await folder.read(keyName)) ?? (await folder.make(keyName, newKey()));
    const key = await importKey(keyPath, keyPem);
    const known = await readFile(certificatePath, "utf8").catch(() => null);
    const pem =
      known ?? (await selfSigned(key, createPublicKey(keyPem).export({ type: "spki", format: "der" }), nowMs));
    if (known === null) await writeDurably(certificatePath, pem, { mode: 0o644, replace: false });
    const authority = new CertificateAuthority(pem, key);
    if (!authority.certificate.publicKey.equals(createPublicKey(keyPem))) {
      throw new KeyFault("key_file_malformed", `${certificatePath} is not the certificate of ${keyPath}`);
    }
    return authority;
  }

  get pem(): string {
    return `${this.#x509.toString("pem").trim()}\n`;
  }

  /** First 16 hex digits of the SHA-256 of the public key: names this authority in texts and tokens. */
  get id(): string {
    const spki = this.certificate.publicKey.export({ type: "spki", format: "der" });
    return createHash("sha256").update(spki).digest("hex").slice(0, 16);
  }

  /** A certificate for TLS clients (`clientAuth` only) over a public key whose possession the caller has checked. */
  issueClient(spki: Uint8Array, given: { serial: Uint8Array; names: CertificateNames } & Validity): Promise<Issued> {
    const { commonName, uri } = given.names;
    return this.#issue(spki, {
      ...given,
      subject: [{ CN: [commonName] }],
      usage: x509.ExtendedKeyUsage.clientAuth,
      alternative: [{ type: "url", value: uri }],
    });
  }

  /** A certificate for a listener of ours under DNS names and addresses; the first is also its common name. */
  issueServer(spki: Uint8Array, given: { serial: Uint8Array; hosts: readonly string[] } & Validity): Promise<Issued> {
    return this.#issue(spki, {
      ...given,
      subject: [{ CN: [given.hosts[0] ?? "localhost"] }],
      usage: x509.ExtendedKeyUsage.serverAuth,
      alternative: given.hosts.map((value) => ({
        type: isIP(value) === 0 ? ("dns" as const) : ("ip" as const),
        value,
      })),
    });
  }

  /** The signed list (DER); its number rises with time. */
  async revocationList(revoked: readonly RevokedSerial[], nowMs: number): Promise<Uint8Array> {
    const list = await x509.X509CrlGenerator.create({
      issuer: this.#x509.subjectName.toJSON(),
      thisUpdate: new Date(nowMs),
      nextUpdate: new Date(nowMs + crlHours * 3600_000),
      entries: revoked.map(({ serial, atMs }) => ({ serialNumber: serial, revocationDate: new Date(atMs) })),
      extensions: [
        await x509.AuthorityKeyIdentifierExtension.create(this.#x509.publicKey),
        new x509.Extension("2.5.29.20", false, derInteger(Math.floor(nowMs / 1000))),
      ],
      signingKey: this.#key,
      signingAlgorithm: signing,
    });
    return new Uint8Array(list.rawData);
  }

  async #issue(spki: Uint8Array, given: ToIssue): Promise<Issued> {
    const publicKey = new x509.PublicKey(new Uint8Array(spki));
    const made = await x509.X509CertificateGenerator.create({
      serialNumber: Buffer.from(given.serial).toString("hex"),
      subject: given.subject,
      issuer: this.#x509.subjectName.toJSON(),
      notBefore: new Date(given.notBeforeMs),
      // What it signs must not outlive it.
      notAfter: new Date(Math.min(given.notAfterMs, this.#x509.notAfter.getTime())),
      publicKey,
      signingKey: this.#key,
      signingAlgorithm: signing,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([given.usage]),
        new x509.SubjectAlternativeNameExtension(given.alternative),
        await x509.AuthorityKeyIdentifierExtension.create(this.#x509.publicKey),
        await x509.SubjectKeyIdentifierExtension.create(publicKey),
      ],
    });
    const der = new Uint8Array(made.rawData);
    return { der, serial: new Parsed(der).serialNumber, sha256: createHash("sha256").update(der).digest() };
  }
}

type ToIssue = Validity & {
  readonly serial: Uint8Array;
  readonly subject: x509.JsonName;
  readonly usage: string;
  readonly alternative: { readonly type: "url" | "dns" | "ip"; readonly value: string }[];
};

/** 16 bytes that are a positive integer with no leading zero, from random ones. */
export function serialFrom(random: Uint8Array): Uint8Array {
  const serial = Uint8Array.from(random.subarray(0, 16));
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  return serial;
}

/** Certificates without a signature around them: degenerate PKCS#7 (RFC 5652 section 5.2, "certs-only" of RFC 7030). */
export function certsOnly(certificates: readonly Uint8Array[]): Uint8Array {
  const list = new x509.X509Certificates(certificates.map((der) => new x509.X509Certificate(new Uint8Array(der))));
  return new Uint8Array(list.export("raw"));
}

export function certificatePem(der: Uint8Array): string {
  return `${new x509.X509Certificate(new Uint8Array(der)).toString("pem").trim()}\n`;
}

const keyName = "device-ca.key";

function newKey(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ type: "pkcs8", format: "pem" });
}

async function importKey(path: string, pem: string): Promise<CryptoKey> {
  try {
    const der = Buffer.from(pem.replaceAll(/-----[A-Z ]+-----|\s/g, ""), "base64");
    return await crypto.subtle.importKey("pkcs8", der, curve, false, ["sign"]);
  } catch (fault) {
    throw new KeyFault("key_file_malformed", `${path} does not hold a P-256 key as PKCS#8`, fault);
  }
}

async function selfSigned(key: CryptoKey, spki: Uint8Array, nowMs: number): Promise<string> {
  const publicKey = new x509.PublicKey(new Uint8Array(spki));
  const id = createHash("sha256").update(spki).digest("hex").slice(0, 16);
  const name: x509.JsonName = [{ CN: [`Tillwatch devices ${id}`] }];
  const made = await x509.X509CertificateGenerator.create({
    serialNumber: `40${id}`,
    subject: name,
    issuer: name,
    // An hour back: the clock of a device may be behind.
    notBefore: new Date(nowMs - 3600_000),
    notAfter: new Date(nowMs + rootDays * dayMs),
    publicKey,
    signingKey: key,
    signingAlgorithm: signing,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
    ],
  });
  return `${made.toString("pem").trim()}\n`;
}

function derInteger(value: number): Uint8Array<ArrayBuffer> {
  let hex = value.toString(16);
  if (hex.length % 2 === 1) hex = `0${hex}`;
  if (Number.parseInt(hex.slice(0, 2), 16) > 0x7f) hex = `00${hex}`;
  return Uint8Array.from([0x02, hex.length / 2, ...Buffer.from(hex, "hex")]);
}
