import { queryOptions } from "@tanstack/react-query";
import type {
  ConsentTextView,
  ConsentView,
  DescriptorVocabulary,
  FigureExportView,
  PersonMarkView,
  SensitiveWords,
} from "@tillwatch/wire";
import { request } from "../api/request.ts";

const anHourMs = 3_600_000;

export const descriptorsQuery = queryOptions({
  queryKey: ["descriptors"],
  queryFn: ({ signal }) => request<DescriptorVocabulary>("/api/v1/descriptors", { signal }),
  staleTime: anHourMs,
});

/** The words of an old description. */
export function descriptorsOf(version: string) {
  return queryOptions({
    queryKey: ["descriptors", version],
    queryFn: ({ signal }) =>
      request<DescriptorVocabulary>(`/api/v1/descriptors?version=${encodeURIComponent(version)}`, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export const sensitiveWordsQuery = queryOptions({
  queryKey: ["sensitive-words"],
  queryFn: ({ signal }) => request<SensitiveWords>("/api/v1/sensitive-words", { signal }),
  staleTime: anHourMs,
});

export type RequestRow = {
  readonly id: string;
  readonly ref: string;
  readonly kind: string;
  readonly subjectKind: string;
  readonly country: string;
  readonly receivedAt: string;
  readonly dueAt: string;
  readonly daysLeft: number | null;
  readonly overdue: boolean;
  readonly extendedAt: string | null;
  readonly identity: "unchecked" | "confirmed" | "failed";
  readonly state: "open" | "answered" | "refused" | "withdrawn";
  readonly answerSha256: string | null;
  readonly answerAuditId: string | null;
  readonly version: number;
};

export type RequestWhole = RequestRow & {
  readonly asked: {
    readonly identifiers: readonly { readonly kind: string; readonly value: string }[];
    readonly wording: string;
  } | null;
  readonly steps: readonly {
    readonly at: string;
    readonly actor: string;
    readonly kind: string;
    readonly says: string;
  }[];
};

export const requestsQuery = queryOptions({
  queryKey: ["subject-requests"],
  queryFn: ({ signal }) => request<{ readonly items: readonly RequestRow[] }>("/api/v1/subject-requests", { signal }),
});

export function requestQuery(id: string) {
  return queryOptions({
    queryKey: ["subject-requests", id],
    queryFn: ({ signal }) => request<RequestWhole>(`/api/v1/subject-requests/${id}`, { signal }),
  });
}

export const consentTextsQuery = queryOptions({
  queryKey: ["consents", "texts"],
  queryFn: ({ signal }) => request<{ readonly items: readonly ConsentTextView[] }>("/api/v1/consent-texts", { signal }),
});

/** What the person behind a token agreed to. */
export function consentsQuery(token: string) {
  return queryOptions({
    queryKey: ["consents", "of", token],
    queryFn: ({ signal }) =>
      request<{ readonly items: readonly ConsentView[] }>(`/api/v1/consents?token=${encodeURIComponent(token)}`, {
        signal,
      }),
    enabled: token !== "",
  });
}

export const marksQuery = queryOptions({
  queryKey: ["person-marks"],
  queryFn: ({ signal }) => request<{ readonly items: readonly PersonMarkView[] }>("/api/v1/person-marks", { signal }),
});

export const figureExportsQuery = queryOptions({
  queryKey: ["figure-exports"],
  queryFn: ({ signal }) =>
    request<{ readonly items: readonly FigureExportView[] }>("/api/v1/analytics/exports", { signal }),
});

export type WatchItem = {
  readonly id: string;
  readonly state: "proposed" | "active" | "refused" | "ended" | "expired";
  readonly siteIds: readonly string[];
  readonly incidentId: string;
  readonly ground: string;
  readonly ageBand: string;
  readonly proposedBy: string;
  readonly proposedAt: string;
  readonly decidedBy: string | null;
  readonly expiresAt: string;
  readonly endedAt: string | null;
  readonly proofAuditId: string | null;
};

export const watchQuery = queryOptions({
  queryKey: ["watch-entries"],
  queryFn: ({ signal }) =>
    request<{
      readonly daysMax: number;
      readonly grounds: readonly string[];
      readonly items: readonly WatchItem[];
      readonly names: Readonly<Record<string, string>>; // whom the tokens of the items stand for
    }>("/api/v1/watch-entries", { signal }),
});

export type CameraMask = {
  readonly deviceId: string;
  readonly version: number;
  readonly polygons: readonly (readonly (readonly [number, number])[])[];
  readonly at: string | null;
  readonly actor: string | null;
};

export function masksQuery(siteId: string) {
  return queryOptions({
    queryKey: ["privacy-masks", siteId],
    queryFn: ({ signal }) =>
      request<{ readonly items: readonly CameraMask[] }>(`/api/v1/sites/${encodeURIComponent(siteId)}/masks`, {
        signal,
      }),
    enabled: siteId !== "",
  });
}

export type SiteSettings = {
  readonly clipDays: number;
  readonly reportDays: number;
  readonly watchItemDays: number;
  readonly maskedDisplay: boolean;
  readonly audio: boolean;
  readonly analytics: boolean;
};

export type SitePrivacy = {
  readonly settings: SiteSettings;
  readonly least: SiteSettings;
  readonly departures: readonly {
    readonly setting: string;
    readonly least: string;
    readonly here: string;
    readonly because: string;
  }[];
};

export function sitePrivacyQuery(siteId: string) {
  return queryOptions({
    queryKey: ["site-privacy", siteId],
    queryFn: ({ signal }) => request<SitePrivacy>(`/api/v1/sites/${encodeURIComponent(siteId)}/privacy`, { signal }),
    enabled: siteId !== "",
  });
}

export type ReviewLine = {
  readonly name: string;
  readonly incidents: number;
  readonly judged: number;
  readonly falseOnes: number;
  readonly overridden: number;
};
type Counted = readonly { readonly name: string; readonly count: number }[];

export type Review = {
  readonly quarter: string;
  readonly finished: boolean;
  readonly bySite: readonly ReviewLine[];
  readonly byCategory: readonly ReviewLine[];
  readonly byRule: readonly ReviewLine[];
  readonly keptTexts: Counted;
  readonly watchEntries: Counted;
  readonly lookUps: Counted;
  readonly requests: Counted;
  readonly remarks: readonly { readonly about: string; readonly says: string }[];
  readonly questions: readonly string[];
};

export const reviewQuery = queryOptions({
  queryKey: ["privacy-review"],
  queryFn: ({ signal }) => request<Review>("/api/v1/privacy/reviews/current", { signal }),
});

export type CaseMinor = {
  readonly minor: boolean;
  readonly at: string | null;
  readonly actor: string | null;
  readonly grounds: readonly string[];
};

/** Whether somebody said that a minor is among the people of a case. Under the key of the case. */
export function caseMinorQuery(incidentId: string) {
  return queryOptions({
    queryKey: ["incident", incidentId, "minor"],
    queryFn: ({ signal }) =>
      request<CaseMinor>(`/api/v1/incidents/${encodeURIComponent(incidentId)}/minor`, { signal }),
  });
}
