import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { JsonObject, JsonValue, Signal } from "@tillwatch/wire";
import { nodeDigest } from "../platform/digest.ts";
import { cloudEvent, sampleDeviceEvent, sampleNowMs } from "../testing/signals.ts";
import { signalFromBytes, signalFromRow, type ParseContext } from "./parse-signals.ts";
import { withoutIdentity } from "./shapes/frigate-event.ts";
import { originalOf, shapeOf } from "./signal-shapes.ts";

const context: ParseContext = { receivedAtMs: sampleNowMs, digest: nodeDigest, channel: {} };
const utf8 = new TextEncoder();

function signalOf(row: JsonObject, given: ParseContext = context): Signal {
  // Through bytes, as it comes from outside.
  const parsed = signalFromBytes(utf8.encode(JSON.stringify(row)), given);
  if (!parsed.ok) assert.fail(`${parsed.error.code} ${parsed.error.pointer}: ${parsed.error.message}`);
  return parsed.value;
}

// What a row may hold: I-JSON without NUL and without the names that reach a prototype.
const text = fc.string({ unit: "grapheme", maxLength: 12 }).filter((value) => !value.includes("\0"));
const number = fc
  .oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }))
  .map((value) => (value === 0 ? 0 : value));
const leaf = fc.oneof(text, number, fc.boolean(), fc.constant(null));
const memberName = text.filter((value) => !["__proto__", "constructor", "prototype"].includes(value));
const { value: json } = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(memberName, tie("value"), { maxKeys: 3, noNullPrototype: true }),
  ),
}));
const members = fc.dictionary(memberName, json, { maxKeys: 4, noNullPrototype: true }) as fc.Arbitrary<JsonObject>;

const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,12}$/);
const word = fc.stringMatching(/^[!-~]{1,12}$/);
const share = fc.oneof(
  fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0),
  fc.constant(null),
);
const offset = fc.constantFrom("Z", "z", "+01:00", "-11:30");
const instant = fc
  .tuple(fc.date({ min: new Date("1971-01-01"), max: new Date("2200-01-01"), noInvalidDate: true }), offset)
  .map(([date, zone]) => date.toISOString().replace("Z", zone));
const uri = fc.constantFrom("s3://b/t.jpg", "https://x.example/clip.mp4?a=1", "evidence/7", "file.pdf");

