import type { IncidentId, IncidentState, IncidentSummary, SiteId, TriageLevel, ZoneId } from "@tillwatch/wire";
import type { IncidentChange } from "../flow.ts";

export type SummaryWanted = {
  readonly id?: string;
  readonly state?: IncidentState;
  readonly category?: string;
  readonly level?: TriageLevel;
};

/** An incident as the queue shows it, open and of level 1 unless told otherwise. */
export function summaryOf(wanted: SummaryWanted = {}): IncidentSummary {
  return {
    id: (wanted.id ?? "3f0c5a0e-5b1f-4a57-9d0e-0d9f6a1b2c3d") as IncidentId,
    ref: "TW-2026-000001",
    state: wanted.state ?? "open",
    level: wanted.level ?? 1,
    category: wanted.category ?? "shoplifting",
    categoryTitle: "Shoplifting",
    title: "Goods left without a sale",
    siteId: "S-1001" as SiteId,
    siteName: "High Street",
    zoneId: "Z-EXIT" as ZoneId,
    zoneName: "Exit",
    severity: 0.93,
    machineSeverity: 0.93,
    confidence: 0.8,
    verdict: null,
    openedAt: "2026-03-23T15:04:05.000Z",
    updatedAt: "2026-03-23T15:04:05.000Z",
    lastSignalAt: "2026-03-23T15:04:05.000Z",
    signalCount: 2,
    completeness: 0.5,
    topReasons: ["An EAS gate sounded"],
    rank: "Highest risk of the open work",
    version: 1,
  };
}

export function changeOf({
  kind,
  ...wanted
}: SummaryWanted & { readonly kind: IncidentChange["kind"] }): IncidentChange {
  return { kind, from: null, incident: summaryOf(wanted), at: "2026-03-23T15:04:05.000Z" };
}
