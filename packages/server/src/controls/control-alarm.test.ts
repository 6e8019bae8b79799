import assert from "node:assert/strict";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { ControlView } from "@tillwatch/wire";
import { receiver } from "../testing/receiver.ts";
import { aCase, asking, uploaded } from "../testing/media-house.ts";
import { eventually, runningApp, type RunningApp } from "../testing/running-app.ts";

async function post<T>(app: RunningApp, path: string, body: object): Promise<T> {
  const headers = { "content-type": "application/json" };
  const answer = await app.call(path, { method: "POST", headers, body: JSON.stringify(body) });
  assert.ok(answer.ok, `${path}: ${answer.status}`);
  return (await answer.json()) as T;
}

async function failing(app: RunningApp): Promise<readonly string[]> {
  const { items } = await post<{ items: readonly ControlView[] }>(app, "/api/v1/controls/run", {});
  return items.filter(({ ok }) => ok === false).map(({ id }) => id);
}

test("O10 N04 a log that was changed on disk fails its control, and the outside is told; put right, it is told again", async (context) => {
  const outside = await receiver();
  context.after(outside.close);
  const app = await runningApp(context, { TILLWATCH_ALLOW_PRIVATE_WEBHOOKS: "true" });
  await post(app, "/api/v1/webhooks", { url: outside.url, events: ["control.failed", "control.passed"] });
  assert.deepEqual(await failing(app), []);
  // The log grows meanwhile, and a tile that was outgrown is read by nobody: all that are there are changed, until one is read.
  const before = new Map<string, Buffer>();
  const failed = await eventually(async () => {
    const tiles = globSync("log/tile/0/**/*", { cwd: app.folder, withFileTypes: true }).filter((one) => one.isFile());
    for (const path of tiles.map((one) => join(one.parentPath, one.name))) {
      if (before.has(path)) continue;
      const bytes = readFileSync(path);
      before.set(path, bytes);
      writeFileSync(path, Buffer.concat([Buffer.of((bytes[0] ?? 0) ^ 1), bytes.subarray(1)]));
    }
    const found = await failing(app);
    return found.length === 0 ? null : found;
  }, 60_000);
  assert.equal(failed.length, 1, failed.join());
  const told = (type: string) =>
    eventually(async () => outside.told.find((one) => one.type === type && one.data["control"] === failed[0]) ?? null);
  assert.deepEqual((await told("control.failed")).data, { control: failed[0] });
  assert.ok(!outside.told.some(({ type }) => type === "control.passed"));
  for (const [path, bytes] of before) writeFileSync(path, bytes);
  assert.deepEqual(await failing(app), []);
  assert.deepEqual((await told("control.passed")).data, { control: failed[0] });
});

test("O10 I03 a byte of a stored exhibit changed on disk: the control fails and names it, the outside is told, and again when it is put back", async (context) => {
  const outside = await receiver();
  context.after(outside.close);
  const app = await runningApp(context, { TILLWATCH_ALLOW_PRIVATE_WEBHOOKS: "true" });
  await post(app, "/api/v1/webhooks", { url: outside.url, events: ["control.failed", "control.passed"] });
  const site = { name: "Main street", timezone: "Europe/Brussels", currency: "EUR", country: "BE" };
  const headers = { "content-type": "application/json" };
  await app.call("/api/v1/sites/S-1001", { method: "PUT", headers, body: JSON.stringify(site) });
  const ask = asking(app, app.admin.token);
  const incident = await aCase(ask);
  const file = { bytes: Buffer.from("%PDF-1.7 a statement"), name: "Zaphodine.pdf", type: "application/pdf" };
  const exhibit = await uploaded(ask, incident, file);
  assert.deepEqual(await failing(app), []);
  const path = join(app.folder, "objects/exhibits", exhibit);
  const bytes = readFileSync(path);
  writeFileSync(path, Buffer.concat([bytes.subarray(0, -1), Buffer.of((bytes.at(-1) ?? 0) ^ 1)]));
  assert.deepEqual(await failing(app), ["exhibits_whole"]);
  const told = (type: string) => eventually(async () => outside.told.find((one) => one.type === type) ?? null);
  assert.deepEqual((await told("control.failed")).data, { control: "exhibits_whole" });
  const shown = await (await app.call("/api/v1/controls")).json();
  const view = (shown as { items: readonly ControlView[] }).items.find(({ id }) => id === "exhibits_whole");
  assert.equal(view?.runs[0]?.says, `1 of 1 exhibits: ${exhibit} is changed`);
  assert.ok(!JSON.stringify(view).includes("Zaphodine"));
  const entries = await ask(`GET /api/v1/audit?subject=${exhibit}&kind=exhibit.damaged`);
  assert.equal((entries.body["items"] as unknown[]).length, 1, entries.bytes.toString());
  writeFileSync(path, bytes);
  assert.deepEqual(await failing(app), []);
  assert.deepEqual((await told("control.passed")).data, { control: "exhibits_whole" });
});
