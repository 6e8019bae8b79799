import canonicalize from "canonicalize";
import { Type } from "typebox";
import {
  maskFreeText,
  ok,
  parseDeviceId,
  type JsonObject,
  type JsonValue,
  type MediaReference,
  type Signal,
} from "@tillwatch/wire";
import { contentId, extraOf, objectIn, siteFrom, splitMembers, textOf, type ToDraft } from "../draft.ts";
import { parseInstant } from "../instant.ts";
import { mediaReference } from "../media.ts";
import { checker, namePattern, wordPattern } from "./check-shape.ts";

const token = Type.String({ minLength: 1, maxLength: 256 });
const oneReporter = [{ required: ["reporter_id"] }, { required: ["anonymous_token"] }];

/** The incident record (docs/formats/incident-record.md): a record that another system keeps. */
export const incidentRecordSchema = Type.Object(
  {
    incident_id: token,
    timestamp_utc: Type.String({ format: "date-time" }),
    location_id: Type.String({ pattern: namePattern }),
    device_ids: Type.Optional(Type.Array(token, { maxItems: 256 })),
    video_clip_refs: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 4096 }), { maxItems: 256 })),
    reporter_id: Type.Optional(token),
    anonymous_token: Type.Optional(token),
    incident_type: Type.String({ pattern: wordPattern, maxLength: 128 }),
    severity: Type.Optional(
      Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.String({ maxLength: 64 }), Type.Null()]),
    ),
    chain_of_custody_id: Type.Optional(Type.Union([token, Type.Null()])),
  },
  { $id: "https://tillwatch.org/schemas/incident-record.json", title: "Incident record", anyOf: oneReporter },
);

const check = checker(incidentRecordSchema);
const facts = new Set(["incident_id", "incident_type", "device_ids", "chain_of_custody_id"]);
const placed = new Set(["timestamp_utc", "location_id", "video_clip_refs", "severity"]);

export const incidentRecordToDraft: ToDraft = (given, { digest }) => {
  const wrong = check(given);
  if (wrong !== null) return { ok: false, error: wrong };
  const row = maskFreeText(given) as typeof given; // card numbers and the like end here (J08)
  const site = siteFrom(row["location_id"], "/location_id");
  if (!site.ok) return site;
  const occurredAt = textOf(row, "timestamp_utc");
  const occurredAtMs = parseInstant(occurredAt, "/timestamp_utc");
  if (!occurredAtMs.ok) return occurredAtMs;
  const media: MediaReference[] = [];
  const refs = row["video_clip_refs"] as readonly string[] | undefined;
  for (const [index, ref] of (refs ?? []).entries()) {
    const reference = mediaReference(ref, `/video_clip_refs/${index}`, "clip");
    if (!reference.ok) return reference;
    media.push(reference.value);
  }
  const severity = row["severity"];
  const { known, rest } = splitMembers(row, (member) => facts.has(member));
  const { rest: members } = splitMembers(rest, (member) => placed.has(member) && !isWord(member, severity));
  const reporter = row["reporter_id"] ?? row["anonymous_token"] ?? null;
  return ok({
    source: `record:${site.value}`,
    sourceEventId: `${textOf(row, "incident_id")}/${contentId(canonicalize(row) ?? "", digest)}`,
    shape: "incident-record",
    type: "incident_record",
    siteId: site.value,
    zoneId: null,
    deviceId: onlyDevice(row["device_ids"]),
    occurredAt,
    occurredAtMs: occurredAtMs.value,
    confidence: null,
    severity: typeof severity === "number" ? severity : null,
    media,
    data: { ...known, reporter },
    extra: extraOf({ members, noMedia: refs === undefined }),
  });
};

// A severity in words has no place on our scale: it stays with the members that only the way back reads.
function isWord(member: string, severity: JsonValue | undefined): boolean {
  return member === "severity" && typeof severity !== "number";
}

function onlyDevice(ids: JsonValue | undefined) {
  const parsed = parseDeviceId(Array.isArray(ids) && ids.length === 1 ? ids[0] : null);
  return parsed.ok ? parsed.value : null;
}

/** The record as it came: the inverse of `incidentRecordToDraft`. */
export function incidentRecordFrom(signal: Signal): JsonObject {
  const { reporter: _derived, ...data } = signal.data;
  const members = objectIn(signal.extra, "members");
  const refs: JsonValue = signal.media.map((reference) => reference.uri);
  return {
    ...members,
    ...data,
    location_id: signal.siteId,
    timestamp_utc: signal.occurredAt,
    ...(signal.severity === null ? {} : { severity: signal.severity }),
    ...(signal.extra["noMedia"] === true ? {} : { video_clip_refs: refs }),
  };
}
