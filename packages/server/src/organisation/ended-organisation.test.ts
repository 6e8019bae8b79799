import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import mqtt from "mqtt";
import type { Signal } from "@tillwatch/wire";
import { digestOf } from "../access/credential.ts";
import { installationPrincipal, type Principal, type Role } from "../access/principal.ts";
import { askedBy, eventStream } from "../testing/asking.ts";
import { enrolledKey, eventOf, signedToken } from "../testing/device-client.ts";
import { eventually, runningApp, type RunningApp } from "../testing/running-app.ts";
import { invitedPerson } from "../testing/signed-in.ts";

function who(token: string, organisationId: string, roles: readonly Role[]) {
  const principal: Principal = {
    ...installationPrincipal,
    token: `user:${token}`,
    kind: "person",
    organisationId,
    roles,
    steppedUpAtMs: Number.MAX_SAFE_INTEGER,
  };
  return { sha256: digestOf(token), principal };
}

const shop = {
  name: "Shop",
  timezone: "Europe/Berlin",
  currency: "EUR",
  zones: [],
  devices: [{ id: "C-1", kind: "camera", name: "Door" }],
};
const camera = "nw-1/C-1";

/** A retailer with a person, a program and a camera, each of which has got in. */
async function northwind(context: TestContext) {
  const credentials = [who("nw-admin", "northwind", ["administrator"]), who("officer", "police", ["partner_officer"])];
  const app = await runningApp(context, { TILLWATCH_DEVICES: "open" }, { credentials });
  const [operator, admin] = [askedBy(app.url, app.admin.token), askedBy(app.url, "nw-admin")];
  const ends = { id: "northwind", name: "Northwind", kind: "retailer", sitePrefix: "nw-", referenceLetters: "NW" };
  assert.equal((await operator("/api/v1/organisations", { body: ends })).status, 201);
  const police = { id: "police", name: "Police", kind: "police" };
  assert.equal((await operator("/api/v1/organisations", { body: police })).status, 201);
  assert.equal((await admin("/api/v1/sites/nw-1", { method: "PUT", body: shop })).status, 200);
  const program = {
    name: "Tills",
    purpose: "signals",
    roles: ["investigator"],
    scopes: ["event:read", "incident:list"],
  };
  const account = await admin("/api/v1/service-accounts", { body: program });
  assert.equal(account.status, 201, account.text);
  const keyOf = { expiresAt: new Date(Date.now() + 86_400_000).toISOString(), because: "for the tills" };
  const made = await admin(`/api/v1/service-accounts/${account.id}/keys`, { body: keyOf });
  assert.equal(made.status, 201, made.text);
  const person = await invitedPerson(app.url, "nw-admin", { roles: ["investigator"] });
  const asAdmin = { ...app, call: callAs(app, "nw-admin") };
  return { app, operator, admin, key: String(made.json["key"]), person, device: await enrolledKey(asAdmin, camera) };
}

function callAs(app: RunningApp, token: string): RunningApp["call"] {
  return (path, init = {}) => {
    const headers = new Headers(init.headers);
    headers.set("authorization", `Bearer ${token}`);
    return fetch(new URL(path, app.url), { ...init, headers });
  };
}

