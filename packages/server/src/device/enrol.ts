import { ok, type Result } from "@tillwatch/wire";
import { appendAudit, type AuditRecord } from "../audit/audit-append.ts";
import { serialFrom, type CertificateAuthority } from "../platform/keys/certificate-authority.ts";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import type { Db, Tx } from "../schema.ts";
import { namesAnother, readCertificateRequest, type CertificateRequest } from "./certificate-request.ts";
import type { DeviceGate, ProvenDevice } from "./device-gate.ts";
import { deviceText, deviceToken, deviceUri, type DeviceName } from "./device-name.ts";
import {
  credentialNamed,
  endEnrolments,
  enrolmentOfCode,
  markEnrolmentUsed,
  revokeCredentials,
  saveCredential,
  saveEnrolment,
  usableCredentials,
  type Credential,
  type Enrolment,
  type NewCredential,
} from "./device-store.ts";
import { readDeviceToken, readPublicKey } from "./device-token.ts";
import { codeDigest, enrolmentCode } from "./enrolment-code.ts";
import { refuse, type RefusalCode } from "./refused.ts";

export type EnrolDeps = {
  readonly db: Db;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly authority: CertificateAuthority;
  readonly audience: string; // `aud` of signed tokens
  readonly lifetimeMs: number; // of certificates and keys
  readonly gate: DeviceGate;
  readonly organisationOf: (siteId: string) => Promise<string>;
};

/** What a device asks to be known by: a certificate (PKCS#10 as text), or a public key with a token signed by it. */
export type Wanted =
  | { readonly kind: "certificate"; readonly csr: string }
  | { readonly kind: "key"; readonly jwk: unknown; readonly proof: string };

export type Granted = DeviceName & { readonly expiresAtMs: number } & (
    | { readonly kind: "certificate"; readonly der: Uint8Array; readonly serial: string }
    | { readonly kind: "key"; readonly name: string }
  );

type Refusal = { readonly code: RefusalCode; readonly says: string };

const codeLivesMs = 24 * 3600_000;
const usableMax = 10;
// A device whose clock is behind must not find its own certificate not valid yet.
const backdatedMs = 3600_000;

/** A code that lets one device enrol once within a day; it takes older codes of the device back. The code is answered here only. */
export async function createEnrolment(
  deps: EnrolDeps,
  device: DeviceName,
  by: string,
): Promise<{ readonly id: string; readonly code: string; readonly expiresAtMs: number }> {
  const nowMs = deps.clock();
  const organisationId = await deps.organisationOf(device.siteId);
  const enrolment = { id: deps.chance.uuid(), organisationId, ...device, expiresAtMs: nowMs + codeLivesMs };
  const code = enrolmentCode(deps.chance.bytes(20));
  await deps.db.transaction().execute(async (tx) => {
    await saveEnrolment(tx, enrolment, { codeSha256: codeDigest(code), by, atMs: nowMs });
    const body = { enrolment: enrolment.id, expires_at: new Date(enrolment.expiresAtMs).toISOString() };
    await audit(deps, tx, {
      kind: "device.enrolment_created",
      actor: by,
      device,
      because: "a person let it enrol",
      body,
    });
  });
  return { id: enrolment.id, code, expiresAtMs: enrolment.expiresAtMs };
}

/**
 * Trades a code for a certificate or an enrolled key, once. What the device held of that kind before ends at once: whoever holds the
 * code is the device now. `name`: what it calls itself, if it does; another name than the code's is refused.
 */
