import canonicalize from "canonicalize";
import { Type } from "typebox";
import {
  maskFreeText,
  ok,
  parseZoneId,
  type JsonObject,
  type JsonValue,
  type MediaReference,
  type Signal,
} from "@tillwatch/wire";
import { contentId, extraOf, objectIn, siteFrom, splitMembers, textOf, type ToDraft } from "../draft.ts";
import { parseInstant } from "../instant.ts";
import { mediaReference } from "../media.ts";
import { checker, namePattern, wordPattern } from "./check-shape.ts";

const text = Type.String({ minLength: 1, maxLength: 4096 });

/** The staff report (docs/formats/staff-report.md). People stand in it as tokens, never by name. */
export const staffReportSchema = Type.Object(
  {
    incident_id: Type.String({ minLength: 1, maxLength: 256 }),
    timestamp_utc: Type.String({ format: "date-time" }),
    store_id: Type.String({ pattern: namePattern }),
    category: Type.String({ pattern: wordPattern, maxLength: 128 }),
    priority: Type.Optional(Type.Union([Type.String({ maxLength: 64 }), Type.Integer(), Type.Null()])),
    evidence_refs: Type.Optional(Type.Array(text, { maxItems: 256 })),
    actor_ids: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { maxItems: 256 })),
    zone_id: Type.Optional(Type.String({ pattern: namePattern })),
    summary: Type.Optional(Type.String({ maxLength: 16_384 })),
    value_minor: Type.Optional(Type.Integer({ minimum: 0 })),
    currency: Type.Optional(Type.String({ pattern: "^[A-Z]{3}$" })),
  },
  { $id: "https://tillwatch.org/schemas/staff-report.json", title: "Staff report" },
);

const check = checker(staffReportSchema);
const facts = new Set(["incident_id", "category", "priority", "actor_ids", "summary", "value_minor", "currency"]);
const placed = new Set(["timestamp_utc", "store_id", "zone_id", "evidence_refs"]);

export const staffReportToDraft: ToDraft = (given, { digest }) => {
  const wrong = check(given);
  if (wrong !== null) return { ok: false, error: wrong };
  const row = maskFreeText(given) as typeof given; // card numbers and the like end here (J08)
  const site = siteFrom(row["store_id"], "/store_id");
  if (!site.ok) return site;
  const occurredAt = textOf(row, "timestamp_utc");
  const occurredAtMs = parseInstant(occurredAt, "/timestamp_utc");
  if (!occurredAtMs.ok) return occurredAtMs;
  const media: MediaReference[] = [];
  const refs = row["evidence_refs"] as readonly string[] | undefined;
  for (const [index, ref] of (refs ?? []).entries()) {
    const reference = mediaReference(ref, `/evidence_refs/${index}`);
    if (!reference.ok) return reference;
    media.push(reference.value);
  }
  const { known: data, rest } = splitMembers(row, (member) => facts.has(member));
  const zone = parseZoneId(row["zone_id"]);
  return ok({
    source: `staff:${site.value}`,
    // With the content's digest: a changed report is a signal of its own, and never taken for a repeat of the first.
    sourceEventId: `${textOf(row, "incident_id")}/${contentId(canonicalize(row) ?? "", digest)}`,
    shape: "staff-report",
    type: "staff_report",
    siteId: site.value,
    zoneId: zone.ok ? zone.value : null,
    deviceId: null,
    occurredAt,
    occurredAtMs: occurredAtMs.value,
    confidence: null,
    severity: null,
    media,
    data,
    extra: extraOf({
      members: splitMembers(rest, (member) => placed.has(member)).rest,
      noMedia: refs === undefined,
    }),
  });
};

/** The report as it came: the inverse of `staffReportToDraft`. */
export function staffReportFrom(signal: Signal): JsonObject {
  const refs: JsonValue = signal.media.map((reference) => reference.uri);
  return {
    ...objectIn(signal.extra, "members"),
    ...signal.data,
    store_id: signal.siteId,
    timestamp_utc: signal.occurredAt,
    ...(signal.zoneId === null ? {} : { zone_id: signal.zoneId }),
    ...(signal.extra["noMedia"] === true ? {} : { evidence_refs: refs }),
  };
}