test("N09 A20 an ended organisation: sessions, keys, streams, devices and MQTT end, what it recorded stays, others go on", async (context) => {
  const { app, operator, admin, key, person, device } = await northwind(context);
  const byCookie = { cookie: person.cookie, "sec-fetch-site": "same-origin" };
  const asPerson = askedBy(app.url, byCookie);
  const asProgram = askedBy(app.url, key);
  const asDevice = () =>
    askedBy(app.url, signedToken(device, { device: camera, audience: device.audience }))("/api/v1/signals", {
      body: [eventOf(camera, crypto.randomUUID())],
    });
  const port = /mqtt:\/\/[^:]+:(\d+)/.exec(app.mqtt ?? "")?.[1];
  const connect = (login: object) =>
    mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, { protocolVersion: 4, reconnectPeriod: 0, ...login });
  const asCamera = () => ({
    username: camera,
    password: signedToken(device, { device: camera, audience: device.audience }),
  });
  const publish = (client: mqtt.MqttClient) =>
    client.publishAsync(`tillwatch/${camera}/signal`, JSON.stringify(eventOf(camera, crypto.randomUUID())), { qos: 1 });
  const lookedFor = { siteId: "nw-1", deviceId: "C-1", shape: "cloudevent" } as Signal;
  const unknownPlace = () => app.signalLog.unknownPlace(lookedFor, "northwind")?.code;

  // Everybody is in.
  assert.equal((await asPerson("/api/v1/incidents")).status, 200);
  assert.equal((await asProgram("/api/v1/incidents")).status, 200);
  assert.equal((await asDevice()).status, 202);
  assert.equal((await admin("/api/v1/sites")).status, 200);
  const [ofPerson, ofProgram] = [await eventStream(app.url, byCookie), await eventStream(app.url, key)];
  const connected = await connect(asCamera());
  const nobody = await connect({}); // a gateway that proves nothing and publishes for a shop
  await publish(connected);
  await publish(nobody);
  assert.equal(unknownPlace(), undefined);
  const taxonomy = await asPerson("/api/v1/taxonomy");
  const [{ code: category }] = taxonomy.json["categories"] as [{ code: string }];
  const report = await asPerson("/api/v1/incidents", {
    body: { siteId: "nw-1", category, occurredAt: new Date().toISOString(), summary: "Two bottles were taken." },
  });
  assert.equal(report.status, 201, report.text);
  const share = {
    partnerId: "police",
    ground: "reported theft",
    endsAt: new Date(Date.now() + 3_600_000).toISOString(),
  };
  await asPerson("/api/v1/session/active", { method: "POST" });
  const shared = await asPerson(`/api/v1/incidents/${report.id}/shares`, { body: share });
  assert.equal(shared.status, 201, shared.text);
  const dropped = new Promise<void>((resolve) => connected.once("close", () => resolve()));

  assert.equal((await operator("/api/v1/organisations/northwind/end", { method: "POST" })).status, 204);

  const session = await asPerson("/api/v1/incidents");
  assert.deepEqual([session.status, session.json["code"]], [401, "session_ended"]);
  assert.match(String(session.json["detail"]), /no longer takes part/);
  const login = { login: person.login, password: person.password, code: person.codeNow(1) };
  const signIn = await askedBy(app.url, { "sec-fetch-site": "same-origin" })("/api/v1/sign-in/password", {
    body: login,
  });
  assert.deepEqual([signIn.status, signIn.json["code"]], [401, "organisation_ended"], signIn.text);
  const guess = await askedBy(app.url, {})("/api/v1/sign-in/password", { body: { ...login, password: "guessed it?" } });
  assert.equal(guess.json["code"], "sign_in_refused", "who proved nothing learns nothing");
  for (const ask of [asProgram, admin]) {
    const answer = await ask("/api/v1/incidents");
    assert.deepEqual([answer.status, answer.json["code"]], [401, "organisation_ended"]);
  }
  const signal = await asDevice();
  assert.deepEqual([signal.status, signal.json["code"]], [403, "device_organisation_ended"], signal.text);
  await dropped;
  await assert.rejects(connect(asCamera()), { code: 5 });
  await publish(nobody); // acknowledged, because it would be sent for ever; a dead letter and no signal
  await nobody.endAsync(true);
  assert.equal(unknownPlace(), "signal_site_unknown");
  assert.match(await ofPerson.ended, /event: session_ended/);
  assert.match(await ofProgram.ended, /event: session_changed/);

  // The other way round: what was recorded is there, and everybody else goes on.
  const organisations = (await operator("/api/v1/organisations")).json["items"] as {
    id: string;
    endedAt: string | null;
  }[];
  assert.ok(organisations.find(({ id }) => id === "northwind")?.endedAt);
  const officer = askedBy(app.url, "officer");
  const seen = (await officer("/api/v1/incidents")).json["items"] as { id: string }[];
  assert.deepEqual(
    seen.map(({ id }) => id),
    [report.id],
    "what was shared for a case stays shared until its end",
  );
  assert.equal((await operator("/api/v1/incidents")).status, 200);
  assert.equal((await operator("/api/v1/organisations/northwind/end", { method: "POST" })).status, 404);
});

