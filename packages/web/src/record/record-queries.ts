import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type {
  AuditEntryView,
  AuditExportView,
  AuditQuestion,
  ConfigurationStateView,
  ControlView,
  MisuseCaseView,
} from "@tillwatch/wire";
import { request } from "../api/request.ts";
import type { AuditPage, Names } from "../api/shapes.ts";

const everyMs = 15_000;

export function answerQuery(question: AuditQuestion) {
  return infiniteQueryOptions({
    queryKey: ["audit", question],
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) => {
      const members = { ...question, cursor: pageParam };
      const search = new URLSearchParams(Object.entries(members).filter(([, value]) => value !== ""));
      return request<AuditPage>(search.size === 0 ? "/api/v1/audit" : `/api/v1/audit?${search.toString()}`, { signal });
    },
    getNextPageParam: (page: AuditPage) => page.nextCursor,
  });
}

export const exportsQuery = queryOptions({
  queryKey: ["audit-exports"],
  queryFn: ({ signal }) => request<{ items: readonly AuditExportView[] }>("/api/v1/audit/exports", { signal }),
  refetchInterval: (query) =>
    query.state.data?.items.some((one) => one.state === "building") === true ? 1_000 : false,
});

export type MisuseList = {
  readonly items: readonly MisuseCaseView[];
  readonly names: Names;
  readonly rules: readonly {
    readonly id: string;
    readonly title: string;
    readonly level: string;
    readonly description: string | null;
  }[];
  readonly watch: { readonly readAt: string | null; readonly behind: number };
};

export const misuseQuery = queryOptions({
  queryKey: ["misuse"],
  queryFn: ({ signal }) => request<MisuseList>("/api/v1/misuse", { signal }),
  refetchInterval: everyMs,
});

export function misuseCaseQuery(id: string) {
  return queryOptions({
    queryKey: ["misuse", id],
    queryFn: ({ signal }) =>
      request<MisuseCaseView & { readonly entries: readonly AuditEntryView[]; readonly names: Names }>(
        `/api/v1/misuse/${encodeURIComponent(id)}`,
        { signal },
      ),
  });
}

export type InterestView = {
  readonly actor: string;
  readonly name: string;
  readonly words: number; // how many
  readonly at: string;
  readonly by: string;
};

export const interestsQuery = queryOptions({
  queryKey: ["private-interests"],
  queryFn: ({ signal }) =>
    request<{
      readonly items: readonly InterestView[];
      readonly people: readonly { readonly token: string; readonly name: string; readonly roles: readonly string[] }[];
      readonly names: Names;
    }>("/api/v1/misuse/conflicts", { signal }),
});

export type ControlList = { readonly items: readonly ControlView[] };

export const controlsQuery = queryOptions({
  queryKey: ["controls"],
  queryFn: ({ signal }) => request<ControlList>("/api/v1/controls", { signal }),
  refetchInterval: everyMs,
});

export const configurationQuery = queryOptions({
  queryKey: ["configuration"],
  queryFn: ({ signal }) =>
    request<{ readonly items: readonly ConfigurationStateView[] }>("/api/v1/configuration", { signal }),
});
