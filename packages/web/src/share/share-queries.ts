import { queryOptions } from "@tanstack/react-query";
import type { CaseShareView, SharePartner } from "@tillwatch/wire";
import { request } from "../api/request.ts";

export type Shares = {
  readonly items: readonly CaseShareView[];
  readonly partners: readonly SharePartner[];
  readonly minorGrounds: readonly string[] | null; // a minor is in the case: one of these is stated; null: none is
};

export function sharesQuery(incidentId: string) {
  return queryOptions({
    queryKey: ["shares", incidentId],
    queryFn: ({ signal }) => request<Shares>(`/api/v1/incidents/${encodeURIComponent(incidentId)}/shares`, { signal }),
  });
}

export const sharedWithUsQuery = queryOptions({
  queryKey: ["shared-with-us"],
  queryFn: ({ signal }) => request<{ readonly items: readonly CaseShareView[] }>("/api/v1/shares", { signal }),
});
