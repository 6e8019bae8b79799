import { createHash, generateKeyPairSync, randomUUID, sign, X509Certificate, type KeyObject } from "node:crypto";
import { request as httpsRequest } from "node:https";
import { Pkcs10CertificateRequestGenerator, SubjectAlternativeNameExtension } from "../platform/keys/x509.ts";
import type { RunningApp } from "./running-app.ts";

/** A device as seen from its own side: makes keys and requests, enrols, signs tokens, speaks over TLS. */

export type TlsIdentity = { readonly key: string; readonly cert: string };
export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
};

type Asked = {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly identity?: TlsIdentity | undefined;
};

/** Over the HTTPS listener, with a client certificate where one is given. The server's own certificate is checked elsewhere. */
export function overHttps(app: RunningApp, path: string, asked: Asked = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { method = "GET", headers = {}, body, identity } = asked;
    const options = { method, headers, rejectUnauthorized: false, agent: false, ...identity };
    const request = httpsRequest(new URL(path, app.https ?? ""), options, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

export function problemCode(answer: { readonly text: string }): string {
  const body = JSON.parse(answer.text) as { code?: string };
  return body.code ?? "";
}

/** A P-256 key and a request by it, as base64 of the DER. */
export async function newRequest(named: { readonly commonName?: string; readonly uri?: string } = {}) {
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: named.commonName === undefined ? "" : `CN=${named.commonName}`,
    keys: pair,
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
    extensions:
      named.uri === undefined ? [] : [new SubjectAlternativeNameExtension([{ type: "url", value: named.uri }])],
  });
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey("pkcs8", pair.privateKey)).toString("base64");
  return { key: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`, csr: request.toString("base64") };
}

export type Code = { readonly code: string; readonly audience: string };

/** A one-time code, as the administrator has it made. */
export async function newCode(app: RunningApp, device: string): Promise<Code> {
  const [site, id] = device.split("/");
  const answer = await app.call(`/api/v1/sites/${site}/devices/${id}/enrolments`, { method: "POST" });
  if (answer.status !== 201) throw new Error(await answer.text());
  return (await answer.json()) as Code;
}

export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

export const pkcs10 = "application/pkcs10";

/** Enrols by EST; answers key and certificate as PEM. */
export async function enrolled(app: RunningApp, device: string): Promise<TlsIdentity> {
  const { code } = await newCode(app, device);
  const { key, csr } = await newRequest();
  const headers = { authorization: basic(device, code), "content-type": pkcs10 };
  const answer = await overHttps(app, "/.well-known/est/simpleenroll", { method: "POST", headers, body: csr });
  if (answer.status !== 200) throw new Error(answer.text);
  return { key, cert: certificateIn(answer) };
}

export async function reenrolled(app: RunningApp, identity: TlsIdentity): Promise<TlsIdentity> {
  const { key, csr } = await newRequest();
  const headers = { "content-type": pkcs10 };
  const asked = { method: "POST", headers, body: csr, identity };
  const answer = await overHttps(app, "/.well-known/est/simplereenroll", asked);
  if (answer.status !== 200) throw new Error(answer.text);
  return { key, cert: certificateIn(answer) };
}

/** The only certificate in a degenerate PKCS#7. */
export function certificateIn({ text }: { readonly text: string }): string {
  const der = Buffer.from(text, "base64");
  // The first SEQUENCE that Node reads as a certificate: the structure itself is checked by openssl in conformance/.
  for (let at = 0; at < der.length - 4; at++) {
    if (der[at] !== 0x30 || der[at + 1] !== 0x82) continue;
    try {
      return new X509Certificate(der.subarray(at)).toString();
    } catch {
      // not here
    }
  }
  throw new Error("no certificate in the answer");
}

export type TokenKey = {
  readonly privateKey: KeyObject;
  readonly jwk: { kty: string; crv: string; x: string };
  readonly kid: string;
};

export function newTokenKey(): TokenKey {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const { x = "" } = publicKey.export({ format: "jwk" });
  const jwk = { crv: "Ed25519", kty: "OKP", x };
  const kid = createHash("sha256").update(JSON.stringify(jwk)).digest("base64url");
  return { privateKey, jwk, kid };
}

type TokenParts = { readonly header?: object; readonly claims?: object; readonly signer?: (input: Buffer) => Buffer };

/** A token that holds for a minute from `nowMs`; every part can be replaced. */
export function signedToken(
  key: TokenKey,
  named: { device: string; audience: string; nowMs?: number },
  parts: TokenParts = {},
): string {
  const iat = Math.floor((named.nowMs ?? Date.now()) / 1000);
  const header = { alg: "EdDSA", kid: key.kid, ...parts.header };
  const claims = {
    sub: `device:${named.device}`,
    aud: named.audience,
    iat,
    exp: iat + 60,
    jti: randomUUID(),
    ...parts.claims,
  };
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const input = `${part(header)}.${part(claims)}`;
  const signature = (parts.signer ?? ((bytes: Buffer) => sign(null, bytes, key.privateKey)))(Buffer.from(input));
  return `${input}.${signature.toString("base64url")}`;
}

/** Enrols a key for signed tokens. */
export async function enrolledKey(app: RunningApp, device: string): Promise<TokenKey & { readonly audience: string }> {
  const { code, audience } = await newCode(app, device);
  const key = newTokenKey();
  const body = JSON.stringify({ code, jwk: key.jwk, proof: signedToken(key, { device, audience }) });
  const answer = await fetch(new URL("/api/v1/device-enrolments", app.url), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  if (answer.status !== 201) throw new Error(await answer.text());
  return { ...key, audience };
}

/** An event of a device, as CloudEvent. */
export function eventOf(device: string, id: string) {
  const [siteid, deviceid] = device.split("/");
  const event = { specversion: "1.0", id, source: device, type: "person_loitering", time: new Date().toISOString() };
  return { ...event, siteid, deviceid, data: {} };
}