export async function enrolByCode(
  deps: EnrolDeps,
  asked: { readonly code: string; readonly name: DeviceName | null; readonly wanted: Wanted; readonly address: string },
): Promise<Result<Granted, Refusal>> {
  const done = await deps.db.transaction().execute(async (tx): Promise<Outcome> => {
    const nowMs = deps.clock();
    const enrolment = await enrolmentOfCode(tx, codeDigest(asked.code));
    const bad = codeProblem(enrolment, asked.name, nowMs);
    if (enrolment === null || bad !== null) return { device: enrolment ?? asked.name, refusal: bad, ended: [] };
    const holder = { siteId: enrolment.siteId, deviceId: enrolment.deviceId, organisationId: enrolment.organisationId };
    const made = await make(deps, holder, { wanted: asked.wanted, enrolmentId: enrolment.id, replaces: null });
    if (!made.ok) return { device: holder, refusal: made.error, ended: [] };
    if (
      made.value.credential.kind === "key" &&
      (await credentialNamed(tx, "key", made.value.credential.name)) !== null
    ) {
      return { device: holder, refusal: known.error, ended: [] };
    }
    await markEnrolmentUsed(tx, enrolment.id, nowMs);
    const how = { by: deviceToken(holder), because: "replaced by a new enrolment", atMs: nowMs };
    const ended = await revokeCredentials(tx, { ...holder, kind: asked.wanted.kind }, how);
    await saveCredential(tx, made.value.credential, nowMs);
    await auditGranted(deps, tx, {
      kind: "device.enrolled",
      made: made.value.credential,
      because: "by a one-time code",
    });
    return { device: holder, granted: made.value.granted, ended: ended.map(({ id }) => id) };
  });
  if (done.granted === undefined) {
    const { code, says } = done.refusal ?? unknownCode;
    deps.gate.refused({ code, says, via: "enrolment", address: asked.address, device: done.device });
    return refuse(code, says);
  }
  deps.gate.connections.close(done.ended);
  return ok(done.granted);
}

type Outcome = { readonly device: DeviceName | null; readonly ended: readonly string[] } & (
  | { readonly refusal: Refusal | null; readonly granted?: never }
  | { readonly granted: Granted; readonly refusal?: never }
);

/** A further certificate or key for a device that has just proven itself. What it has goes on until the new one is in use. */
export async function renew(
  deps: EnrolDeps,
  proven: ProvenDevice,
  asked: { readonly wanted: Wanted; readonly address: string },
): Promise<Result<Granted, Refusal>> {
  const nowMs = deps.clock();
  const no = (refusal: Refusal) => {
    deps.gate.refused({ ...refusal, via: "enrolment", address: asked.address, device: proven });
    return refuse(refusal.code, refusal.says);
  };
  const replaces = proven.credential.kind === asked.wanted.kind ? proven.credential.id : null;
  const made = await make(deps, proven, { wanted: asked.wanted, enrolmentId: null, replaces });
  if (!made.ok) return no(made.error);
  const refusal = await deps.db.transaction().execute(async (tx) => {
    const { credential } = made.value;
    if (credential.kind === "key" && (await credentialNamed(tx, "key", credential.name)) !== null) return known.error;
    if ((await usableCredentials(tx, proven, nowMs)) >= usableMax) {
      return refuse("device_credentials_too_many", `the device has ${usableMax} that are valid: use one of them`).error;
    }
    await saveCredential(tx, credential, nowMs);
    await auditGranted(deps, tx, { kind: "device.renewed", made: credential, because: "asked with what it had" });
    return null;
  });
  return refusal === null ? ok(made.value.granted) : no(refusal);
}

/** Ends everything by which the device proves itself, and its open codes; its connections are closed before this answers. */
export async function revokeDevice(
  deps: EnrolDeps,
  device: DeviceName,
  how: { readonly by: string; readonly because: string },
): Promise<number> {
  const nowMs = deps.clock();
  const ended = await deps.db.transaction().execute(async (tx) => {
    await endEnrolments(tx, device, nowMs);
    const revoked = await revokeCredentials(tx, device, { ...how, atMs: nowMs });
    const body = { ended: revoked.map(({ kind, name }) => ({ kind, name })) };
    await audit(deps, tx, { kind: "device.revoked", actor: how.by, device, because: how.because, body });
    return revoked;
  });
  deps.gate.connections.close(ended.map(({ id }) => id));
  return ended.length;
}

const known = refuse("device_key_known", "this key was enrolled before: make a new one");
const unknownCode: Refusal = { code: "enrolment_code_unknown", says: "there is no such code" };

function codeProblem(enrolment: Enrolment | null, name: DeviceName | null, nowMs: number): Refusal | null {
  if (enrolment === null) return unknownCode;
  if (enrolment.usedAtMs !== null) return { code: "enrolment_code_used", says: "the code was used before" };
  if (enrolment.endedAtMs !== null) return { code: "enrolment_code_expired", says: "the code was taken back" };
  if (nowMs >= enrolment.expiresAtMs) return { code: "enrolment_code_expired", says: "the code has expired" };
  if (name !== null && deviceText(name) !== deviceText(enrolment)) {
    return { code: "device_foreign", says: `the code is not of ${deviceText(name)}` };
  }
  return null;
}

