import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { verifyPacketFile } from "@tillwatch/verify";
import type { AuditVerification, CheckpointView, IncidentRecord } from "@tillwatch/wire";
import { eventually, runningApp } from "../testing/running-app.ts";

test("I01 I04 I05 I06 I07 from a staff report with a file to a packet that verifies, through the whole application", async (context) => {
  const app = await runningApp(context);
  const json = { "content-type": "application/json" };
  const report = {
    siteId: "S-1001",
    category: "till_fraud",
    occurredAt: "2026-03-23T15:04:05Z",
    summary: "Till 3: the card reader has a second cover. <b>Looks glued on.</b>",
  };
  const opened = await app.call("/api/v1/incidents", { method: "POST", headers: json, body: JSON.stringify(report) });
  assert.equal(opened.status, 201, await opened.clone().text());
  const { id } = (await opened.json()) as { id: string };
  const form = new FormData();
  form.set("file", new File([Buffer.alloc(1_200_000, "film")], "reader.mp4", { type: "video/mp4" }));
  form.set("note", "taken with the shop's phone");
  const uploaded = await app.call(`/api/v1/incidents/${id}/exhibits`, { method: "POST", body: form });
  assert.equal(uploaded.status, 201, await uploaded.clone().text());
  const asked = await app.call(`/api/v1/incidents/${id}/packets`, { method: "POST", headers: json, body: "{}" });
  assert.equal(asked.status, 202, await asked.clone().text());
  const { id: packetId } = (await asked.json()) as { id: string };
  const zip = await eventually(async () => {
    const response = await app.call(`/api/v1/packets/${packetId}`);
    const bytes = Buffer.from(await response.arrayBuffer());
    return response.status === 200 ? bytes : null;
  }, 60_000);
  const path = join(app.folder, "taken.zip");
  await writeFile(path, zip);
  const { vkey } = (await (await app.call("/api/v1/audit/checkpoint")).json()) as CheckpointView;
  const verified = await verifyPacketFile(path, { keys: [vkey] });
  assert.equal(verified.ok && verified.value.verdict, "verified", JSON.stringify(verified));
  const record = (await (await app.call(`/api/v1/incidents/${id}`)).json()) as IncidentRecord;
  assert.deepEqual(
    record.exhibits.map((exhibit) => exhibit.name),
    ["reader.mp4"],
  );
  assert.deepEqual(
    record.packets.map((packet) => packet.state),
    ["ready"],
  );
  assert.ok(record.timeline.some((entry) => entry.kind === "packet"));
  const audit = (await (await app.call("/api/v1/audit/verify", { method: "POST" })).json()) as AuditVerification;
  assert.deepEqual(audit.problems, []);
});
