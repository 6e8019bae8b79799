import type {
  AuditEntryView,
  DeadLetter,
  PeopleDescription,
  SourceSignal,
  SourceSummary,
  TriageLevel,
} from "@tillwatch/wire";

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
  readonly timezone: string; // IANA
  readonly currency: string;
  readonly zones: readonly Zone[];
  readonly devices?: readonly Zone[]; // cameras and what else signals
};
export type Zone = { readonly id: string; readonly name: string; readonly kind: string };

export type SourceSignalList = { readonly items: readonly SourceSignal[] };
export type Readiness = {
  readonly ok: boolean;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly says: string }[];
};
export type SourceList = { readonly items: readonly SourceSummary[] };
export type DeadLetterPage = { readonly items: readonly DeadLetter[]; readonly nextCursor: string | null };
export type AuditPage = {
  readonly items: readonly AuditEntryView[];
  readonly names: Names;
  readonly nextCursor: string | null;
};
/** Whom the tokens in an answer stand for, where that is known. */
export type Names = Readonly<Record<string, string>>;

export type StaffReport = {
  readonly siteId: string;
  readonly zoneId?: string;
  readonly category: string;
  readonly occurredAt: string; // RFC 3339 with offset
  readonly summary: string;
  readonly valueLostMinor?: number;
  readonly currency?: string;
  readonly description?: PeopleDescription;
  readonly keptBecause?: string; // why words of a protected trait stay
  readonly aboutColleague?: true; // others handle it, also where none is picked
  readonly aboutColleagues?: readonly string[]; // as `Colleagues` names them
};

/** Whom of a site a report may be about, under names that lead to no token, and the roles that handle such a report. */
export type Colleagues = {
  readonly items: readonly { readonly ref: string; readonly name: string; readonly roles: readonly string[] }[];
  readonly handlers: readonly string[];
};
