import { queryOptions } from "@tanstack/react-query";
import type { CaseHoldView } from "@tillwatch/wire";
import { request } from "../api/request.ts";

type Holds = {
  readonly holds: readonly CaseHoldView[];
  readonly grounds: readonly string[];
  readonly names: Readonly<Record<string, string>>; // whom the tokens of the holds stand for
};

export function holdsQuery(incidentId: string) {
  return queryOptions({
    queryKey: ["incident", incidentId, "holds"],
    queryFn: ({ signal }) =>
      request<Holds>(`/api/v1/incidents/${encodeURIComponent(incidentId)}/retention`, { signal }),
  });
}