test("N09 S01 a partner hears of the cases that are shared with it, as its list shows them, and nothing after the end", async (context) => {
  const credentials = [
    who("investigator", "home", ["investigator"]),
    who("officer", "police", ["partner_officer"]),
    who("insurer", "insurer", ["partner_officer"]),
  ];
  const app = await runningApp(context, {}, { credentials });
  const [operator, investigator] = [askedBy(app.url, app.admin.token), askedBy(app.url, "investigator")];
  for (const id of ["police", "insurer"]) {
    const added = await operator("/api/v1/organisations", { body: { id, name: id, kind: id } });
    assert.equal(added.status, 201, added.text);
  }
  const [{ code: category }] = (await operator("/api/v1/taxonomy")).json["categories"] as [{ code: string }];
  const reported = async () => {
    const body = { siteId: "S-1001", category, occurredAt: new Date().toISOString(), summary: "Two bottles." };
    return (await investigator("/api/v1/incidents", { body })).id;
  };
  const [shown, hidden] = [await reported(), await reported()];
  const note = async (id: string) => {
    const answer = await investigator(`/api/v1/incidents/${id}/notes`, { body: { text: "came back" } });
    assert.equal(answer.status, 200, answer.text);
  };
  const [officer, insurer] = [await eventStream(app.url, "officer"), await eventStream(app.url, "insurer")];
  const share = {
    partnerId: "police",
    ground: "reported theft",
    endsAt: new Date(Date.now() + 3_600_000).toISOString(),
  };
  const made = await investigator(`/api/v1/incidents/${shown}/shares`, { body: share });
  assert.equal(made.status, 201, made.text);
  await eventually(async () => (officer.said().includes("event: shares") ? true : null));
  await note(hidden);
  await note(shown);
  await eventually(async () => (officer.said().includes("event: incident") ? true : null));
  const { ids, lastEventId } = officer.heard();
  assert.deepEqual([...new Set(ids)], [shown]);
  const listed = (await askedBy(app.url, "officer")("/api/v1/incidents")).json["items"] as { version: number }[];
  const events = officer.said().match(/(?<=event: incident\ndata: ).*/g) ?? [];
  assert.deepEqual(JSON.parse(events.at(-1) ?? "{}").summary, listed[0], "the very row of the list, and no more");
  assert.doesNotMatch(officer.said(), /came back|Two bottles|tw1\./);

  // Back after a lost connection, while it is shared, and after the end.
  const before = await eventStream(app.url, "officer", lastEventId);
  await note(shown);
  await eventually(async () => (before.heard().ids.length > 0 ? true : null));
  const revoke = { because: "handed over" };
  const path = `/api/v1/incidents/${shown}/shares/${made.id}/revoke`;
  assert.equal((await investigator(path, { body: revoke })).status, 204);
  const count = officer.heard().ids.length;
  await note(shown);
  await note(hidden);
  const after = await eventStream(app.url, "officer", lastEventId);
  // What comes later has come: the end of the share is told, and then a share of the other case.
  const again = await investigator(`/api/v1/incidents/${hidden}/shares`, { body: share });
  assert.equal(again.status, 201, again.text);
  await note(hidden);
  for (const stream of [officer, before, after]) {
    await eventually(async () => (stream.heard().ids.includes(hidden) ? true : null));
  }
  assert.equal(officer.heard().ids.filter((id) => id === shown).length, count, "nothing after the end");
  assert.ok(!after.heard().ids.includes(shown), "what was missed before the end is not told after it");
  assert.doesNotMatch(insurer.said(), /event: (?:incident|packet|shares)/);
  for (const stream of [officer, insurer, before, after]) await stream.leave();
});
