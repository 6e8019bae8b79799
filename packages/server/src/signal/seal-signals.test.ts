import assert from "node:assert/strict";
import { test } from "node:test";
import { isJsonObject, type JsonObject, type Signal } from "@tillwatch/wire";
import { nodeDigest } from "../platform/digest.ts";
import { testOnDatabases } from "../testing/databases.ts";
import { testFields } from "../testing/fields.ts";
import { personSubject, signalSubject } from "../subjects.ts";
import { personalTextsOf } from "./personal-text.ts";
import { sealSignals } from "./seal-signals-store.ts";
import { signalFromRow } from "./parse-signals.ts";
import { originalOf } from "./signal-shapes.ts";

const atMs = Date.parse("2026-11-20T10:00:00Z");

function signalOf(row: JsonObject): Signal {
  const parsed = signalFromRow(row, { receivedAtMs: atMs, digest: nodeDigest, channel: {} });
  assert.ok(parsed.ok, parsed.ok ? "" : parsed.error.message);
  return parsed.value;
}

const report: JsonObject = {
  incident_id: "Ada Canary's own number",
  timestamp_utc: "2026-11-20T09:58:00Z",
  store_id: "S-1001",
  category: "shoplifting",
  priority: "high",
  actor_ids: ["Grace Canary", "staff-7"],
  evidence_refs: ["clip://S-1001/Ada Canary.mp4"],
  summary: 'Ada Canary with plate B-CN 4711, \u00e9\u{1f600}\\"',
  my_own: { remark: "Ada Canary again", nothing: "" },
};
const record: JsonObject = {
  incident_id: "IR-1 Canary",
  timestamp_utc: "2026-11-20T09:58:00Z",
  location_id: "S-1001",
  reporter_id: "Ada Canary",
  incident_type: "theft",
  severity: "as Canary said",
  video_clip_refs: ["https://nvr/Canary.mp4"],
};
const device: JsonObject = {
  store_id: "S-1001",
  camera_id: "C-1",
  timestamp: "2026-11-20T09:58:00Z",
  event_type: "vehicle_detected",
  licensePlate: "B-Canary 1",
  note: "driver Canary",
  contact: "canary@example.org",
  nested: { person_name: "Canary" },
};
const cloud: JsonObject = {
  specversion: "1.0",
  id: "1",
  source: "S-1001/C-1",
  type: "com.tillwatch.person_detected",
  time: "2026-11-20T09:58:00Z",
  data: "Canary came by",
};

for (const [shape, row] of Object.entries({ report, record, device, cloud })) {
  testOnDatabases(
    `J09 B06 a ${shape} tells nothing of people once sealed, and comes back to the letter`,
    async ({ db }) => {
      const fields = await testFields(db);
      const signal = signalOf(row);
      const [sealed] = await sealSignals(db, fields, [signal]);
      assert.ok(sealed !== undefined);
      assert.equal(/canary/i.test(JSON.stringify(sealed)), false, JSON.stringify(sealed));
      assert.equal(sealed.id, signal.id);
      const opened = await fields.openJson(db, sealed);
      assert.deepEqual(opened, signal);
      assert.deepEqual(originalOf(opened), row);
    },
  );
}

test("J09 what machines say costs nothing and stays as it is", () => {
  const machine = [
    { sku: "4006381333931", description: "Razor blades", name: "Blades", quantity: 1 },
    { receipt_id: "R-1", cashier: "staff-9", lines: [{ name: "Razor", description: "12 blades", amount_minor: 1 }] },
    { label: "person", entered_zones: ["door"], track_id: "1" },
    { account: "till-3", host: "srv", device_name: "Camera 3", reason: "cable", count: 3 },
  ];
  const [first, ...others] = machine;
  for (const data of [{ lines: [first] }, ...others]) {
    assert.deepEqual(personalTextsOf(signalOf({ ...cloud, data: data as JsonObject })), [], JSON.stringify(data));
  }
  const made = { camera_id: "C-1", store_id: "S-1", timestamp: "2026-11-20T09:58:00Z", event_type: "x" };
  const taken = "tw1.AAAAAAAAAAAAAAAAAAAAAA.BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB";
  assert.equal(personalTextsOf(signalOf({ ...made, count: 3, kind: taken })).length, 1, "what looks sealed is sealed");
});

testOnDatabases("J10 F05 one report, or one person in all reports, is erased without the rest", async ({ db }) => {
  const fields = await testFields(db);
  const [one, two] = [signalOf(report), signalOf({ ...report, incident_id: "another" })];
  const sealed = await sealSignals(db, fields, [one, two]);
  const read = async () =>
    (await Promise.all(sealed.map((signal) => fields.openJson(db, signal)))).map(({ data }) => data);
  await fields.purge(db, personSubject(fields, " grace CANARY"), "asked to be forgotten");
  for (const data of await read()) {
    assert.deepEqual(data["actor_ids"], ["[erased]", "staff-7"]);
    assert.equal(data["summary"], report["summary"]);
  }
  await fields.purge(db, signalSubject(one.id), "no longer needed");
  const [first, second] = await read();
  assert.ok(isJsonObject(first) && isJsonObject(second));
  assert.equal(first["summary"], "[erased]");
  assert.deepEqual(first["actor_ids"], ["[erased]", "staff-7"]);
  assert.equal(first["category"], "shoplifting");
  assert.equal(second["summary"], report["summary"]);
});
