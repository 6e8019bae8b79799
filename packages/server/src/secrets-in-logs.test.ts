import assert from "node:assert/strict";
import { test } from "node:test";
import { connectAsync } from "mqtt";
import { jsonLog } from "./platform/log.ts";
import { systemClock } from "./platform/clock.ts";
import { runningApp } from "./testing/running-app.ts";

test("N06 O05 no secret that is shown to us, right or wrong, stands in the log", async (context) => {
  const lines: string[] = [];
  const app = await runningApp(
    context,
    { TILLWATCH_ADMIN_TOKEN: "canary-right-token-0", TILLWATCH_MQTT_USER: "till", TILLWATCH_MQTT_PASSWORD: "canary-1" },
    { log: jsonLog((line) => lines.push(line), systemClock) },
  );
  const ask = (path: string, init: RequestInit = {}) => fetch(new URL(path, app.url), init);
  const json = { "content-type": "application/json" };
  const session = (token: string) =>
    ask("/api/v1/session", { method: "POST", headers: json, body: JSON.stringify({ token }) });
  await ask("/api/v1/incidents", { headers: { authorization: "Bearer canary-2" } });
  await ask("/api/v1/incidents", { headers: { cookie: "tillwatch_session=canary-3" } });
  await ask("/api/v1/incidents?token=canary-4", { headers: { authorization: "Basic Y2FuYXJ5LTU=" } });
  await session("canary-6");
  await session("canary-right-token-0");
  await ask("/api/v1/session", { method: "POST", headers: json, body: '{"token": "canary-7' });
  await ask("/api/v1/session", { method: "POST", headers: json, body: '{"token": {"canary-8": 1}}' });
  await app.call("/api/v1/webhooks", {
    method: "POST",
    headers: json,
    body: JSON.stringify({ url: "https://user:canary-9@receiver.example/hook" }),
  });
  await ask("/take/canary-11");
  await ask("/take/canary-12", { method: "POST", body: new URLSearchParams({ code: "canary-13" }) });
  const port = /:(\d+)/.exec(app.mqtt ?? "")?.[1];
  const wrong = { username: "till", password: "canary-10", reconnectPeriod: 0 };
  await assert.rejects(connectAsync(`mqtt://127.0.0.1:${port}`, wrong), /not authori[sz]ed|Bad username/i);
  const said = lines.join("");
  assert.match(said, /"route":"\/api\/v1\/incidents"/, "the log was written: this test can fail");
  assert.equal(/canary/.exec(said)?.[0], undefined, lines.find((line) => line.includes("canary")) ?? "");
  assert.doesNotMatch(said, /Y2FuYXJ5/);
});
