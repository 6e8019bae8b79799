import canonicalize from "canonicalize";
import { Type } from "typebox";
import { isJsonObject, ok, type JsonObject, type JsonValue, type MediaReference, type Signal } from "@tillwatch/wire";
import { contentId, deviceFrom, extraOf, objectIn, textOf, type ToDraft } from "../draft.ts";
import { parseEpochSeconds } from "../instant.ts";
import { pointerToken, refuse } from "../refusal.ts";
import { checker } from "./check-shape.ts";

/** `frigate/events` of Frigate 0.14 to 0.18 (docs/formats/frigate.md). Only what we read is checked; the rest is kept. */
export const frigateEventSchema = Type.Object({
  type: Type.Union([Type.Literal("new"), Type.Literal("update"), Type.Literal("end")]),
  after: Type.Object({
    id: Type.String({ minLength: 1, maxLength: 128 }),
    camera: Type.String({ minLength: 1, maxLength: 64 }),
    label: Type.String({ minLength: 1, maxLength: 128 }),
    frame_time: Type.Optional(Type.Number()),
    start_time: Type.Number(),
    end_time: Type.Optional(Type.Union([Type.Number(), Type.Null()])),
    score: Type.Optional(Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()])),
    top_score: Type.Optional(Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()])),
  }),
});

const check = checker(frigateEventSchema);

// Who a face or a plate belongs to is biometric or personal: it is cut out before anything else, the digest included, sees it.
const personal = /^(sub_label|recognized_license_plate|license_plate|plate|face_name|identity)(_.*)?$/;

/** A copy without names and plates, and the pointers of what was cut. */
export function withoutIdentity(row: JsonObject): { readonly row: JsonObject; readonly stripped: readonly string[] } {
  const stripped: string[] = [];
  return { row: strip(row, "", stripped) as JsonObject, stripped };
}

function strip(value: JsonValue, pointer: string, stripped: string[]): JsonValue {
  if (Array.isArray(value)) return value.map((item, index) => strip(item, `${pointer}/${index}`, stripped));
  if (!isJsonObject(value)) return value;
  const kept: Record<string, JsonValue> = {};
  for (const [name, member] of Object.entries(value)) {
    const at = pointer + pointerToken(name);
    if (!personal.test(name)) kept[name] = strip(member, at, stripped);
    else if (member !== null) stripped.push(at);
  }
  return kept;
}

export const frigateEventToDraft: ToDraft = (given, { channel, digest }) => {
  const wrong = check(given);
  if (wrong !== null) return { ok: false, error: wrong };
  const { row, stripped } = withoutIdentity(given);
  const after = objectIn(row, "after");
  const siteId = channel.site ?? channel.frigateSite;
  if (siteId === undefined) {
    return refuse("signal_site_missing", "", "a Frigate event names no site: set the site of this Frigate");
  }
  const device = deviceFrom(after["camera"], "/after/camera");
  if (!device.ok) return device;
  const [member, seconds] = timeOf(after, row["type"]);
  const occurredAtMs = parseEpochSeconds(seconds, `/after/${member}`);
  if (!occurredAtMs.ok) return occurredAtMs;
  const score = after["score"] ?? after["top_score"];
  return ok({
    source: `frigate:${siteId}/${device.value}`,
    sourceEventId: `${textOf(after, "id")}/${textOf(row, "type")}/${contentId(canonicalize(row) ?? "", digest)}`,
    shape: "frigate-event",
    type: classOf(textOf(row, "type"), textOf(after, "label")),
    siteId,
    zoneId: null,
    deviceId: device.value,
    occurredAt: new Date(occurredAtMs.value).toISOString(),
    occurredAtMs: occurredAtMs.value,
    confidence: typeof score === "number" ? score : null,
    severity: null,
    media: mediaOf(after),
    data: factsOf(after, seconds),
    extra: extraOf({ event: row, stripped: stripped.length === 0 ? undefined : stripped }),
  });
};

/** The event as it came, without the names and plates: the inverse of `frigateEventToDraft`. */
export function frigateEventFrom(signal: Signal): JsonObject {
  return objectIn(signal.extra, "event");
}

function timeOf(after: JsonObject, type: JsonValue | undefined): readonly [string, number] {
  const order = type === "end" ? ["end_time", "frame_time", "start_time"] : ["frame_time", "start_time"];
  for (const member of order) {
    const value = after[member];
    if (typeof value === "number") return [member, value];
  }
  return ["start_time", Number.NaN];
}

const vehicles = new Set(["car", "motorcycle", "bus", "truck", "bicycle"]);

function classOf(type: string, label: string): string {
  if (type === "update") return "object_updated";
  if (type === "end") return "object_left";
  if (label === "person") return "person_detected";
  return vehicles.has(label) ? "vehicle_detected" : "object_detected";
}

const copied = ["label", "entered_zones", "current_zones", "stationary", "false_positive", "position_changes"] as const;

function factsOf(after: JsonObject, seconds: number): JsonObject {
  const facts: Record<string, JsonValue> = { track_id: after["id"] ?? null };
  for (const name of copied) if (after[name] !== undefined) facts[name] = after[name];
  if (after["label"] === "person") facts["person_count"] = 1;
  const dwell = seconds - Number(after["start_time"]);
  if (dwell >= 0) facts["dwell_seconds"] = Math.round(dwell * 10) / 10;
  return facts;
}

/** Relative to the Frigate that sent it: its HTTP API serves the picture and the clip of an event. */
function mediaOf(after: JsonObject): readonly MediaReference[] {
  const base = `api/events/${encodeURIComponent(textOf(after, "id"))}`;
  const found: MediaReference[] = [];
  if (after["has_snapshot"] === true) found.push({ uri: `${base}/snapshot.jpg`, kind: "image" });
  if (after["has_clip"] === true) found.push({ uri: `${base}/clip.mp4`, kind: "clip" });
  return found;
}
