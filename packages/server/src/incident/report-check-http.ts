import type { Static } from "typebox";
import { problem, type HttpProblem } from "../api/problem.ts";
import { isStorable } from "../platform/storable-time.ts";
import type { EditedFields } from "./incident-command.ts";
import type { editBody, reportBody } from "./incident-schema.ts";
import { incidentRow } from "./incident-read.ts";
import type { SummaryNeeds } from "./incident-summary.ts";
import type { IncidentHttpDeps } from "./incident-answer-http.ts";
import type { StaffReport } from "./staff-report.ts";

// A till's or phone's clock may be ahead of ours by this much.
const aheadMsMax = 5 * 60_000;

type Reporting = { readonly nowMs: number; readonly reporter: string };

/** What the schema cannot know: the site, zone and category exist, the time has come, an amount has a currency. Throws 422. */
export function checkReport(needs: SummaryNeeds, body: Static<typeof reportBody>, context: Reporting): StaffReport {
  const site = needs.places.site(body.siteId);
  if (site === null) throw unknownMember("site_unknown", `site ${body.siteId} is not in the directory`, "/siteId");
  checkCategory(needs, body.category, needs.taxonomies.current.version);
  checkZone(needs, body.siteId, body.zoneId ?? null);
  const valueLostMinor = body.valueLostMinor ?? null;
  return {
    siteId: body.siteId,
    zoneId: body.zoneId ?? null,
    category: body.category,
    occurredAtMs: pastInstant(body.occurredAt, context.nowMs),
    summary: body.summary.trim(),
    valueLostMinor,
    currency: body.currency ?? (valueLostMinor === null ? null : site.currency),
    peopleInvolved: body.peopleInvolved ?? null,
    reporter: context.reporter,
  };
}

type Edit = Omit<Static<typeof editBody>, "version" | "because" | "keptBecause">;

/** The same for a correction, in the taxonomy version that the incident keeps. */
export async function checkEdit(deps: IncidentHttpDeps, id: string, edit: Edit): Promise<EditedFields> {
  const { occurredAt, level, summary, ...rest } = edit;
  const row = edit.category === undefined && edit.zoneId === undefined ? null : await incidentRow(deps.db, id);
  const needs = deps.needs();
  if (row !== null && edit.category !== undefined) checkCategory(needs, edit.category, row.taxonomyVersion);
  if (row !== null && edit.zoneId !== undefined) checkZone(needs, row.siteId, edit.zoneId);
  return {
    ...rest,
    ...(summary === undefined ? {} : { summary: summary.trim() }),
    ...(level === undefined ? {} : { level }),
    ...(occurredAt === undefined ? {} : { occurredAtMs: pastInstant(occurredAt, deps.clock()) }),
  };
}

function checkCategory(needs: SummaryNeeds, code: string, version: string): void {
  if (needs.taxonomies.of(version).categories.some((category) => category.code === code)) return;
  throw unknownMember("category_unknown", `category ${code} is not in taxonomy ${version}`, "/category");
}

function checkZone(needs: SummaryNeeds, siteId: string, zoneId: string | null): void {
  if (zoneId === null || needs.places.zone(siteId, zoneId) !== null) return;
  throw unknownMember("zone_unknown", `site ${siteId} has no zone ${zoneId}`, "/zoneId");
}

function pastInstant(text: string, nowMs: number): number {
  const atMs = Date.parse(text);
  if (!isStorable(atMs)) {
    throw problem(400, "request_invalid", "body /occurredAt: not a time between the years 1900 and 9999", {
      pointer: "/occurredAt",
    });
  }
  if (atMs <= nowMs + aheadMsMax) return atMs;
  throw problem(422, "occurred_in_future", "occurredAt lies in the future", {
    pointer: "/occurredAt",
    remedy: "Give the time of the occurrence with its offset, such as 2026-03-23T15:04:05+01:00.",
  });
}

function unknownMember(code: string, detail: string, pointer: string): HttpProblem {
  const where = code === "category_unknown" ? "/api/v1/taxonomy" : "/api/v1/sites";
  return problem(422, code, detail, { pointer, remedy: `GET ${where} lists what is known.` });
}
