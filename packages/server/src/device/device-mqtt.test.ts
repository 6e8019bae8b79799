import assert from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import { CertificateAuthority, certificatePem, serialFrom } from "../platform/keys/certificate-authority.ts";
import {
  enrolled,
  enrolledKey,
  eventOf,
  newCode,
  newRequest,
  newTokenKey,
  overHttps,
  problemCode,
  reenrolled,
  signedToken,
  type TlsIdentity,
} from "../testing/device-client.ts";
import { eventually, startIn, type RunningApp } from "../testing/running-app.ts";
import { readCertificateRequest } from "./certificate-request.ts";
import { clearKeys } from "../testing/key-folder.ts";

const folder = mkdtempSync(join(tmpdir(), "tw-devices-"));
let app: RunningApp;
before(async () => {
  app = await startIn(folder, {
    TILLWATCH_HTTPS: "127.0.0.1:0",
    TILLWATCH_MQTTS: "127.0.0.1:0",
    TILLWATCH_DEVICES: "required",
  });
});
after(async () => {
  await app.close();
  rmSync(folder, { recursive: true, force: true });
});

const camera = "S-1001/C-01";
const second = "S-1001/C-02";
const other = "S-1002/C-01";
const topicOf = (device: string) => `tillwatch/${device}/signal`;

function connect(
  options: IClientOptions & { readonly identity?: TlsIdentity; readonly plain?: boolean },
): Promise<MqttClient> {
  const { identity, plain = false, ...more } = options;
  const port = new RegExp(`${plain ? "mqtt" : "mqtts"}://[^:]+:(\\d+)`).exec(app.mqtt ?? "")?.[1];
  const url = `${plain ? "mqtt" : "mqtts"}://127.0.0.1:${port}`;
  return mqtt.connectAsync(url, {
    protocolVersion: 4,
    reconnectPeriod: 0,
    rejectUnauthorized: false,
    ...identity,
    ...more,
  });
}

async function signalIds(device: string): Promise<readonly string[]> {
  const answer = await app.call("/api/v1/sources");
  const { items } = (await answer.json()) as {
    items: { source: string; signalsToday: number; duplicatesToday: number }[];
  };
  return items
    .filter(({ source }) => source === device)
    .map(({ signalsToday, duplicatesToday }) => `${signalsToday}+${duplicatesToday}`);
}

async function refusals(device: string): Promise<Readonly<Record<string, number>>> {
  const [site, id] = device.split("/");
  const answer = await app.call(`/api/v1/sites/${site}/devices/${id}/identity`);
  const { refusals: rows } = (await answer.json()) as { refusals: { code: string; attempts: number }[] };
  const summed: Record<string, number> = {}; // over MQTT and HTTP
  for (const { code, attempts } of rows) summed[code] = (summed[code] ?? 0) + attempts;
  return summed;
}

/** Publishes; rejects when the broker ends the connection instead of acknowledging. */
function publish(client: MqttClient, topic: string, event: object): Promise<unknown> {
  const ended = new Promise<never>((_resolve, reject) =>
    client.once("close", () => reject(new Error("connection ended"))),
  );
  return Promise.race([client.publishAsync(topic, JSON.stringify(event), { qos: 1 }), ended]);
}

test("A20 over MQTT a device speaks by its certificate, to its own topic alone, and a foreign one is on the record", async () => {
  const identity = await enrolled(app, camera);
  const client = await connect({ identity });
  await publish(client, topicOf(camera), eventOf(camera, "m-1"));
  await assert.rejects(publish(client, topicOf(other), eventOf(other, "m-2")), /connection ended/);
  for (const topic of ["tillwatch/signals", "frigate/events", topicOf(second)]) {
    const again = await connect({ identity });
    await assert.rejects(publish(again, topic, eventOf(camera, "m-3")), /connection ended/, topic);
  }
  const mine = await connect({ identity });
  // Acknowledged, because it would be sent for ever; a dead letter and a refusal, not a signal of another site.
  await publish(mine, topicOf(camera), eventOf(other, "m-4"));
  await mine.endAsync(true);
  await eventually(async () => ((await refusals(camera))["device_foreign"] === 5 ? true : null));
  const letters = (await (await app.call("/api/v1/dead-letters")).json()) as { items: { code: string }[] };
  assert.deepEqual(
    letters.items.map(({ code }) => code),
    ["device_foreign"],
  );
  assert.deepEqual([await signalIds(camera), await signalIds(other)], [["1+0"], ["0+0"]]);
});

test("A20 where devices are required, nobody comes in without proof", async () => {
  await assert.rejects(connect({}), { code: 5 });
  await assert.rejects(connect({ plain: true }), { code: 5 });
  await assert.rejects(connect({ username: second, password: "guess" }), { code: 4 });
  const foreign = await foreignIdentity();
  await assert.rejects(connect({ identity: foreign }), { code: 5 });
  const shown = await overHttps(app, "/api/v1/signals", { method: "POST", identity: foreign });
  assert.deepEqual([shown.status, problemCode(shown)], [401, "device_certificate_foreign"]);
  await eventually(async () => ((await refusals(second))["device_certificate_foreign"] === 2 ? true : null));
  assert.equal((await refusals(second))["device_unsigned"], 1);
});

/** Of another installation, for a device that this one knows. */
async function foreignIdentity(): Promise<TlsIdentity> {
  const elsewhere = await CertificateAuthority.open(await clearKeys(join(folder, "elsewhere")), Date.now());
  const { key, csr } = await newRequest();
  const request = await readCertificateRequest(csr);
  assert.ok(request.ok);
  const names = { commonName: second, uri: `urn:tillwatch:device:home/${second}` };
  const validity = { notBeforeMs: Date.now() - 1000, notAfterMs: Date.now() + 1e8 };
  const { der } = await elsewhere.issueClient(request.value.spki, {
    serial: serialFrom(new Uint8Array(16)),
    names,
    ...validity,
  });
  return { key, cert: certificatePem(der) };
}

