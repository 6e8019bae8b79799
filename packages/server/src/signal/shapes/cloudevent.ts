import { Type } from "typebox";
import {
  isJsonObject,
  ok,
  parseDeviceId,
  parseSiteId,
  type DeviceId,
  type JsonObject,
  type JsonValue,
  type MediaReference,
  type Result,
  type Signal,
  type SiteId,
  type ZoneId,
} from "@tillwatch/wire";
import { parseZoneId } from "@tillwatch/wire";
import {
  deviceFrom,
  extraOf,
  objectIn,
  siteFrom,
  splitMembers,
  statedShare,
  textOf,
  type ShapeContext,
  type ToDraft,
} from "../draft.ts";
import { parseInstant } from "../instant.ts";
import { mediaReference } from "../media.ts";
import { pointerToken, refuse, shown, type Refusal } from "../refusal.ts";
import { checker, namePattern, wordPattern } from "./check-shape.ts";

const name = Type.String({ pattern: namePattern });

/** CloudEvents 1.0.2, structured JSON, with the extension attributes of docs/formats/cloudevents.md. */
export const cloudEventSchema = Type.Object(
  {
    specversion: Type.Literal("1.0"),
    id: Type.String({ minLength: 1, maxLength: 512 }),
    source: Type.String({ pattern: wordPattern, maxLength: 512 }),
    type: Type.String({ pattern: wordPattern, maxLength: 256 }),
    time: Type.Optional(Type.Union([Type.String({ format: "date-time" }), Type.Null()])),
    siteid: Type.Optional(name),
    zoneid: Type.Optional(name),
    deviceid: Type.Optional(name),
    sequence: Type.Optional(Type.Union([Type.String({ maxLength: 64 }), Type.Integer()])),
    data_base64: Type.Optional(Type.String()),
  },
  { $id: "https://tillwatch.org/schemas/cloudevent.json", title: "CloudEvent 1.0 as Tillwatch reads it" },
);

const check = checker(cloudEventSchema);
const canonicalMembers = new Set(["specversion", "id", "source", "type", "time", "data"]);
const attributeName = /^[a-z0-9]+$/;
const ownPrefix = "com.tillwatch.";

export const cloudEventToDraft: ToDraft = (row, context) => {
  const wrong = check(row) ?? wrongAttribute(row);
  if (wrong !== null) return { ok: false, error: wrong };
  const place = placeOf(row, context);
  if (!place.ok) return place;
  const time = row["time"];
  const occurredAt = typeof time === "string" ? time : new Date(context.receivedAtMs).toISOString();
  const occurredAtMs = parseInstant(occurredAt, "/time");
  if (!occurredAtMs.ok) return occurredAtMs;
  const data = isJsonObject(row["data"]) ? row["data"] : null;
  const facts = data ?? {};
  const confidence = statedShare(facts, "confidence");
  if (!confidence.ok) return confidence;
  const severity = statedShare(facts, "severity");
  if (!severity.ok) return severity;
  const media = mediaOf(facts);
  if (!media.ok) return media;

  const { rest } = splitMembers(row, (member) => canonicalMembers.has(member));
  const givenType = textOf(row, "type");
  const isOurs = givenType.startsWith(ownPrefix) && givenType.length > ownPrefix.length;
  return ok({
    source: textOf(row, "source"),
    sourceEventId: textOf(row, "id"),
    shape: "cloudevent",
    type: isOurs ? givenType.slice(ownPrefix.length) : givenType,
    ...place.value,
    occurredAt,
    occurredAtMs: occurredAtMs.value,
    confidence: confidence.value,
    severity: severity.value,
    media: media.value,
    data: facts,
    extra: extraOf({
      members: { ...rest, ...(time === null ? { time } : {}) },
      // Wrapped, so that data of null is told from no data.
      otherData: data === null && Object.hasOwn(row, "data") ? { value: row["data"] ?? null } : undefined,
      noData: !Object.hasOwn(row, "data"),
      noTime: typeof time !== "string",
      prefixed: isOurs,
    }),
  });
};

