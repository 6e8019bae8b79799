import { useMutation, useQueryClient } from "@tanstack/react-query";
import { request } from "../api/request.ts";

/** One thing that a person does to an incident: posted to `/api/v1/incidents/{id}/<action>`, after which the record is read again. */
export function useIncidentAction<Body>(id: string, action: "notes" | "transitions" | "override" | "packets") {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: Body) =>
      request<unknown>(`/api/v1/incidents/${encodeURIComponent(id)}/${action}`, { method: "POST", body }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["incident", id] }),
  });
}