type Holder = DeviceName & { readonly organisationId: string };
type ToMake = { readonly wanted: Wanted; readonly enrolmentId: string | null; readonly replaces: string | null };
type Made = { readonly credential: NewCredential; readonly granted: Granted };

async function make(deps: EnrolDeps, holder: Holder, asked: ToMake): Promise<Result<Made, Refusal>> {
  const { siteId, deviceId, organisationId } = holder;
  const expiresAtMs = deps.clock() + deps.lifetimeMs;
  const device = { siteId, deviceId };
  const { enrolmentId, replaces } = asked;
  const common = { id: deps.chance.uuid(), organisationId, ...device, enrolmentId, replaces };
  if (asked.wanted.kind === "key") {
    const key = await readKey(deps, holder, asked.wanted);
    if (!key.ok) return key;
    const { name, bytes } = key.value;
    return ok({
      credential: { ...common, kind: "key", name, proof: bytes, expiresAtMs },
      granted: { ...device, kind: "key", name, expiresAtMs },
    });
  }
  const request = await readCertificateRequest(asked.wanted.csr);
  if (!request.ok) return request;
  const another = namesAnother(request.value, organisationId, device);
  if (another !== null) return { ok: false, error: another };
  const issued = await issue(deps, holder, request.value);
  const { der, serial, sha256, notAfterMs } = issued;
  return ok({
    credential: { ...common, kind: "certificate", name: serial, proof: sha256, expiresAtMs: notAfterMs },
    granted: { ...device, kind: "certificate", der, serial, expiresAtMs: notAfterMs },
  });
}

async function issue(deps: EnrolDeps, holder: Holder, { spki }: CertificateRequest) {
  const { authority, chance, clock, lifetimeMs } = deps;
  const nowMs = clock();
  const notAfterMs = Math.min(nowMs + lifetimeMs, authority.certificate.validToDate.getTime());
  const names = { commonName: deviceText(holder), uri: deviceUri(holder.organisationId, holder) };
  const validity = { notBeforeMs: nowMs - backdatedMs, notAfterMs };
  return {
    ...(await authority.issueClient(spki, { serial: serialFrom(chance.bytes(16)), names, ...validity })),
    notAfterMs,
  };
}

async function readKey(deps: EnrolDeps, holder: Holder, wanted: Extract<Wanted, { kind: "key" }>) {
  const key = await readPublicKey(wanted.jwk);
  if (!key.ok) return key;
  const { name, bytes } = key.value;
  const asEnrolled: Credential = {
    ...holder,
    id: "",
    kind: "key",
    name,
    proof: bytes,
    replaces: null,
    expiresAtMs: 0,
    retiresAtMs: null,
    revokedAtMs: null,
    lastUsedAtMs: null,
    organisationEnded: false,
  };
  const keyNamed = async (thumbprint: string) => (thumbprint === name ? asEnrolled : null);
  const proof = await readDeviceToken(wanted.proof, { audience: deps.audience, nowMs: deps.clock(), keyNamed });
  return proof.ok ? key : refuse(proof.error.code, `the proof is not a token by the key itself: ${proof.error.says}`);
}

type Entry = Pick<AuditRecord, "kind" | "actor" | "because" | "body"> & { readonly device: DeviceName };

async function audit(deps: EnrolDeps, tx: Tx, { device, ...entry }: Entry): Promise<void> {
  const subject = { kind: "device", id: deviceText(device) };
  await appendAudit(tx, [{ ...entry, subject, siteId: device.siteId, atMs: deps.clock() }], deps.chance);
}

async function auditGranted(
  deps: EnrolDeps,
  tx: Tx,
  { kind, made, because }: { readonly kind: string; readonly made: NewCredential; readonly because: string },
): Promise<void> {
  const expires_at = new Date(made.expiresAtMs).toISOString();
  const body = { credential: made.kind, name: made.name, expires_at, replaces: made.replaces };
  await audit(deps, tx, { kind, actor: deviceToken(made), device: made, because, body });
}
