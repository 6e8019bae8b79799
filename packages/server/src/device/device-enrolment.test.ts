import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { Agent, request } from "node:https";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { TLSSocket } from "node:tls";
import type { SignalsAccepted } from "@tillwatch/wire";
import {
  basic,
  certificateIn,
  enrolled,
  eventOf,
  newCode,
  newRequest,
  overHttps,
  pkcs10,
  problemCode,
  reenrolled,
} from "../testing/device-client.ts";
import { eventually, startIn, type RunningApp } from "../testing/running-app.ts";

const folder = mkdtempSync(join(tmpdir(), "tw-enrolment-"));
let app: RunningApp;
before(async () => {
  app = await startIn(folder, { TILLWATCH_HTTPS: "127.0.0.1:0", TILLWATCH_MQTTS: "127.0.0.1:0" });
});
after(async () => {
  await app.close();
  rmSync(folder, { recursive: true, force: true });
});

const camera = "S-1001/C-01";
const other = "S-1002/C-01";

async function send(identity: Parameters<typeof overHttps>[2] & object, event: object) {
  const headers = { "content-type": "application/json", ...identity.headers };
  return overHttps(app, "/api/v1/signals", { ...identity, method: "POST", headers, body: JSON.stringify(event) });
}

test("A20 a device enrols by a one-time code over EST and signals with its certificate, for itself alone", async () => {
  const identity = await enrolled(app, camera);
  const certificate = new X509Certificate(identity.cert);
  const authority = new X509Certificate(await (await fetch(new URL("/api/v1/device-authority.pem", app.url))).text());
  assert.ok(certificate.checkIssued(authority) && certificate.verify(authority.publicKey));
  assert.equal(certificate.subject, `CN=${camera}`);
  assert.equal(certificate.subjectAltName, `URI:urn:tillwatch:device:home/${camera}`);
  assert.deepEqual(certificate.keyUsage, ["1.3.6.1.5.5.7.3.2"]);
  assert.equal(Math.round((certificate.validToDate.getTime() - Date.now()) / 86_400_000), 90);

  const own = await send({ identity }, eventOf(camera, "e-1"));
  assert.equal(own.status, 202, own.text);
  assert.equal((JSON.parse(own.text) as SignalsAccepted).accepted, 1);
  const foreign = await send({ identity }, eventOf(other, "e-2"));
  assert.deepEqual([foreign.status, problemCode(foreign)], [403, "device_foreign"]);
  const mixed = await send({ identity }, [eventOf(camera, "e-3"), eventOf(other, "e-4")]);
  const { accepted, refused } = JSON.parse(mixed.text) as SignalsAccepted;
  assert.deepEqual([accepted, refused.map(({ code }) => code)], [1, ["device_foreign"]]);

  const elsewhere = await overHttps(app, "/api/v1/incidents", { identity });
  assert.deepEqual([elsewhere.status, problemCode(elsewhere)], [403, "device_route_refused"]);
  const nobody = await send({}, eventOf(camera, "e-5"));
  assert.deepEqual([nobody.status, problemCode(nobody)], [401, "authentication_required"]);

  await eventually(async () => {
    const page = (await (await app.call("/api/v1/devices")).json()) as {
      items: { siteId: string; deviceId: string }[];
    };
    const row = page.items.find(({ siteId, deviceId }) => `${siteId}/${deviceId}` === camera);
    return row !== undefined &&
      "refusedAttempts" in row &&
      row.refusedAttempts === 3 &&
      "state" in row &&
      row.state === "enrolled"
      ? true
      : null;
  });
  const record = (await (await app.call("/api/v1/audit?limit=100")).json()) as {
    items: { kind: string; because: string }[];
  };
  const seen = new Set(record.items.map(({ kind, because }) => `${kind} ${because}`));
  for (const entry of [
    "device.enrolment_created a person let it enrol",
    "device.enrolled by a one-time code",
    "device.refused device_foreign",
    "device.refused device_route_refused",
    "device.refused device_unsigned",
  ]) {
    assert.ok(seen.has(entry), `${entry} is on the record: ${[...seen].join(", ")}`);
  }
});

test("A20 a code is good once, for its device, for what proves its key and is strong enough", async () => {
  const enrol = async (user: string, code: string, csr: string) => {
    const headers = { authorization: basic(user, code), "content-type": pkcs10 };
    const answer = await overHttps(app, "/.well-known/est/simpleenroll", { method: "POST", headers, body: csr });
    return answer.status === 200 ? "enrolled" : problemCode(answer);
  };
  const { csr } = await newRequest();
  assert.equal(await enrol(camera, "AAAAA-AAAAA-AAAAA-AAAAA", csr), "enrolment_code_unknown");
  assert.equal(await enrol("nobody", "x", csr), "enrolment_user_malformed");
  const first = await newCode(app, camera);
  const { code } = await newCode(app, camera);
  assert.equal(await enrol(camera, first.code, csr), "enrolment_code_expired", "a newer code takes the older back");
  assert.equal(await enrol(other, code, csr), "device_foreign");
  assert.equal(await enrol(camera, code, "bm8gcmVxdWVzdA=="), "certificate_request_malformed");
  assert.equal(await enrol(camera, code, (await newRequest({ commonName: other })).csr), "certificate_request_foreign");
  const uri = `urn:tillwatch:device:home/${other}`;
  assert.equal(await enrol(camera, code, (await newRequest({ uri })).csr), "certificate_request_foreign");
  const broken = Buffer.from(csr, "base64");
  broken[broken.length - 3] = (broken[broken.length - 3] ?? 0) ^ 1;
  assert.equal(await enrol(camera, code, broken.toString("base64")), "certificate_request_unproven");
  // As a person types it; and none of the refusals above has used it up.
  assert.equal(await enrol(camera, code.toLowerCase().replaceAll("-", " "), csr), "enrolled");
  assert.equal(await enrol(camera, code, csr), "enrolment_code_used");
  assert.equal((await app.call("/api/v1/sites/S-1001/devices/nothing/enrolments", { method: "POST" })).status, 404);
  const plain = await fetch(new URL("/.well-known/est/cacerts", app.url));
  assert.deepEqual([plain.status, problemCode({ text: await plain.text() })], [403, "tls_required"]);
});

