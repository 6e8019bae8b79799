import type { AuditEntryView, DeadLetter, SourceSummary, TriageLevel } from "@tillwatch/wire";

/** Answers that have no name of their own in packages/wire. */
export type Taxonomy = { readonly version: string; readonly categories: readonly TaxonomyCategory[] };

export type TaxonomyCategory = {
  readonly code: string;
  readonly title: string;
  readonly group: string;
  readonly level: TriageLevel;
  readonly sop: readonly string[];
};

export type SiteList = { readonly items: readonly Site[] };
export type Site = {
  readonly id: string;
  readonly name: string;
  readonly currency: string;
  readonly zones: readonly Zone[];
};
export type Zone = { readonly id: string; readonly name: string; readonly kind: string };

export type SourceList = { readonly items: readonly SourceSummary[] };
export type DeadLetterPage = { readonly items: readonly DeadLetter[]; readonly nextCursor: string | null };
export type AuditPage = { readonly items: readonly AuditEntryView[]; readonly nextCursor: string | null };

export type StaffReport = {
  readonly siteId: string;
  readonly zoneId?: string;
  readonly category: string;
  readonly occurredAt: string; // RFC 3339 with offset
  readonly summary: string;
  readonly valueLostMinor?: number;
  readonly currency?: string;
};
