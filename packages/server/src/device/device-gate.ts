import { createHash, type X509Certificate } from "node:crypto";
import { ok, type Result } from "@tillwatch/wire";
import type { CertificateAuthority } from "../platform/keys/certificate-authority.ts";
import type { Clock } from "../platform/clock.ts";
import type { Db } from "../schema.ts";
import { deviceText, parseDeviceText, type DeviceName } from "./device-name.ts";
import { credentialNamed, noteUse, retireOthers, useTokenOnce, type Credential } from "./device-store.ts";
import { readDeviceToken } from "./device-token.ts";
import type { OpenConnections } from "./open-connections.ts";
import { refuse, type RefusalCode } from "./refused.ts";
import type { RefusalRecord, RefusedAttempt } from "./refusal-record.ts";

/** What a connection or request showed to prove who it is. */
export type Shown = {
  readonly certificate: X509Certificate | null; // of the TLS client, whose handshake proved that it has the key
  readonly token: string | null; // a signed token
  readonly via: "http" | "mqtt" | "enrolment";
  readonly address: string;
};

export type ProvenDevice = DeviceName & {
  readonly organisationId: string;
  readonly credentialIds: readonly string[];
  /** The certificate or, without one, the key: what a renewal replaces. */
  readonly credential: Credential;
};

export type GateDeps = {
  readonly db: Db;
  readonly clock: Clock;
  readonly authority: CertificateAuthority;
  readonly audience: string;
  readonly refusals: RefusalRecord;
  readonly connections: OpenConnections;
};

type Refusal = { readonly code: RefusalCode; readonly says: string };

const useNotedEveryMs = 60_000;
const overlapMs = 3600_000; // a successor in use: what it replaced still holds so long
const organisationEndedSays = "the device's organisation no longer takes part";
const clientAuth = "1.3.6.1.5.5.7.3.2";

/**
 * Decides who a device is. A refusal is on the record before it is answered. Certificates are checked by signature, time, purpose and
 * the database, which knows every one that was issued and revoked; that is asked each time, nothing is remembered.
 */
export class DeviceGate {
  readonly #deps: GateDeps;

  constructor(deps: GateDeps) {
    this.#deps = deps;
  }

  get connections(): OpenConnections {
    return this.#deps.connections;
  }

  /** Puts an attempt on the record that was refused elsewhere. */
  refused(attempt: RefusedAttempt): void {
    this.#deps.refusals.note(attempt);
  }

  /** At least one of certificate and token must be shown. With both, the token must be bound to the certificate (RFC 8705). */
  async prove(shown: Shown): Promise<Result<ProvenDevice, Refusal>> {
    const { certificate, token } = shown;
    const byCertificate = certificate === null ? null : await this.#byCertificate(certificate, shown);
    if (byCertificate?.ok === false) return byCertificate;
    const byToken = token === null ? null : await this.#byToken(token, shown);
    if (byToken?.ok === false) return byToken;
    const [held, key] = [byCertificate?.value ?? null, byToken?.value ?? null];
    const credential = held ?? key;
    if (credential === null)
      return this.#no(
        shown,
        null,
        refuse("device_unsigned", "neither a certificate nor a signed token was shown").error,
      );
    if (held !== null && key !== null && deviceText(held) !== deviceText(key)) {
      return this.#no(shown, nameOf(held), refuse("device_foreign", "certificate and token are of two devices").error);
    }
    const proven = [held, key].filter((one) => one !== null);
    await Promise.all(proven.map((one) => this.#inUse(one)));
    return ok({
      ...nameOf(credential),
      organisationId: credential.organisationId,
      credentialIds: proven.map(({ id }) => id),
      credential,
    });
  }

  async #byCertificate(certificate: X509Certificate, shown: Shown): Promise<Result<Credential, Refusal>> {
    const { authority, clock, db } = this.#deps;
    const claimed = parseDeviceText(/^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? "");
    const no = (code: RefusalCode, says: string) => this.#no(shown, claimed, { code, says });
    const ours = certificate.checkIssued(authority.certificate) && certificate.verify(authority.certificate.publicKey);
    if (!ours || !(certificate.keyUsage ?? []).includes(clientAuth)) {
      return no("device_certificate_foreign", "the certificate was not issued to a device by this installation");
    }
    const nowMs = clock();
    if (nowMs >= certificate.validToDate.getTime())
      return no("device_certificate_expired", "the certificate has expired");
    if (nowMs < certificate.validFromDate.getTime())
      return no("device_certificate_expired", "the certificate is not valid yet");
    const credential = await credentialNamed(db, "certificate", certificate.serialNumber);
    if (credential === null || !sameBytes(credential.proof, createHash("sha256").update(certificate.raw).digest())) {
      return no("device_certificate_foreign", "the certificate is not on record here");
    }
    if (credential.organisationEnded) return no("device_organisation_ended", organisationEndedSays);
    if (credential.revokedAtMs !== null) return no("device_certificate_revoked", "the certificate was revoked");
    if (isPast(credential.retiresAtMs, nowMs))
      return no("device_certificate_revoked", "the certificate was replaced by a newer one");
    return ok(credential);
  }

