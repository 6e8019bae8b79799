import { queryOptions } from "@tanstack/react-query";
import { request } from "../api/request.ts";
import type { Colleagues } from "../api/shapes.ts";

/** Whom a case is about, who handles it, and what is to be taken back. */
export type CaseConflict = {
  readonly names: Readonly<Record<string, string>>; // whom the tokens below stand for
  readonly handlers: readonly string[] | null;
  readonly named: readonly {
    readonly ref: string;
    readonly name: string | null;
    readonly at: string;
    readonly by: string;
    readonly through: "person" | "till";
  }[];
  readonly withdrawals: readonly {
    readonly id: string;
    readonly ref: string | null;
    readonly name: string | null;
    readonly by: string;
    readonly because: string;
    readonly state: "asked" | "done" | "refused";
  }[];
};

const at = (incidentId: string) => `/api/v1/incidents/${encodeURIComponent(incidentId)}`;

export function conflictQuery(incidentId: string) {
  return queryOptions({
    queryKey: ["incident", incidentId, "conflict"],
    queryFn: ({ signal }) => request<CaseConflict>(`${at(incidentId)}/conflict`, { signal }),
  });
}

/** Whom it may be about. */
export function caseColleaguesQuery(incidentId: string) {
  return queryOptions({
    queryKey: ["incident", incidentId, "colleagues"],
    queryFn: ({ signal }) => request<Colleagues>(`${at(incidentId)}/colleagues`, { signal }),
  });
}
