import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from "node:crypto";

/**
 * An authenticator in software for tests: makes a credential (attestation "none", ES256) and answers challenges, as WebAuthn level 2
 * sections 6.1 and 6.5 have it. What it says of the page (`origin`) and of the person (`verified`) can be set wrong on purpose.
 */
export class SoftAuthenticator {
  readonly #key: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
  readonly #id = randomBytes(32);
  #counter = 0;
  origin: string;
  rpId: string;
  verified = true;
  userHandle = "";

  constructor(place: { readonly origin: string; readonly rpId: string }) {
    this.#key = generateKeyPairSync("ec", { namedCurve: "P-256" });
    this.origin = place.origin;
    this.rpId = place.rpId;
  }

  get id(): string {
    return this.#id.toString("base64url");
  }

  /** The answer to `navigator.credentials.create`. */
  create(options: { readonly challenge: string; readonly user: { readonly id: string } }) {
    this.userHandle = options.user.id;
    const { x = "", y = "" } = this.#key.publicKey.export({ format: "jwk" });
    const cose = map([
      [integer(1), integer(2)], // kty: EC2
      [integer(3), integer(-7)], // alg: ES256
      [integer(-1), integer(1)], // crv: P-256
      [integer(-2), bytes(Buffer.from(x, "base64url"))],
      [integer(-3), bytes(Buffer.from(y, "base64url"))],
    ]);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(this.#id.length);
    const credential = Buffer.concat([Buffer.alloc(16), length, this.#id, cose]);
    const attestation = map([
      [text("fmt"), text("none")],
      [text("attStmt"), map([])],
      [text("authData"), bytes(Buffer.concat([this.#data(0x40), credential]))],
    ]);
    return {
      ...this.#common(),
      response: {
        clientDataJSON: this.#client("webauthn.create", options.challenge).toString("base64url"),
        attestationObject: attestation.toString("base64url"),
        transports: ["internal"],
      },
    };
  }

  /** The answer to `navigator.credentials.get`. `counter` null: counts up by one. */
  get(options: { readonly challenge: string }, counter: number | null = null) {
    this.#counter = counter ?? this.#counter + 1;
    const client = this.#client("webauthn.get", options.challenge);
    const data = this.#data(0);
    const signed = Buffer.concat([data, createHash("sha256").update(client).digest()]);
    return {
      ...this.#common(),
      response: {
        clientDataJSON: client.toString("base64url"),
        authenticatorData: data.toString("base64url"),
        signature: sign("sha256", signed, this.#key.privateKey).toString("base64url"),
        userHandle: this.userHandle,
      },
    };
  }

  #common() {
    return { id: this.id, rawId: this.id, type: "public-key", clientExtensionResults: {} };
  }

  #client(type: string, challenge: string): Buffer {
    return Buffer.from(JSON.stringify({ type, challenge, origin: this.origin, crossOrigin: false }));
  }

  #data(more: number): Buffer {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(this.#counter);
    const flags = 0x01 | (this.verified ? 0x04 : 0) | more;
    return Buffer.concat([createHash("sha256").update(this.rpId).digest(), Buffer.from([flags]), counter]);
  }
}

// As much of CBOR (RFC 8949) as an attestation takes: everything shorter than 65,536.
function head(major: number, value: number): Buffer {
  if (value < 24) return Buffer.from([(major << 5) | value]);
  if (value < 256) return Buffer.from([(major << 5) | 24, value]);
  return Buffer.from([(major << 5) | 25, value >> 8, value & 0xff]);
}
const integer = (value: number): Buffer => (value < 0 ? head(1, -1 - value) : head(0, value));
const bytes = (value: Buffer): Buffer => Buffer.concat([head(2, value.length), value]);
const text = (value: string): Buffer => Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
const map = (pairs: readonly (readonly [Buffer, Buffer])[]): Buffer =>
  Buffer.concat([head(5, pairs.length), ...pairs.flat()]);