  async #byToken(text: string, shown: Shown): Promise<Result<Credential, Refusal>> {
    const { audience, clock, db } = this.#deps;
    const nowMs = clock();
    const keyNamed = (name: string) => credentialNamed(db, "key", name);
    const token = await readDeviceToken(text, { audience, nowMs, keyNamed });
    if (!token.ok) return this.#no(shown, token.error.device, token.error);
    const { credential, idSha256, expiresAtMs, boundTo } = token.value;
    const no = (code: RefusalCode, says: string) => this.#no(shown, nameOf(credential), { code, says });
    if (credential.organisationEnded) return no("device_organisation_ended", organisationEndedSays);
    if (credential.revokedAtMs !== null) return no("device_key_revoked", "the key was revoked");
    if (isPast(credential.retiresAtMs, nowMs)) return no("device_key_revoked", "the key was replaced by a newer one");
    if (isPast(credential.expiresAtMs, nowMs)) return no("device_key_expired", "the key's time is over");
    const holds =
      shown.certificate === null ? null : createHash("sha256").update(shown.certificate.raw).digest("base64url");
    if (boundTo !== holds) {
      return no(
        "device_token_unbound",
        holds === null
          ? "the token is bound to a certificate that this connection does not have"
          : "cnf x5t#S256 is not the certificate of this connection",
      );
    }
    if (!(await useTokenOnce(db, { keyName: credential.name, sha256: idSha256, expiresAtMs }))) {
      return no("device_token_replayed", "a token with this jti was used before");
    }
    return ok(credential);
  }

  #no(
    shown: Shown,
    device: DeviceName | null,
    { code, says }: Refusal,
  ): { readonly ok: false; readonly error: Refusal } {
    this.#deps.refusals.note({ code, says, via: shown.via, address: shown.address, device });
    return { ok: false, error: { code, says } };
  }

  async #inUse({ id, replaces, lastUsedAtMs }: Credential): Promise<void> {
    const { db, clock } = this.#deps;
    const nowMs = clock();
    if (lastUsedAtMs === null && replaces !== null) await retireOthers(db, { id, replaces }, nowMs + overlapMs);
    if (lastUsedAtMs === null || nowMs - lastUsedAtMs >= useNotedEveryMs) await noteUse(db, id, nowMs);
  }
}

function nameOf(credential: Credential): DeviceName {
  const name = parseDeviceText(deviceText(credential));
  if (name === null) throw new Error(`credential ${credential.id} is of no device`);
  return name;
}

function isPast(atMs: number | null, nowMs: number): boolean {
  return atMs !== null && nowMs >= atMs;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