test("A20 EST answers in the forms of RFC 7030 and 8951, and renews with the certificate in use", async () => {
  const cacerts = await overHttps(app, "/.well-known/est/cacerts");
  assert.equal(cacerts.headers["content-type"], "application/pkcs7-mime; smime-type=certs-only");
  assert.equal(cacerts.headers["content-transfer-encoding"], "base64");
  assert.match(cacerts.text, /^([A-Za-z0-9+/]{64}\r\n)*[A-Za-z0-9+/]+={0,2}\r\n$/);
  assert.match(new X509Certificate(certificateIn(cacerts)).subject, /^CN=Tillwatch devices /);
  const attributes = await overHttps(app, "/.well-known/est/csrattrs");
  assert.deepEqual([attributes.status, attributes.headers["content-type"]], [200, "application/csrattrs"]);

  const identity = await enrolled(app, camera);
  const next = await reenrolled(app, identity);
  assert.notEqual(new X509Certificate(next.cert).serialNumber, new X509Certificate(identity.cert).serialNumber);
  for (const one of [identity, next]) assert.equal((await send({ identity: one }, eventOf(camera, "x"))).status, 202);

  const { csr } = await newRequest();
  const renew = (how: object) =>
    overHttps(app, "/.well-known/est/simplereenroll", {
      method: "POST",
      headers: { "content-type": pkcs10 },
      body: csr,
      ...how,
    });
  assert.equal((await renew({})).status, 401);
  const foreign = (await newRequest({ commonName: other })).csr;
  assert.equal(problemCode(await renew({ identity: next, body: foreign })), "certificate_request_foreign");
  assert.equal((await renew({ identity: next, headers: { "content-type": "text/plain" } })).status, 415);
});

/** A signal by this agent: the status, whether the TLS session was resumed, and the connection. */
function sendBy(agent: Agent, event: object) {
  return new Promise<{ status: number | undefined; resumed: boolean; socket: TLSSocket }>((resolve, reject) => {
    const headers = { "content-type": "application/json" };
    const sent = request(new URL("/api/v1/signals", app.https ?? ""), { agent, method: "POST", headers });
    sent.on("error", reject);
    sent.on("response", (response) => {
      const socket = response.socket as TLSSocket;
      const resumed = socket.isSessionReused();
      response.resume().on("end", () => resolve({ status: response.statusCode, resumed, socket }));
    });
    sent.end(JSON.stringify(event));
  });
}

test("A20 a revoked device is refused and its open connections end within seconds", async () => {
  const identity = await enrolled(app, camera);
  const again = await newCode(app, camera);
  const sessions = new Agent({ ...identity, rejectUnauthorized: false });
  assert.equal((await sendBy(sessions, eventOf(camera, "s-1"))).status, 202);
  await new Promise((resolve) => setImmediate(resolve));
  const second = await sendBy(sessions, eventOf(camera, "s-2"));
  assert.deepEqual([second.status, second.resumed], [202, true], "the certificate holds in a resumed session too");
  const kept = new Agent({ ...identity, rejectUnauthorized: false, keepAlive: true });
  const { socket } = await sendBy(kept, eventOf(camera, "k-1"));
  const ended = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  const revoked = await app.call("/api/v1/sites/S-1001/devices/C-01/revocations", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ because: "stolen with the till" }),
  });
  assert.deepEqual(await revoked.json(), { ended: 1 });
  await ended;
  assert.equal((await sendBy(sessions, eventOf(camera, "s-3"))).status, 401, "a resumed session is no way back");
  const refused = await send({ identity }, eventOf(camera, "e"));
  assert.deepEqual([refused.status, problemCode(refused)], [401, "device_certificate_revoked"]);
  const { csr } = await newRequest();
  const headers = { authorization: basic(camera, again.code), "content-type": pkcs10 };
  const late = await overHttps(app, "/.well-known/est/simpleenroll", { method: "POST", headers, body: csr });
  assert.equal(problemCode(late), "enrolment_code_expired", "open codes end with the device");
  const list = await fetch(new URL("/api/v1/device-authority.crl", app.url));
  const der = Buffer.from(await list.arrayBuffer())
    .toString("hex")
    .toUpperCase();
  assert.ok(der.includes(new X509Certificate(identity.cert).serialNumber));
});
