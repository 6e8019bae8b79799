import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { request } from "../api/request.ts";
import type { ModelShown } from "./model-notes.ts";

const everyMs = 60_000;

export const modelsQuery = queryOptions({
  queryKey: ["models"],
  queryFn: ({ signal }) => request<{ readonly items: readonly ModelShown[] }>("/api/v1/models", { signal }),
  refetchInterval: everyMs,
  retry: false,
});

export type Turn = { readonly id: string; readonly on: boolean; readonly because: string };

/** Turns a model off or on in every process; afterwards the models are read anew. */
export function useModelSwitch(onDone: (turned: Turn) => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ id, ...body }: Turn) =>
      request<ModelShown>(`/api/v1/models/${encodeURIComponent(id)}/switch`, { method: "POST", body }),
    onSuccess: async (_answer, turned) => {
      await queries.invalidateQueries({ queryKey: modelsQuery.queryKey });
      onDone(turned);
    },
  });
}
