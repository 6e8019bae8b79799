import { queryOptions } from "@tanstack/react-query";
import type { ExhibitView } from "@tillwatch/wire";
import { request } from "../api/request.ts";

const whileMakingMs = 1_500;
const whileWaitingMs = 5_000;

/** An exhibit with its copies and keys; asked again while a copy is being made, and while somebody waits for the second key. */
export function exhibitQuery(id: string) {
  return queryOptions({
    queryKey: ["exhibit", id],
    queryFn: ({ signal }) => request<ExhibitView>(`/api/v1/exhibits/${encodeURIComponent(id)}`, { signal }),
    refetchInterval: ({ state: { data } }) => {
      if (data?.copies.some(({ state }) => state === "making") === true) return whileMakingMs;
      return data?.originalRequests.some(({ state }) => state === "asked") === true ? whileWaitingMs : false;
    },
  });
}