test("A20 a signed token is the password over MQTT and the bearer over HTTP, once each", async () => {
  const key = await enrolledKey(app, second);
  const named = { device: second, audience: key.audience };
  const token = signedToken(key, named);
  const client = await connect({ plain: true, username: second, password: token });
  await publish(client, topicOf(second), eventOf(second, "t-1"));
  await client.endAsync(true);
  await assert.rejects(connect({ plain: true, username: second, password: token }), { code: 5 });
  await assert.rejects(connect({ plain: true, username: other, password: signedToken(key, named) }), { code: 5 });
  await assert.rejects(connect({ plain: true, username: second, password: signedToken(newTokenKey(), named) }), {
    code: 5,
  });

  const post = async (bearer: string, event: object) => {
    const headers = { authorization: `Bearer ${bearer}`, "content-type": "application/json" };
    const answer = await fetch(new URL("/api/v1/signals", app.url), {
      method: "POST",
      headers,
      body: JSON.stringify(event),
    });
    const text = await answer.text();
    return answer.status === 202 ? "taken" : problemCode({ text });
  };
  const once = signedToken(key, named);
  assert.equal(await post(once, eventOf(second, "t-2")), "taken");
  assert.equal(await post(once, eventOf(second, "t-3")), "device_token_replayed");
  assert.equal(await post(signedToken(key, named), eventOf(other, "t-4")), "device_foreign");
  const bound = signedToken(key, named, { claims: { cnf: { "x5t#S256": "x".repeat(43) } } });
  assert.equal(await post(bound, eventOf(second, "t-5")), "device_token_unbound");
  const counted = { device_token_replayed: 2, device_foreign: 2, device_token_unbound: 1 };
  await eventually(async () => {
    const seen = await refusals(second);
    return Object.entries(counted).every(([code, attempts]) => seen[code] === attempts) ? true : null;
  });
});

test("A20 over mutual TLS a signed token must be bound to the certificate of the connection", async () => {
  const identity = await enrolled(app, camera);
  const key = await enrolledKey(app, camera);
  const named = { device: camera, audience: key.audience };
  const thumbprint = createHash("sha256").update(new X509Certificate(identity.cert).raw).digest("base64url");
  const post = async (token: string, event: object) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const asked = { method: "POST", headers, body: JSON.stringify(event), identity };
    const answer = await overHttps(app, "/api/v1/signals", asked);
    return answer.status === 202 ? "taken" : problemCode(answer);
  };
  const cnf = { "x5t#S256": thumbprint };
  assert.equal(await post(signedToken(key, named, { claims: { cnf } }), eventOf(camera, "b-1")), "taken");
  assert.equal(await post(signedToken(key, named), eventOf(camera, "b-2")), "device_token_unbound");
  const others = await enrolledKey(app, other);
  const foreign = signedToken(others, { device: other, audience: others.audience }, { claims: { cnf } });
  assert.equal(await post(foreign, eventOf(other, "b-3")), "device_foreign");
});

test("A20 a certificate is renewed while the device signals, and every acknowledged signal is there once", async () => {
  const source = "S-1003/C-01";
  let identity = await enrolled(app, source);
  let client = await connect({ identity });
  const acknowledged: string[] = [];
  const underWay = new Set<Promise<unknown>>();
  const sendSome = async (count: number) => {
    for (let n = 0; n < count; n++) {
      const id = `r-${acknowledged.length}-${n}-${underWay.size}-${Math.floor(performance.now() * 1000)}`;
      const sent = client.publishAsync(topicOf(source), JSON.stringify(eventOf(source, id)), { qos: 1 });
      const done = sent.then(() => acknowledged.push(id)).finally(() => underWay.delete(done));
      underWay.add(done);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  for (let round = 0; round < 4; round++) {
    // Renewal runs beside the stream; then the new connection stands before the old one goes.
    const [next] = await Promise.all([reenrolled(app, identity), sendSome(20)]);
    const renewed = await connect({ identity: next });
    const old = client;
    client = renewed;
    await Promise.all([sendSome(10), Promise.all(underWay).then(() => old.endAsync())]);
    identity = next;
  }
  await Promise.all(underWay);
  await client.endAsync();
  assert.equal(acknowledged.length, 120);
  assert.deepEqual(await signalIds(source), ["120+0"], "each once, none as a duplicate");
  const { credentials } = (await (await app.call("/api/v1/sites/S-1003/devices/C-01/identity")).json()) as {
    credentials: { retiresAt: string | null; revokedAt: string | null }[];
  };
  assert.equal(credentials.length, 5);
  assert.equal(credentials.filter(({ retiresAt }) => retiresAt !== null).length, 4, "what was replaced ends by itself");
});

test("A20 a revoked device's open connection ends within seconds, and it does not come back", async () => {
  const identity = await enrolled(app, other);
  const client = await connect({ identity });
  await publish(client, topicOf(other), eventOf(other, "v-1"));
  const ended = new Promise<number>((resolve) => client.once("close", () => resolve(performance.now())));
  const askedMs = performance.now();
  const answer = await app.call("/api/v1/sites/S-1002/devices/C-01/revocations", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ because: "lost" }),
  });
  assert.equal(answer.status, 200);
  assert.ok((await ended) - askedMs < 10_000);
  await assert.rejects(connect({ identity }), { code: 5 });
  await newCode(app, other);
  await assert.rejects(connect({ identity }), { code: 5 }, "a new code does not bring the old certificate back");
});
