import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "@tillwatch/wire";
import { operationsOf } from "../testing/attack-plan.ts";
import { runningApp } from "../testing/running-app.ts";

// As shipped, the token that lies beside the data opens nothing about people: "no ground, no view" has no back door.

const asShipped = { TILLWATCH_ADMIN_TOKEN_MAY: undefined };

/** What it reads: the installation, its vocabulary, its own session; nothing about a person whom a shop noticed. */
const open = `
  access-reviews accounts actions analytics/exports calendar configuration consent-texts controls dead-letters descriptors
  device-authority.crl device-authority.pem devices grants grounds models organisations policies/matrix rules rules/backtests schemas/cloudevent.json
  schemas/device-event.json schemas/incident-record.json schemas/signal.json schemas/staff-report.json sensitive-words service-accounts
  session sign-in-ways sign-in/oidc/sign-out sites sources stats taxonomy till-operators vendor-access webhooks webhooks/deliveries`
  .split(/\s+/)
  .filter((name) => name !== "")
  .map((name) => `/api/v1/${name}`)
  .concat("/healthz", "/log/checkpoint", "/metrics", "/readyz");

test("J18 N01 as shipped the installation's token reads no case, by no list of the API", async (context) => {
  const app = await runningApp(context, asShipped);
  const document = (await (await app.call("/openapi.json")).json()) as JsonObject;
  const lists = operationsOf(document).filter(({ method, path }) => method === "GET" && !path.includes("{"));
  const answered: string[] = [];
  for (const { path } of lists) {
    if (path.endsWith("/events")) continue; // asked below
    const answer = await app.call(path);
    await answer.body?.cancel();
    if (answer.status === 200) answered.push(path);
  }
  assert.deepEqual(answered.toSorted(), open);
});

test("J18 N01 as shipped the installation's token sets up and signals, and sees nothing of what comes of it", async (context) => {
  const app = await runningApp(context, asShipped);
  const send = (path: string, body: object, method = "POST") =>
    app.call(path, { method, body: JSON.stringify(body), headers: { "content-type": "application/json" } });
  const status = async (answer: Promise<Response>) => {
    const { status: code, body } = await answer;
    await body?.cancel();
    return code;
  };
  const timestamp = new Date().toISOString();
  const event = { store_id: "S-1001", camera_id: "C-01", timestamp, event_type: "person_loitering", confidence: 0.9 };
  assert.equal(await status(send("/api/v1/signals", event)), 202);
  assert.equal(await status(app.call("/api/v1/dead-letters/redrive", { method: "POST" })), 200);
  assert.equal(await status(app.call("/api/v1/setup-link", { method: "POST" })), 201);
  const report = { siteId: "S-1001", category: "shoplifting", occurredAt: timestamp, summary: "Seen." };
  assert.equal(await status(send("/api/v1/incidents", report)), 403);
  assert.equal(await status(app.call("/api/v1/incidents")), 403);
  assert.equal(await status(app.call("/api/v1/incidents/00000000-0000-4000-8000-000000000000")), 404);
  assert.equal(await status(app.call("/api/v1/audit")), 403);
});
