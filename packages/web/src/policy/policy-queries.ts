import { queryOptions } from "@tanstack/react-query";
import type { AccessGrant, PolicyMatrix, StatedGrounds } from "@tillwatch/wire";
import { request } from "../api/request.ts";
import type { Names } from "../api/shapes.ts";

export const groundsQuery = queryOptions({
  queryKey: ["grounds"],
  queryFn: ({ signal }) => request<StatedGrounds>("/api/v1/grounds", { signal }),
});

export const matrixQuery = queryOptions({
  queryKey: ["policies"],
  queryFn: ({ signal }) => request<PolicyMatrix>("/api/v1/policies/matrix", { signal }),
  staleTime: 600_000,
});

// Who waits for somebody's word looks at the page until it comes; the live feed tells of emergencies only.
const waitingMs = 20_000;

/** All of the organisation for those who may see them, else one's own. */
export type GrantList = { readonly items: readonly AccessGrant[]; readonly names: Names };

export const grantsQuery = queryOptions({
  queryKey: ["grants"],
  queryFn: ({ signal }) => request<GrantList>("/api/v1/grants", { signal }),
  refetchInterval: ({ state }) => (state.data?.items.some((grant) => grant.state === "requested") ? waitingMs : false),
});