/** The event as it came: the inverse of `cloudEventToDraft`. */
export function cloudEventFrom(signal: Signal): JsonObject {
  const { extra } = signal;
  const other = extra["otherData"];
  return {
    specversion: "1.0",
    id: signal.sourceEventId,
    source: signal.source,
    type: extra["prefixed"] === true ? ownPrefix + signal.type : signal.type,
    ...(extra["noTime"] === true ? {} : { time: signal.occurredAt }),
    ...objectIn(extra, "members"),
    ...(extra["noData"] === true ? {} : { data: isJsonObject(other) ? (other["value"] ?? null) : signal.data }),
  };
}

/** CloudEvents 1.0.2, section 3: names of lower-case letters and digits; values are texts, booleans and integers. */
function wrongAttribute(row: JsonObject): Refusal | null {
  for (const attribute of Object.keys(row)) {
    if (attribute === "data" || attribute === "data_base64") continue;
    const value = row[attribute];
    if (!attributeName.test(attribute)) {
      const message = `${shown(attribute)} is not an attribute name of CloudEvents (lower-case letters and digits)`;
      return { code: "signal_member_malformed", pointer: pointerToken(attribute), message };
    }
    const isScalar = value === null || typeof value === "string" || typeof value === "boolean";
    if (!isScalar && !Number.isInteger(value)) {
      const message = "an attribute is a text, a boolean or an integer; anything else belongs into data";
      return { code: "signal_member_malformed", pointer: pointerToken(attribute), message };
    }
  }
  if (Object.hasOwn(row, "data") && Object.hasOwn(row, "data_base64")) {
    return {
      code: "signal_member_malformed",
      pointer: "/data_base64",
      message: "data and data_base64 exclude each other",
    };
  }
  return null;
}

type Place = { readonly siteId: SiteId; readonly zoneId: ZoneId | null; readonly deviceId: DeviceId | null };

/** Attributes first, then a source of the form `<site>/<device>`, then the channel. */
function placeOf(row: JsonObject, { channel }: ShapeContext): Result<Place, Refusal> {
  const inSource = sourceParts(textOf(row, "source"));
  let siteId = inSource?.site ?? channel.site;
  if (row["siteid"] !== undefined) {
    const given = siteFrom(row["siteid"], "/siteid");
    if (!given.ok) return given;
    siteId = given.value;
  }
  if (siteId === undefined) {
    const message = "which site is it? Give the attribute siteid, or a source of the form <site>/<device>";
    return refuse("signal_site_missing", "/siteid", message);
  }
  let deviceId = inSource?.site === siteId ? inSource.device : (channel.device ?? null);
  if (row["deviceid"] !== undefined) {
    const given = deviceFrom(row["deviceid"], "/deviceid");
    if (!given.ok) return given;
    deviceId = given.value;
  }
  const zone = parseZoneId(row["zoneid"]);
  return ok({ siteId, zoneId: zone.ok ? zone.value : null, deviceId });
}

function sourceParts(source: string): { site: SiteId; device: DeviceId } | null {
  const slash = source.indexOf("/");
  if (slash === -1) return null;
  const site = parseSiteId(source.slice(0, slash));
  const device = parseDeviceId(source.slice(slash + 1));
  return site.ok && device.ok ? { site: site.value, device: device.value } : null;
}

const mediaMembers = [
  ["thumbnail_url", "thumbnail"],
  ["clip_url", "clip"],
] as const;

function mediaOf(facts: JsonObject): Result<readonly MediaReference[], Refusal> {
  const found: MediaReference[] = [];
  for (const [member, kind] of mediaMembers) {
    const uri: JsonValue | undefined = facts[member];
    if (typeof uri !== "string" || uri === "") continue;
    const reference = mediaReference(uri, `/data/${member}`, kind);
    if (!reference.ok) return reference;
    found.push(reference.value);
  }
  return ok(found);
}
