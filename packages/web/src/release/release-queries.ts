import { queryOptions } from "@tanstack/react-query";
import type { ReleasesView } from "@tillwatch/wire";
import { request } from "../api/request.ts";

/**
 * Under the key of the case: what happens to the case asks for its releases again. `packetId`: what stands against releasing this one; null:
 * against any.
 */
export function releasesQuery(incidentId: string, packetId: string | null = null) {
  const of = packetId === null ? "" : `?packet=${encodeURIComponent(packetId)}`;
  return queryOptions({
    queryKey: ["incident", incidentId, "releases", packetId],
    queryFn: ({ signal }) =>
      request<ReleasesView>(`/api/v1/incidents/${encodeURIComponent(incidentId)}/releases${of}`, { signal }),
  });
}

/** The address of one release, or of what is done with it. */
export function releasePath(of: { readonly packetId: string; readonly id: string }, then: string): string {
  return `/api/v1/packets/${encodeURIComponent(of.packetId)}/releases/${encodeURIComponent(of.id)}/${then}`;
}
