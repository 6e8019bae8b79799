import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { verifyRecordFile } from "@tillwatch/verify";
import type {
  AuditEntryView,
  AuditExportView,
  CheckpointView,
  ConfigurationStateView,
  ControlView,
} from "@tillwatch/wire";
import { eventually, runningApp, type RunningApp } from "../testing/running-app.ts";

const json = { "content-type": "application/json" };

async function asked<T>(app: RunningApp, path: string, body?: unknown): Promise<T> {
  const init = body === undefined ? {} : { method: "POST", headers: json, body: JSON.stringify(body) };
  const answer = await app.call(path, init);
  assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`);
  return (await answer.json()) as T;
}

async function reportedClip(app: RunningApp): Promise<{ readonly incident: string; readonly clip: string }> {
  const { items } = await asked<{ items: { id: string }[] }>(app, "/api/v1/sites");
  const report = {
    category: "shoplifting",
    siteId: items[0]?.id,
    occurredAt: new Date().toISOString(),
    summary: "Razors were carried past the till",
  };
  const { id: incident } = await asked<{ id: string }>(app, "/api/v1/incidents", report);
  const form = new FormData();
  form.append("file", new Blob(["not really a film"]), "till 3.mp4");
  const sent = await app.call(`/api/v1/incidents/${incident}/exhibits`, { method: "POST", body: form });
  assert.equal(sent.status, 201, await sent.clone().text());
  return { incident, clip: ((await sent.json()) as { id: string }).id };
}

test("O03 O05 O08 who saw this clip: one question, an answer that verifies offline, and a look without a person is flagged", async (context) => {
  const app = await runningApp(context);
  const { incident, clip } = await reportedClip(app);
  await (await app.call(`/api/v1/exhibits/${clip}/content?because=a+complaint`)).arrayBuffer();
  const { items } = await asked<{ items: AuditEntryView[] }>(app, `/api/v1/audit?subject=${clip}&did=saw`);
  assert.deepEqual(
    items.map((entry) => [entry.kind, entry.actor, entry.because]),
    [["exhibit.accessed", "user:admin", "a complaint"]],
  );
  const all = await asked<{ items: AuditEntryView[] }>(app, `/api/v1/audit?incident=${incident}&order=oldest`);
  assert.deepEqual(
    all.items.map((entry) => entry.kind).filter((kind) => kind !== "playbook.applied"),
    ["incident.opened", "exhibit.received", "exhibit.accessed"],
  );
  const question = { subject: clip, did: "saw" };
  const { id } = await asked<{ id: string }>(app, "/api/v1/audit/exports", {
    question,
    because: "A customer complained",
  });
  const zip = await eventually(async () => {
    const answer = await app.call(`/api/v1/audit/exports/${id}`);
    return answer.status === 200 ? Buffer.from(await answer.arrayBuffer()) : null;
  }, 30_000);
  const file = join(app.folder, "answer.zip");
  await writeFile(file, zip);
  const { vkey } = await asked<CheckpointView>(app, "/api/v1/audit/checkpoint");
  const report = await verifyRecordFile(file, { keys: [vkey] });
  assert.ok(report.ok);
  assert.deepEqual([report.value.verdict, report.value.firstProblem], ["verified", undefined]);
  assert.match(report.value.checks.at(-1)?.detail ?? "", /1 fit the question, and all of them are there/);
  const exports = await asked<{ items: AuditExportView[] }>(app, "/api/v1/audit/exports");
  assert.deepEqual(
    exports.items.map((one) => [one.state, one.entries]),
    [["ready", 1]],
  );
  const controls = await asked<{ items: ControlView[] }>(app, "/api/v1/controls/run", {});
  assert.deepEqual(
    controls.items.filter((one) => one.ok !== true).map((one) => `${one.id}: ${one.runs[0]?.says}`),
    [],
  );
  const state = await asked<{ items: ConfigurationStateView[]; content: { score: Record<string, string> } }>(
    app,
    "/api/v1/configuration",
  );
  assert.deepEqual([state.items.length, state.items[0]?.because], [1, "first start"]);
  assert.ok(Number(state.content.score["incident_threshold"]) > 0);
  assert.ok(!JSON.stringify(state).includes(app.admin.token));
  const flagged = await eventually(async () => {
    const found = await asked<{ items: AuditEntryView[] }>(app, "/api/v1/audit?kind=misuse.flagged");
    return found.items[0] ?? null;
  }, 60_000);
  assert.equal((flagged.body as { rule: string }).rule, "The installation's token used on personal content");
});
