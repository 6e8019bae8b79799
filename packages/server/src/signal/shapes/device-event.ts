import canonicalize from "canonicalize";
import { Type } from "typebox";
import { isJsonObject, ok, parseZoneId, type JsonObject, type JsonValue, type Signal } from "@tillwatch/wire";
import { contentId, deviceFrom, extraOf, objectIn, siteFrom, splitMembers, textOf, type ToDraft } from "../draft.ts";
import { parseInstant } from "../instant.ts";
import { mediaReference } from "../media.ts";
import { checker, namePattern, wordPattern } from "./check-shape.ts";

const name = Type.String({ pattern: namePattern });
const share = Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()]);

/** The plain device event (docs/formats/device-event.md). Members that are not named here are facts of the event class. */
export const deviceEventSchema = Type.Object(
  {
    store_id: name,
    camera_id: Type.Optional(Type.String({ pattern: namePattern, description: "the device; or `device_id`" })),
    device_id: Type.Optional(name),
    zone_id: Type.Optional(name),
    timestamp: Type.String({ format: "date-time", description: "RFC 3339 with offset, by the device's clock" }),
    event_type: Type.String({ pattern: wordPattern, maxLength: 128 }),
    confidence: Type.Optional(share),
    severity: Type.Optional(share),
    thumbnail_url: Type.Optional(Type.Union([Type.String({ minLength: 1, maxLength: 4096 }), Type.Null()])),
    event_id: Type.Optional(Type.String({ minLength: 1, maxLength: 512 })),
  },
  {
    $id: "https://tillwatch.org/schemas/device-event.json",
    title: "Plain device event",
    anyOf: [{ required: ["camera_id"] }, { required: ["device_id"] }],
  },
);

const check = checker(deviceEventSchema);
const known = new Set([
  "store_id",
  "zone_id",
  "timestamp",
  "event_type",
  "confidence",
  "severity",
  "thumbnail_url",
  "event_id",
]);

export const deviceEventToDraft: ToDraft = (row, { digest }) => {
  const wrong = check(row);
  if (wrong !== null) return { ok: false, error: wrong };
  const deviceMember = Object.hasOwn(row, "camera_id") ? "camera_id" : "device_id";
  const site = siteFrom(row["store_id"], "/store_id");
  if (!site.ok) return site;
  const device = deviceFrom(row[deviceMember], `/${deviceMember}`);
  if (!device.ok) return device;
  const occurredAt = textOf(row, "timestamp");
  const occurredAtMs = parseInstant(occurredAt, "/timestamp");
  if (!occurredAtMs.ok) return occurredAtMs;
  const thumbnail = row["thumbnail_url"];
  const media = typeof thumbnail === "string" ? mediaReference(thumbnail, "/thumbnail_url", "thumbnail") : null;
  if (media !== null && !media.ok) return media;

  const { rest } = splitMembers(row, (member) => known.has(member) || member === deviceMember);
  const nested = isJsonObject(rest["data"]) ? rest["data"] : null;
  const { data: _nested, ...beside } = rest;
  const nulls = Object.entries(row).filter(([member, value]) => known.has(member) && value === null);
  const eventId = row["event_id"];
  const zone = parseZoneId(row["zone_id"]);
  return ok({
    source: `${site.value}/${device.value}`,
    sourceEventId: typeof eventId === "string" ? eventId : contentId(canonicalize(row) ?? "", digest),
    shape: "device-event",
    type: textOf(row, "event_type"),
    siteId: site.value,
    zoneId: zone.ok ? zone.value : null,
    deviceId: device.value,
    occurredAt,
    occurredAtMs: occurredAtMs.value,
    confidence: numberOrNull(row["confidence"]),
    severity: numberOrNull(row["severity"]),
    media: media === null ? [] : [media.value],
    data: nested ?? rest,
    extra: extraOf({
      members: { ...Object.fromEntries(nulls), ...(nested === null ? {} : beside) },
      nested: nested !== null,
      namedId: typeof eventId === "string",
      deviceMember: deviceMember === "camera_id" ? undefined : deviceMember,
    }),
  });
};

/** The event as it came: the inverse of `deviceEventToDraft`. */
export function deviceEventFrom(signal: Signal): JsonObject {
  const { extra, media } = signal;
  const deviceMember = extra["deviceMember"] === "device_id" ? "device_id" : "camera_id";
  return {
    ...(extra["nested"] === true ? { data: signal.data } : signal.data),
    ...objectIn(extra, "members"),
    store_id: signal.siteId,
    [deviceMember]: signal.deviceId,
    timestamp: signal.occurredAt,
    event_type: signal.type,
    ...present("zone_id", signal.zoneId),
    ...present("confidence", signal.confidence),
    ...present("severity", signal.severity),
    ...present("thumbnail_url", media[0]?.uri ?? null),
    ...present("event_id", extra["namedId"] === true ? signal.sourceEventId : null),
  };
}

function present(member: string, value: JsonValue): JsonObject {
  return value === null ? {} : { [member]: value };
}

function numberOrNull(value: JsonValue | undefined): number | null {
  return typeof value === "number" ? value : null;
}
