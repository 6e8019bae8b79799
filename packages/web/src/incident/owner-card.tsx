import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { IncidentRecord } from "@tillwatch/wire";
import { Hand } from "lucide-react";
import { request } from "../api/request.ts";
import { Button } from "../design/button.tsx";
import { Card } from "../design/card.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { whoAmIQuery } from "../people/people-queries.ts";
import { Who } from "../people/who.tsx";

/** Who works on it: taken, taken over and given back by one click; the history keeps each. */
export function OwnerCard({ record }: { readonly record: IncidentRecord }) {
  const queries = useQueryClient();
  const { data: who } = useQuery(whoAmIQuery);
  const give = useMutation({
    mutationFn: (ownerToken: string | null) =>
      request<unknown>(`/api/v1/incidents/${encodeURIComponent(record.id)}`, {
        method: "PATCH",
        body: {
          ownerToken,
          because: ownerToken === null ? "given back" : "taken by the person",
          version: record.version,
        },
      }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["incident", record.id] }),
  });
  if (who === undefined) return null;
  const mine = record.ownerToken === who.actor;
  return (
    <Card title="Who works on it">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <p className="min-w-0 text-sm">
          {mine ? (
            "You"
          ) : record.ownerToken === null ? (
            <span className="text-ink-muted">Nobody yet</span>
          ) : (
            <Who actor={record.ownerToken} />
          )}
        </p>
        <Button busy={give.isPending} onClick={() => give.mutate(mine ? null : who.actor)}>
          {mine ? null : <Hand className="size-4" aria-hidden="true" />}
          {mine ? "Give back" : record.ownerToken === null ? "Take it" : "Take over"}
        </Button>
      </div>
      {give.isError ? <ErrorState fault={give.error} /> : null}
    </Card>
  );
}
