import { useMutation, useQueryClient } from "@tanstack/react-query";
import { request } from "../api/request.ts";

/** One thing that a person says of an exhibit, after which it is read again. */
export function useExhibitAction(exhibitId: string, method: "POST" | "PUT") {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ path, body }: { readonly path: string; readonly body?: Readonly<Record<string, unknown>> }) =>
      request<unknown>(`/api/v1/exhibits/${encodeURIComponent(exhibitId)}/${path}`, { method, body }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["exhibit", exhibitId] }),
  });
}
