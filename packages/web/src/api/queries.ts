import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { CheckpointView, IncidentPage, IncidentRecord } from "@tillwatch/wire";
import { request } from "./request.ts";
import type {
  Colleagues,
  DeadLetterPage,
  Readiness,
  SiteList,
  SourceList,
  SourceSignalList,
  Taxonomy,
} from "./shapes.ts";

export type QueueView = "incidents" | "watch" | "closed";

export type QueueFilter = {
  readonly view: QueueView;
  readonly site?: string | undefined;
  readonly level?: number | undefined;
  readonly category?: string | undefined;
  readonly q?: string | undefined;
};

/** Which states stand behind each tab. */
export const statesOfView = {
  incidents: ["open", "acknowledged", "investigating", "handed_over"],
  watch: ["watch"],
  closed: ["closed", "aged_out"],
} as const;

const pageSize = 50;

export function queueQuery(filter: QueueFilter) {
  return infiniteQueryOptions({
    queryKey: ["incidents", filter],
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) =>
      request<IncidentPage>(withSearch("/api/v1/incidents", { ...searchOf(filter), cursor: pageParam }), { signal }),
    getNextPageParam: (page: IncidentPage) => page.nextCursor,
  });
}

function searchOf(filter: QueueFilter): Record<string, string> {
  return {
    state: statesOfView[filter.view].join(","),
    site: filter.site ?? "",
    level: filter.level === undefined ? "" : String(filter.level),
    category: filter.category ?? "",
    q: filter.q ?? "",
    limit: String(pageSize),
  };
}

export function incidentQuery(id: string) {
  return queryOptions({
    queryKey: ["incident", id],
    queryFn: ({ signal }) => request<IncidentRecord>(`/api/v1/incidents/${encodeURIComponent(id)}`, { signal }),
  });
}

const anHourMs = 3_600_000;

export const taxonomyQuery = queryOptions({
  queryKey: ["taxonomy"],
  queryFn: ({ signal }) => request<Taxonomy>("/api/v1/taxonomy", { signal }),
  staleTime: anHourMs,
});

export const sitesQuery = queryOptions({
  queryKey: ["sites"],
  queryFn: ({ signal }) => request<SiteList>("/api/v1/sites", { signal }),
  staleTime: anHourMs,
});

export const sourcesQuery = queryOptions({
  queryKey: ["sources"],
  queryFn: ({ signal }) => request<SourceList>("/api/v1/sources", { signal }),
});

export const sourceSignalsQuery = (source: string) =>
  queryOptions({
    queryKey: ["sources", source, "signals"],
    queryFn: ({ signal }) => request<SourceSignalList>(withSearch("/api/v1/signals", { source }), { signal }),
  });

const readinessEveryMs = 15_000;

/** Answers 503 with the same body where something stops requests, so that it is no refusal. */
export const readinessQuery = queryOptions({
  queryKey: ["readiness"],
  queryFn: async ({ signal }) => (await (await fetch("/readyz", { signal })).json()) as Readiness,
  refetchInterval: readinessEveryMs,
  retry: false,
});

export const deadLettersQuery = infiniteQueryOptions({
  queryKey: ["dead-letters"],
  initialPageParam: "",
  queryFn: ({ pageParam, signal }) =>
    request<DeadLetterPage>(withSearch("/api/v1/dead-letters", { cursor: pageParam }), { signal }),
  getNextPageParam: (page: DeadLetterPage) => page.nextCursor,
});

export const checkpointQuery = queryOptions({
  queryKey: ["checkpoint"],
  queryFn: ({ signal }) => request<CheckpointView>("/api/v1/audit/checkpoint", { signal }),
});

/** Leaves out what is empty, so that an unset filter is absent and not an empty text. */
function withSearch(path: string, given: Record<string, string>): string {
  const search = new URLSearchParams(Object.entries(given).filter(([, value]) => value !== ""));
  return search.size === 0 ? path : `${path}?${search.toString()}`;
}

export function colleaguesQuery(siteId: string) {
  return queryOptions({
    queryKey: ["colleagues", siteId],
    queryFn: ({ signal }) => request<Colleagues>(`/api/v1/sites/${encodeURIComponent(siteId)}/colleagues`, { signal }),
  });
}
