import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { connectAsync as connectMqttAsync } from "mqtt";
import type { IncidentPage, IncidentRecord, SignalsAccepted } from "@tillwatch/wire";
import { isPublic } from "../access/authenticate-http.ts";
import type { AutomaticAction } from "../respond/actions-http.ts";
import { eventually, runningApp, startIn, type RunningApp } from "../testing/running-app.ts";

const sample = {
  store_id: "S-1001",
  camera_id: "C-01",
  timestamp: "2026-03-23T15:04:05Z",
  event_type: "person_loitering",
  confidence: 0.86,
  thumbnail_url: "s3://thumbnails/S-1001/C-01/20260323T150405Z.jpg",
};

function post(app: RunningApp, path: string, body: unknown): Promise<Response> {
  return app.call(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

function panic(id: string) {
  const time = new Date().toISOString();
  return {
    specversion: "1.0",
    id,
    source: "S-1001/P-01",
    type: "com.tillwatch.panic_button",
    time,
    siteid: "S-1001",
    deviceid: "P-01",
    data: {},
  };
}

async function openIncidents(app: RunningApp): Promise<IncidentPage> {
  return (await app.call("/api/v1/incidents?state=open")).json() as Promise<IncidentPage>;
}

test("S06 the app starts and stops again and again on one folder and leaves nothing running", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tw-app-"));
  const servers = () => process.getActiveResourcesInfo().filter((name) => /Server(Wrap)?$/.test(name)).length;
  let token = "";
  for (let round = 0; round < 4; round++) {
    const app = await startIn(folder);
    assert.equal(app.admin.made, round === 0, "the token is made once");
    if (round > 0) assert.equal(app.admin.token, token);
    token = app.admin.token;
    assert.equal((await fetch(new URL("/healthz", app.url))).status, 200);
    const ready = (await (await fetch(new URL("/readyz", app.url))).json()) as { ok: boolean };
    assert.equal(ready.ok, true);
    await app.close();
  }
  await eventually(async () => (servers() === 0 ? true : null), 2_000); // handles end a turn after their close
  rmSync(folder, { recursive: true });
});

test("N01 every route of the whole application refuses who is nobody, but for the named public ones", async (context) => {
  const app = await runningApp(context, { TILLWATCH_RATE_PER_ADDRESS: "0" });
  const open: string[] = [];
  for (const { method, url, public: isOpen } of app.server.routeTable.all) {
    if (isPublic({ url, config: { public: isOpen } })) {
      open.push(url);
      continue;
    }
    const path = url.replaceAll(/:[a-zA-Z]+/g, "00000000-0000-4000-8000-000000000000");
    const response = await fetch(new URL(path, app.url), { method });
    assert.equal(response.status, 401, `${method} ${url}`);
  }
  assert.ok(open.length > 0);
  for (const url of open)
    assert.match(
      url,
      /^\/(healthz|readyz|openapi\.json|docs.*|log\/.*|take\/:secret|api\/v1\/(session|sign-in-ways|sign-in\/(passkey|passkey-options|password)|sign-in\/oidc\/:organisation\/(start|callback|back-channel-logout)|links\/(read|passkey|passkey-options|totp|password|sign-in)|device-enrolments|device-authority\.(pem|crl))|\.well-known\/est\/(cacerts|csrattrs|simpleenroll)|\*)$/,
      url,
    );
});

test("B01 B03 B05 the sample device event is taken unchanged by MQTT and HTTP, and twice is once", async (context) => {
  const app = await runningApp(context);
  const port = /:(\d+)/.exec(app.mqtt ?? "")?.[1];
  const client = await connectMqttAsync(`mqtt://127.0.0.1:${port}`);
  await client.publishAsync("tillwatch/signals", JSON.stringify(sample), { qos: 1 });
  await client.endAsync();
  const again = (await (await post(app, "/api/v1/signals", sample)).json()) as SignalsAccepted;
  assert.deepEqual(again, { accepted: 0, duplicates: 1, deadLettered: 0, refused: [] });
  const watch = await eventually(async () => {
    const page = (await (await app.call("/api/v1/incidents?state=watch&site=S-1001")).json()) as IncidentPage;
    return page.items[0] ?? null;
  });
  const record = (await (await app.call(`/api/v1/incidents/${watch.id}`)).json()) as IncidentRecord;
  assert.equal(record.signals.length, 1);
  assert.equal(record.signals[0]?.late, true, "it is months old");
  // The address stays inside: what is shown is a token that only a person with a purpose can have resolved (D09).
  const clip = record.signals[0]?.media[0]?.uri ?? "";
  assert.match(clip, /^clip:[0-9a-f]{32}$/);
  const resolved = await post(app, `/api/v1/incidents/${watch.id}/clips/${clip}/resolution`, {
    because: "looking at what the camera saw",
  });
  assert.deepEqual(await resolved.json(), { uri: sample.thumbnail_url });
});

test("S01 E05 a panic button is an open incident with its reasons on the live stream at once", async (context) => {
  const app = await runningApp(context);
  const stream = await app.call("/api/v1/events");
  const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
  assert.ok(reader);
  await post(app, "/api/v1/signals", panic("press-1"));
  let seen = "";
  await eventually(async () => {
    seen += (await reader.read()).value ?? "";
    return /event: incident/.test(seen) ? true : null;
  });
  await reader.cancel();
  assert.match(seen, /"state":"open"/);
  const [incident] = (await openIncidents(app)).items;
  assert.ok(incident);
  assert.equal(incident.level, 3);
  const record = (await (await app.call(`/api/v1/incidents/${incident.id}`)).json()) as IncidentRecord;
  const sum = record.score?.additions.reduce((total, addition) => total + addition.milliLogOdds, 0);
  assert.equal(sum, record.score?.totalMilliLogOdds);
  assert.ok(record.playbooks.length > 0, "a playbook applies");
  assert.ok(record.decisionIds.length > 0);
});

test("B07 an unknown device waits as a dead letter, is redriven when the directory knows it, and is processed", async (context) => {
  const app = await runningApp(context);
  const unknown = { ...panic("press-2"), deviceid: "P-99", source: "S-1001/P-99" };
  const first = (await (await post(app, "/api/v1/signals", unknown)).json()) as SignalsAccepted;
  assert.equal(first.deadLettered, 1);
  const put = await app.call("/api/v1/sites/S-1001/devices/P-99", {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ kind: "panic_button", name: "New button", zone: "checkout" }), // the address names it
  });
  assert.equal(put.status, 200, await put.text());
  assert.equal((await app.call("/api/v1/dead-letters/redrive", { method: "POST" })).status, 200);
  const incident = await eventually(async () => (await openIncidents(app)).items[0] ?? null);
  assert.equal(incident.zoneId, "checkout");
});

