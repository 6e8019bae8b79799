import { queryOptions } from "@tanstack/react-query";
import { request } from "../api/request.ts";
import type { Program, Review, ReviewLine, Vendor, VendorRules } from "./access-shapes.ts";

type List<Item> = { readonly items: readonly Item[] };

export const programsQuery = queryOptions({
  queryKey: ["access", "programs"],
  queryFn: ({ signal }) => request<List<Program>>("/api/v1/service-accounts", { signal }),
});

export const vendorsQuery = queryOptions({
  queryKey: ["access", "vendors"],
  queryFn: ({ signal }) => request<List<Vendor> & { readonly rules: VendorRules }>("/api/v1/vendor-access", { signal }),
});

export const reviewsQuery = queryOptions({
  queryKey: ["access", "reviews"],
  queryFn: ({ signal }) => request<List<Review>>("/api/v1/access-reviews", { signal }),
});

export function reviewQuery(id: string) {
  return queryOptions({
    queryKey: ["access", "reviews", id],
    queryFn: ({ signal }) =>
      request<Review & { readonly lines: readonly ReviewLine[] }>(`/api/v1/access-reviews/${id}`, { signal }),
  });
}
