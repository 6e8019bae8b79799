import { queryOptions } from "@tanstack/react-query";
import type { DraftDetail, DraftDiff, DraftView } from "@tillwatch/wire";
import { request } from "../api/request.ts";

export function draftPath(incidentId: string, draftId?: string): string {
  const path = `/api/v1/incidents/${encodeURIComponent(incidentId)}/drafts`;
  return draftId === undefined ? path : `${path}/${encodeURIComponent(draftId)}`;
}

/** Under the key of the case: what happens to the case or to a draft asks for them again. */
export function draftsQuery(incidentId: string) {
  return queryOptions({
    queryKey: ["incident", incidentId, "drafts"],
    queryFn: ({ signal }) => request<{ readonly items: readonly DraftView[] }>(draftPath(incidentId), { signal }),
  });
}

export function draftQuery(incidentId: string, draftId: string) {
  return queryOptions({
    queryKey: ["incident", incidentId, "drafts", draftId],
    queryFn: ({ signal }) => request<DraftDetail>(draftPath(incidentId, draftId), { signal }),
  });
}

/** The program's text against the revision `to`; without it against the last. */
export function draftDiffQuery(incidentId: string, draftId: string, to?: number) {
  return queryOptions({
    queryKey: ["incident", incidentId, "drafts", draftId, "diff", to ?? "last"],
    queryFn: ({ signal }) =>
      request<DraftDiff>(`${draftPath(incidentId, draftId)}/diff${to === undefined ? "" : `?to=${to}`}`, { signal }),
  });
}