test("E03 C21 what happens by itself is listed, each with its own threshold and risk class", async (context) => {
  const app = await runningApp(context);
  const { items } = (await (await app.call("/api/v1/actions")).json()) as { items: readonly AutomaticAction[] };
  const open = items.find(({ id }) => id === "open-incident");
  assert.equal(open?.threshold.severityMin, 0.9);
  assert.equal(open?.threshold.shifts["Black Friday week"], 0.93);
  assert.ok(new Set(items.map(({ threshold }) => JSON.stringify(threshold))).size > 3, "thresholds differ");
  assert.ok(
    items.every(({ riskClass, undo }) => riskClass !== "person" && undo !== ""),
    "nothing automatic is directed at a person",
  );
});

test("D17 a directory entry that cannot be meant is refused with its place and changes nothing", async (context) => {
  const app = await runningApp(context);
  const put = (path: string, body: unknown) =>
    app.call(path, { method: "PUT", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  const cases: readonly (readonly [string, unknown])[] = [
    ["/api/v1/sites/S-1001/devices/X-1", { id: "X-1", kind: "door", zone: "nowhere" }],
    ["/api/v1/sites/S-1001/devices/X-1", { id: "X-2", kind: "door" }],
    ["/api/v1/sites/S-9/devices/X-1", { id: "X-1", kind: "door" }],
    ["/api/v1/sites/S-9", { id: "S-9", name: "Nine", timezone: "Mars/Olympus", currency: "EUR" }],
    ["/api/v1/products/A", { sku: "A", name: "A", value_minor: -1, currency: "EUR" }],
  ];
  for (const [path, body] of cases) {
    const response = await put(path, body);
    const problem = (await response.json()) as { code: string };
    assert.deepEqual([response.status, problem.code], [422, "directory_entry_invalid"], path);
  }
});
