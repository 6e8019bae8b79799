import assert from "node:assert/strict";
import { createHmac, createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { newTokenKey, signedToken } from "../testing/device-client.ts";
import { looksSigned, readDeviceToken, readPublicKey, type TokenContext } from "./device-token.ts";
import type { Credential } from "./device-store.ts";

const nowMs = Date.parse("2026-11-20T10:00:00Z");
const audience = "urn:tillwatch:installation:0123456789abcdef";
const device = "S-1001/C-01";
const other = "S-1002/C-01";
const [ours, others, stranger] = [newTokenKey(), newTokenKey(), newTokenKey()];

function credentialOf(key: { readonly jwk: { readonly x: string }; readonly kid: string }, of: string): Credential {
  const [siteId = "", deviceId = ""] = of.split("/");
  const proof = Buffer.from(key.jwk.x, "base64url");
  const times = {
    expiresAtMs: nowMs + 1e9,
    retiresAtMs: null,
    revokedAtMs: null,
    lastUsedAtMs: null,
    organisationEnded: false,
  };
  return {
    id: key.kid,
    organisationId: "home",
    siteId,
    deviceId,
    kind: "key",
    name: key.kid,
    proof,
    replaces: null,
    ...times,
  };
}

const enrolled = new Map(
  [ours, others].map((key, index) => [key.kid, credentialOf(key, index === 0 ? device : other)]),
);
const context: TokenContext = { audience, nowMs, keyNamed: async (name) => enrolled.get(name) ?? null };
const named = { device, audience, nowMs };
const iat = nowMs / 1000;
const good = signedToken(ours, named);
const [goodHeader, goodClaims, goodSignature] = good.split(".");

async function verdict(token: string): Promise<string> {
  const read = await readDeviceToken(token, context);
  return read.ok ? "holds" : read.error.code;
}

function publicPem(): string {
  return createPublicKey(ours.privateKey).export({ type: "spki", format: "pem" });
}

const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" });
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const hs256 = (secret: string | Buffer) => (input: Buffer) => createHmac("sha256", secret).update(input).digest();
const flipped = (text = "") => `${text.slice(0, 10)}${text[10] === "A" ? "B" : "A"}${text.slice(11)}`;

const tokens: readonly { readonly says: string; readonly token: string; readonly want: string }[] = [
  { says: "as it should be", token: good, want: "holds" },
  { says: "ten minutes of life", token: signedToken(ours, named, { claims: { exp: iat + 600 } }), want: "holds" },
  {
    says: "a clock that is half a minute ahead",
    token: signedToken(ours, { ...named, nowMs: nowMs + 30_000 }),
    want: "holds",
  },
  {
    says: "several audiences, ours among them",
    token: signedToken(ours, named, { claims: { aud: ["x", audience] } }),
    want: "holds",
  },
  {
    says: "alg none, without signature",
    token: `${part({ alg: "none", kid: ours.kid })}.${goodClaims}.`,
    want: "device_token_malformed",
  },
  {
    says: "alg none, with a signature",
    token: signedToken(ours, named, { header: { alg: "none" } }),
    want: "device_token_malformed",
  },
  {
    says: "alg in other letters",
    token: signedToken(ours, named, { header: { alg: "eddsa" } }),
    want: "device_token_malformed",
  },
  {
    says: "alg absent",
    token: signedToken(ours, named, { header: { alg: undefined } }),
    want: "device_token_malformed",
  },
  {
    says: "HS256 with the public key's PEM as secret",
    token: signedToken(ours, named, { header: { alg: "HS256" }, signer: hs256(publicPem()) }),
    want: "device_token_malformed",
  },
  {
    says: "HS256 with the public key's bytes, called EdDSA",
    token: signedToken(ours, named, { signer: hs256(Buffer.from(ours.jwk.x, "base64url")) }),
    want: "device_token_signature_wrong",
  },
  {
    says: "ES256 by a key in the header",
    token: signedToken(ours, named, {
      header: { alg: "ES256", jwk: p256.publicKey.export({ format: "jwk" }) },
      signer: (input) => sign("sha256", input, { key: p256.privateKey, dsaEncoding: "ieee-p1363" }),
    }),
    want: "device_token_malformed",
  },
  {
    says: "EdDSA by a key in the header",
    token: signedToken(stranger, named, { header: { kid: ours.kid, jwk: stranger.jwk } }),
    want: "device_token_signature_wrong",
  },
  { says: "a key that is not enrolled", token: signedToken(stranger, named), want: "device_token_key_unknown" },
  { says: "no kid", token: signedToken(ours, named, { header: { kid: undefined } }), want: "device_token_malformed" },
  {
    says: "kid with a quote and a path",
    token: signedToken(ours, named, { header: { kid: "../../' or 1=1" } }),
    want: "device_token_malformed",
  },
  {
    says: "kid of another device, signed by our key",
    token: signedToken(ours, named, { header: { kid: others.kid } }),
    want: "device_token_signature_wrong",
  },
  { says: "the device of another key", token: signedToken(others, named), want: "device_token_subject_wrong" },
  {
    says: "no sub",
    token: signedToken(ours, named, { claims: { sub: undefined } }),
    want: "device_token_subject_wrong",
  },
  {
    says: "another audience",
    token: signedToken(ours, { ...named, audience: "urn:else" }),
    want: "device_token_audience_wrong",
  },
  {
    says: "no audience",
    token: signedToken(ours, named, { claims: { aud: undefined } }),
    want: "device_token_audience_wrong",
  },
  { says: "expired", token: signedToken(ours, { ...named, nowMs: nowMs - 3600_000 }), want: "device_token_expired" },
  {
    says: "from the future",
    token: signedToken(ours, { ...named, nowMs: nowMs + 120_000 }),
    want: "device_token_expired",
  },
  { says: "not yet", token: signedToken(ours, named, { claims: { nbf: iat + 300 } }), want: "device_token_expired" },
  { says: "no exp", token: signedToken(ours, named, { claims: { exp: undefined } }), want: "device_token_malformed" },
  { says: "no iat", token: signedToken(ours, named, { claims: { iat: undefined } }), want: "device_token_malformed" },
  {
    says: "exp as text",
    token: signedToken(ours, named, { claims: { exp: String(iat + 60) } }),
    want: "device_token_malformed",
  },
  {
    says: "a day of life",
    token: signedToken(ours, named, { claims: { exp: iat + 86_400 } }),
    want: "device_token_too_long",
  },
  { says: "no jti", token: signedToken(ours, named, { claims: { jti: undefined } }), want: "device_token_malformed" },
  {
    says: "a giant jti",
    token: signedToken(ours, named, { claims: { jti: "j".repeat(200) } }),
    want: "device_token_malformed",
  },
  {
    says: "a critical extension",
    token: signedToken(ours, named, { header: { crit: ["x"], x: 1 } }),
    want: "device_token_malformed",
  },
  {
    says: "detached payload (b64)",
    token: signedToken(ours, named, { header: { b64: false, crit: ["b64"] } }),
    want: "device_token_malformed",
  },
  {
    says: "bound by something else",
    token: signedToken(ours, named, { claims: { cnf: { jkt: "x" } } }),
    want: "device_token_malformed",
  },
  {
    says: "claims changed",
    token: `${goodHeader}.${flipped(goodClaims)}.${goodSignature}`,
    want: "device_token_signature_wrong",
  },
  {
    says: "signature changed",
    token: `${goodHeader}.${goodClaims}.${flipped(goodSignature)}`,
    want: "device_token_signature_wrong",
  },
  { says: "signature cut", token: good.slice(0, -8), want: "device_token_signature_wrong" },
  { says: "signature absent", token: `${goodHeader}.${goodClaims}.`, want: "device_token_signature_wrong" },
  { says: "two parts", token: `${goodHeader}.${goodClaims}`, want: "device_token_malformed" },
  { says: "four parts", token: `${good}.${goodSignature}`, want: "device_token_malformed" },
  { says: "claims that are a list", token: signedList(), want: "device_token_malformed" },
  {
    says: "huge",
    token: signedToken(ours, named, { claims: { pad: "p".repeat(8_000) } }),
    want: "device_token_malformed",
  },
  { says: "empty", token: "", want: "device_token_malformed" },
];

function signedList(): string {
  const input = `${goodHeader}.${part([1, 2])}`;
  return `${input}.${sign(null, Buffer.from(input), ours.privateKey).toString("base64url")}`;
}

for (const { says, token, want } of tokens) {
  test(`A20 a signed token: ${says}`, async () => assert.equal(await verdict(token), want));
}

test("A20 no change of one character of a token holds", async () => {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  // The last character of each part carries bits that decode to nothing: leave it.
  const spots = good
    .split("")
    .flatMap((character, at) => (character === "." || good[at + 1] === "." || at === good.length - 1 ? [] : [at]));
  const change = fc.record({ at: fc.constantFrom(...spots), to: fc.constantFrom(...alphabet.split("")) });
  await fc.assert(
    fc.asyncProperty(change, async ({ at, to }) => {
      fc.pre(good[at] !== to);
      assert.notEqual(await verdict(`${good.slice(0, at)}${to}${good.slice(at + 1)}`), "holds");
    }),
    { numRuns: 300 },
  );
});

test("A20 whatever is shown as a token, the answer is a refusal and never a fault", async () => {
  const anything = fc.oneof(
    fc.string(),
    fc.base64String().map((text) => `${text}.${text}.${text}`),
    fc.json().map((text) => `${part(text)}.e30.`),
  );
  await fc.assert(fc.asyncProperty(anything, async (token) => assert.notEqual(await verdict(token), "holds")));
});

test("A20 a bearer token of another kind is left to others", () => {
  for (const text of [
    "",
    "tw_key_abc",
    "a.b.c",
    "eyJ.b.c",
    `${part([])}.b.c`,
    `${part({ typ: "x" })}.b.c`,
    "1.2.3.4",
  ]) {
    assert.equal(looksSigned(text), false, text);
  }
  assert.equal(looksSigned(good), true);
  assert.equal(looksSigned(`${part({ alg: "none" })}.e30.`), true);
});

const { x } = ours.jwk;
const keys: readonly { readonly says: string; readonly jwk: unknown; readonly holds?: boolean }[] = [
  { says: "as it should be", jwk: { kty: "OKP", crv: "Ed25519", x }, holds: true },
  {
    says: "with members that say nothing",
    jwk: { kty: "OKP", crv: "Ed25519", x, use: "sig", kid: "mine" },
    holds: true,
  },
  { says: "the private key", jwk: { kty: "OKP", crv: "Ed25519", x, d: x } },
  { says: "a key for agreement", jwk: { kty: "OKP", crv: "X25519", x } },
  { says: "a P-256 key", jwk: p256.publicKey.export({ format: "jwk" }) },
  { says: "a short key", jwk: { kty: "OKP", crv: "Ed25519", x: x.slice(0, 40) } },
  { says: "padding", jwk: { kty: "OKP", crv: "Ed25519", x: `${x}=` } },
  { says: "no object", jwk: "key" },
];
for (const { says, jwk, holds = false } of keys) {
  test(`A20 a public key for signed tokens: ${says}`, async () => {
    const read = await readPublicKey(jwk);
    assert.equal(read.ok, holds);
    if (read.ok) assert.equal(read.value.name, ours.kid);
  });
}