function optional(arbitraries: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<JsonObject> {
  return fc.record(arbitraries, { requiredKeys: [], noNullPrototype: true }) as fc.Arbitrary<JsonObject>;
}

function rowOf(
  must: Readonly<Record<string, fc.Arbitrary<unknown>>>,
  may: Readonly<Record<string, fc.Arbitrary<unknown>>>,
  keep: (name: string) => boolean = () => true,
): fc.Arbitrary<JsonObject> {
  const required = fc.record(must, { noNullPrototype: true }) as fc.Arbitrary<JsonObject>;
  const never = new Set([
    ...Object.keys(must),
    ...Object.keys(may),
    "specversion",
    "after",
    "incident_type",
    "location_id",
  ]);
  const rest = members.map((extra) =>
    Object.fromEntries(Object.entries(extra).filter(([key]) => !never.has(key) && keep(key))),
  );
  return fc.tuple(rest, optional(may), required).map((parts) => ({ ...parts[0], ...parts[1], ...parts[2] }));
}

const shapes: Readonly<Record<string, fc.Arbitrary<JsonObject>>> = {
  "device-event": fc.oneof(
    rowOf(
      { store_id: name, camera_id: name, timestamp: instant, event_type: word },
      {
        confidence: share,
        severity: share,
        thumbnail_url: fc.oneof(uri, fc.constant(null)),
        zone_id: name,
        event_id: word,
        data: json,
      },
    ),
    rowOf(
      { store_id: name, device_id: name, timestamp: instant, event_type: word },
      { data: members, confidence: share },
      (key) => key !== "camera_id",
    ),
  ),
  cloudevent: rowOf(
    { specversion: fc.constant("1.0"), id: word, source: word, type: word, siteid: name },
    {
      time: fc.oneof(instant, fc.constant(null)),
      deviceid: name,
      zoneid: name,
      data: json.filter((value) => !hasShareOutside(value)),
      subject: text,
      datacontenttype: fc.constant("application/json"),
      sequence: fc.oneof(fc.nat().map(String), fc.nat()),
      partitionkey: fc.oneof(text, fc.boolean(), fc.integer(), fc.constant(null)),
    },
    () => false,
  ),
  "staff-report": rowOf(
    { incident_id: text.filter((value) => value !== ""), timestamp_utc: instant, store_id: name, category: word },
    {
      priority: fc.oneof(text, fc.integer(), fc.constant(null)),
      evidence_refs: fc.array(uri, { maxLength: 3 }),
      actor_ids: fc.array(word, { maxLength: 3 }),
      zone_id: name,
      summary: text,
      value_minor: fc.nat(),
    },
  ),
  "incident-record": rowOf(
    { incident_id: word, timestamp_utc: instant, location_id: name, incident_type: word, reporter_id: word },
    {
      device_ids: fc.array(name, { maxLength: 3 }),
      video_clip_refs: fc.array(uri, { maxLength: 3 }),
      anonymous_token: word,
      severity: fc.oneof(share, word),
      chain_of_custody_id: fc.oneof(word, fc.constant(null)),
      reporter: json,
    },
  ),
};

// In a CloudEvent a stated confidence or severity outside of 0..1 is refused.
function hasShareOutside(value: JsonValue): boolean {
  return typeof value === "object" && value !== null && ("confidence" in value || "severity" in value);
}

for (const [shape, arbitrary] of Object.entries(shapes)) {
  test(`B12 a ${shape} maps to a signal and back without loss, and the signal to its shape and back`, () => {
    fc.assert(
      fc.property(arbitrary, (original) => {
        const signal = signalOf(original);
        assert.equal(signal.shape, shape);
        const back = originalOf(signal);
        assert.deepEqual(back, original);
        assert.deepEqual(signalOf(back ?? {}), signal);
        // The log holds it as JSON.
        assert.deepEqual(JSON.parse(JSON.stringify(signal)), signal);
      }),
      { numRuns: 200 },
    );
  });
}

const frigate = {
  type: "new",
  before: { id: "1.5-a", camera: "front", sub_label: null, snapshot: { attributes: [] } },
  after: {
    id: "1774278245.475377-mxklsc",
    camera: "front",
    label: "person",
    frame_time: 1774278245.475377,
    start_time: 1774278240.1,
    end_time: null,
    score: 0.79,
    box: [1, 2, 3, 4],
    entered_zones: ["porch"],
    has_snapshot: true,
    has_clip: false,
    sub_label: ["Jane Roe", 0.93],
    recognized_license_plate: "AB12345",
    recognized_license_plate_score: 0.9,
    current_attributes: [{ label: "face", box: [1, 1, 2, 2], sub_label: "Jane Roe" }],
  },
} as const satisfies JsonObject;
const atSite: ParseContext = { ...context, channel: siteChannel() };

function siteChannel(): ParseContext["channel"] {
  return { frigateSite: signalOf(sampleDeviceEvent).siteId };
}

test("B12 A02 a Frigate event comes back whole, but for names and plates, which no part of the signal holds", () => {
  const signal = signalOf(frigate, atSite);
  assert.deepEqual(originalOf(signal), withoutIdentity(frigate).row);
  assert.doesNotMatch(JSON.stringify(signal), /Jane|AB12345/);
  assert.deepEqual(signal.extra["stripped"], [
    "/after/sub_label",
    "/after/recognized_license_plate",
    "/after/recognized_license_plate_score",
    "/after/current_attributes/0/sub_label",
  ]);
  assert.equal(signal.type, "person_detected");
  assert.equal(signal.occurredAt, "2026-03-23T15:04:05.475Z");
  // Who it was must not show through the id either.
  const other = { ...frigate, after: { ...frigate.after, sub_label: ["John Doe", 0.5] } };
  assert.equal(signalOf(other, atSite).id, signal.id);
});

test("B05 the id is the name-based UUID of source and event id, so it never changes", () => {
  // Computed with Python: uuid.uuid5(uuid.uuid5(NAMESPACE_URL, "https://tillwatch.org/ns/signal"), "S-1001/T-01\na")
  assert.equal(signalOf(cloudEvent("a")).id, "db5e3a36-2f51-5802-b78d-7cbe028f41c2");
  assert.equal(signalOf({ ...sampleDeviceEvent }).id, signalOf({ ...sampleDeviceEvent }).id);
  assert.notEqual(signalOf({ ...sampleDeviceEvent, confidence: 0.87 }).id, signalOf({ ...sampleDeviceEvent }).id);
  const reordered = Object.fromEntries(Object.entries(sampleDeviceEvent).toReversed()) as JsonObject;
  assert.equal(signalOf(reordered).id, signalOf({ ...sampleDeviceEvent }).id);
});

test("A13 a clock more than a minute off is recorded as offset, and never corrected", () => {
  const cases = [
    { timestamp: "2026-03-23T15:04:05Z", offset: null },
    { timestamp: "2026-03-23T15:03:06.250Z", offset: null }, // a minute is not more than a minute
    { timestamp: "2026-03-23T15:03:06.249Z", offset: -60_001 },
    { timestamp: "2026-03-23T18:04:06.250+02:00", offset: 3_600_000 },
  ];
  for (const { timestamp, offset: expected } of cases) {
    const signal = signalOf({ ...sampleDeviceEvent, timestamp });
    assert.equal(signal.clockOffsetMs, expected, timestamp);
    assert.equal(signal.occurredAt, timestamp);
    assert.equal(signal.occurredAtMs, Date.parse(timestamp));
  }
});

test("B11 each refusal names its place", () => {
  const { confidence: _c, ...bare } = sampleDeviceEvent;
  const report = { incident_id: "i", timestamp_utc: "2026-03-23T15:04:05Z", store_id: "S-1", category: "theft" };
  const record = {
    incident_id: "i",
    timestamp_utc: "2026-03-23T15:04:05Z",
    location_id: "S-1",
    incident_type: "theft",
  };
  const cases: readonly (readonly [string, JsonObject, string, string])[] = [
    ["nothing we know", { hello: 1 }, "signal_shape_unknown", ""],
    [
      "no store",
      { camera_id: "C-1", timestamp: "2026-03-23T15:04:05Z", event_type: "x" },
      "signal_member_missing",
      "/store_id",
    ],
    [
      "no device",
      { store_id: "S-1", timestamp: "2026-03-23T15:04:05Z", event_type: "x" },
      "signal_member_missing",
      "/camera_id",
    ],
    [
      "bytes in a URL",
      { ...bare, thumbnail_url: "data:image/png;base64,AAAA" },
      "signal_media_inline",
      "/thumbnail_url",
    ],
    ["no offset", { ...bare, timestamp: "2026-03-23 15:04:05" }, "signal_timestamp_without_offset", "/timestamp"],
    ["no such day", { ...bare, timestamp: "2026-02-30T15:04:05Z" }, "signal_timestamp_malformed", "/timestamp"],
    [
      "out of the years by its offset",
      { ...bare, timestamp: "9999-12-31T23:59:59-23:59" },
      "signal_timestamp_malformed",
      "/timestamp",
    ],
    [
      "before the years by its offset",
      { ...bare, timestamp: "1900-01-01T00:00:00+23:59" },
      "signal_timestamp_malformed",
      "/timestamp",
    ],
    ["no time", { ...bare, timestamp: "yesterday" }, "signal_timestamp_malformed", "/timestamp"],
    ["confidence in percent", { ...bare, confidence: 86 }, "signal_number_out_of_range", "/confidence"],
    ["confidence in words", { ...bare, confidence: "high" }, "signal_member_malformed", "/confidence"],
    ["old CloudEvents", { ...cloudEvent("a"), specversion: "0.3" }, "signal_member_malformed", "/specversion"],
    ["no CloudEvents id", { specversion: "1.0", source: "a/b", type: "t" }, "signal_member_missing", "/id"],
    ["a site nobody names", { ...cloudEvent("a"), source: "pos.example" }, "signal_site_missing", "/siteid"],
    ["an object attribute", { ...cloudEvent("a"), ext: { a: 1 } }, "signal_member_malformed", "/ext"],
    ["an attribute name", { ...cloudEvent("a"), "Site/Id": "x" }, "signal_member_malformed", "/Site~1Id"],
    [
      "confidence in data",
      { ...cloudEvent("a"), data: { confidence: 7 } },
      "signal_number_out_of_range",
      "/data/confidence",
    ],
    ["a report with bytes", { ...report, evidence_refs: ["a", "data:,x"] }, "signal_media_inline", "/evidence_refs/1"],
    ["a ref that is no text", { ...report, evidence_refs: [1] }, "signal_member_malformed", "/evidence_refs/0"],
    ["a record of nobody", record, "signal_member_missing", "/reporter_id"],
    ["Frigate of no site", frigate, "signal_site_missing", ""],
    [
      "Frigate without camera",
      { type: "new", after: { id: "a", label: "x", start_time: 1 } },
      "signal_member_missing",
      "/after/camera",
    ],
  ];
  for (const [says, given, code, pointer] of cases) {
    const parsed = signalFromRow(given, context);
    assert.equal(parsed.ok, false, says);
    if (!parsed.ok) assert.deepEqual([parsed.error.code, parsed.error.pointer], [code, pointer], says);
  }
});

test("B12 the shape is decided by member names alone", () => {
  const cases: readonly (readonly [JsonObject, string | null])[] = [
    [{ specversion: "1.0", store_id: "x" }, "cloudevent"],
    [frigate, "frigate-event"],
    [{ type: "new", after: 3 }, null],
    [{ location_id: "x" }, "incident-record"],
    [{ incident_id: "x" }, "staff-report"],
    [{ event_type: "x" }, "device-event"],
    [{}, null],
  ];
  for (const [given, expected] of cases) assert.equal(shapeOf(given), expected, JSON.stringify(given));
});
