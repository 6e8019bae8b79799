import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { request } from "../api/request.ts";
import type { SilenceChoices, SilenceList, SilenceView } from "./silence-shapes.ts";

const lookAgainMs = 15_000;
const path = "/api/v1/silences";

export const silencesQuery = queryOptions({
  queryKey: ["silences"],
  queryFn: ({ signal }) => request<SilenceList>(path, { signal }),
  refetchInterval: lookAgainMs, // they begin, end and hold back by themselves
});

export const silenceQuery = (id: string) =>
  queryOptions({
    queryKey: ["silences", id],
    queryFn: ({ signal }) => request<SilenceView>(`${path}/${encodeURIComponent(id)}`, { signal }),
    refetchInterval: lookAgainMs,
  });

export const silenceChoicesQuery = queryOptions({
  queryKey: ["silence-choices"],
  queryFn: ({ signal }) => request<SilenceChoices>(`${path}/choices`, { signal }),
  staleTime: 60_000,
});

/** Makes, signs or ends one; afterwards everything about silences is read anew. */
export function useSilenceChange(onDone: (done: { readonly id: string }) => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ at, body }: { readonly at: string; readonly body: object }) =>
      request<{ readonly id: string }>(`${path}${at}`, { method: "POST", body }),
    onSuccess: async (done) => {
      await queries.invalidateQueries({ queryKey: ["silences"] });
      onDone(done);
    },
  });
}
