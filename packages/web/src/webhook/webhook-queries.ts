import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { request } from "../api/request.ts";

/** Who is told by webhook. `secret` comes once, with the answer to adding. */
export type Endpoint = {
  readonly id: string;
  readonly url: string;
  readonly events: readonly string[];
  readonly state: "active" | "disabled";
  readonly because: string;
  readonly createdAt: string;
};

/** A message to one endpoint with its attempts, and those to come if all fail. */
export type Delivery = {
  readonly id: string;
  readonly url: string;
  readonly event: string;
  readonly state: "waiting" | "delivered" | "dead";
  readonly because: string;
  readonly createdAt: string;
  readonly attempts: readonly {
    readonly at: string;
    readonly tookMs: number;
    readonly status: number | null;
    readonly code: string | null;
  }[];
  readonly planned: readonly string[];
};

type DeliveryPage = { readonly items: readonly Delivery[]; readonly nextCursor: string | null };

export const endpointsQuery = queryOptions({
  queryKey: ["webhooks", "endpoints"],
  queryFn: ({ signal }) => request<{ readonly items: readonly Endpoint[] }>("/api/v1/webhooks", { signal }),
});

const lookAgainMs = 10_000;

/** Nothing tells the page when an attempt was made: it looks again while it is open. */
export const deliveriesQuery = (state: "" | Delivery["state"]) =>
  infiniteQueryOptions({
    queryKey: ["webhooks", "deliveries", state],
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) => {
      const search = new URLSearchParams({
        ...(state === "" ? {} : { state }),
        ...(pageParam === "" ? {} : { cursor: pageParam }),
      });
      return request<DeliveryPage>(`/api/v1/webhooks/deliveries?${search.toString()}`, { signal });
    },
    getNextPageParam: (page: DeliveryPage) => page.nextCursor,
    refetchInterval: lookAgainMs,
  });
