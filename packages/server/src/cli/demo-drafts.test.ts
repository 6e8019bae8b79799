import assert from "node:assert/strict";
import { test } from "node:test";
import type { DraftView, IncidentPage, IncidentSignal } from "@tillwatch/wire";
import { eventually, runningApp } from "../testing/running-app.ts";
import { draftTimeline, timelineText } from "./demo-drafts.ts";

const signal = (n: number) =>
  ({
    correctedAt: new Date(Date.parse("2026-11-20T10:00:00Z") + n * 1000).toISOString(),
    type: "eas_alarm",
    deviceId: `G-${n}`,
  }) as IncidentSignal;

test("O12 the demo's writer says what signals say, and nothing else", () => {
  const cases: readonly (readonly [number, string])[] = [
    [1, "1 signal (times UTC): 10:00:00 eas alarm of G-0."],
    [2, "2 signals within 1 seconds (times UTC): 10:00:00 eas alarm of G-0; 10:00:01 eas alarm of G-1."],
  ];
  for (const [n, want] of cases) {
    assert.equal(timelineText({ signals: Array.from({ length: n }, (_, at) => signal(at)) }), want);
  }
  assert.match(timelineText({ signals: Array.from({ length: 9 }, (_, at) => signal(at)) }), /; and 3 more\.$/);
});

test("O12 the demo hands in one draft, once, by a program that says that it is a template", async (context) => {
  const app = await runningApp(context);
  const admin = app.admin.token;
  assert.equal(
    await draftTimeline(app.url, { operator: admin, reader: admin }, Date.now()),
    null,
    "there is no case yet",
  );
  const report = { siteId: "S-1001", category: "violence", occurredAt: new Date().toISOString(), summary: "A fight." };
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify([
    {
      incident_id: "R-1",
      timestamp_utc: report.occurredAt,
      store_id: "S-1001",
      category: "violence",
      priority: "urgent",
      summary: "A fight at the tills.",
    },
  ]);
  const sent = await app.call("/api/v1/signals", { method: "POST", headers, body });
  assert.ok(sent.ok, await sent.text());
  await eventually(async () => {
    const page = (await (await app.call("/api/v1/incidents?kind=incident")).json()) as IncidentPage;
    return page.items.some(({ signalCount }) => signalCount > 0) ? true : null;
  }, 30_000);
  const ref = await draftTimeline(app.url, { operator: admin, reader: admin }, Date.now());
  assert.match(ref ?? "", /^TW-/);
  const { items } = (await (await app.call(`/api/v1/incidents?q=${ref}`)).json()) as IncidentPage;
  const drafts = (await (await app.call(`/api/v1/incidents/${items[0]?.id}/drafts`)).json()) as {
    items: readonly DraftView[];
  };
  const [draft] = drafts.items;
  assert.deepEqual(
    [drafts.items.length, draft?.state, draft?.program, draft?.model.name],
    [1, "offered", "timeline writer", "tillwatch-timeline-writer template"],
  );
  assert.equal(draft?.inputs.length, 1);
  assert.equal(
    await draftTimeline(app.url, { operator: admin, reader: admin }, Date.now()),
    null,
    "once in the life of a demo",
  );
});
