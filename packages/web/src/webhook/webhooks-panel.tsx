import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Webhook } from "lucide-react";
import { useState } from "react";
import { request } from "../api/request.ts";
import { useMay } from "../app/may.ts";
import { Tag } from "../design/badge.tsx";
import { Button } from "../design/button.tsx";
import { Dialog } from "../design/dialog.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { FormActions } from "../design/form-actions.tsx";
import { Moment } from "../design/time.tsx";
import { useToasts } from "../design/toast.tsx";
import { codeText } from "../design/words.ts";
import { Fetched } from "../service/fetched.tsx";
import { DeliveryList } from "./delivery-list.tsx";
import { NewWebhookDialog } from "./new-webhook-dialog.tsx";
import { endpointsQuery, type Endpoint } from "./webhook-queries.ts";

/** Other systems that are told what happens here, and what became of each message to them. */
export function WebhooksPanel() {
  const may = useMay();
  const endpoints = useQuery(endpointsQuery);
  const [adds, setAdds] = useState(false);
  return (
    <div className="grid gap-3">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <p className="max-w-prose text-sm text-ink-muted">
          Told by a signed message when a case opens or changes, and when something is wrong here. No text of people is
          in it.
        </p>
        {may("webhook:write") ? (
          <Button look="primary" onClick={() => setAdds(true)}>
            New webhook
          </Button>
        ) : null}
      </div>
      <Fetched query={endpoints} says="Loading the webhooks">
        {({ items }) => (
          <ul className="rounded-md border border-line bg-surface shadow-raised" aria-label="Webhooks">
            {items.map((endpoint) => (
              <EndpointItem key={endpoint.id} endpoint={endpoint} writes={may("webhook:write")} />
            ))}
            {items.length === 0 ? (
              <li>
                <EmptyState icon={Webhook} title="Nobody is told">
                  A ticket system, a chat or a security desk that takes Standard Webhooks gets an address and a secret
                  here.
                </EmptyState>
              </li>
            ) : null}
          </ul>
        )}
      </Fetched>
      <DeliveryList writes={may("webhook:write")} />
      {adds ? <NewWebhookDialog onClose={() => setAdds(false)} /> : null}
    </div>
  );
}

function EndpointItem({ endpoint, writes }: { readonly endpoint: Endpoint; readonly writes: boolean }) {
  const queries = useQueryClient();
  const toasts = useToasts();
  const [removes, setRemoves] = useState(false);
  const own = `/api/v1/webhooks/${encodeURIComponent(endpoint.id)}`;
  const act = useMutation({
    mutationFn: ({ path, method }: { path: string; method: "POST" | "DELETE"; says: string }) =>
      request<unknown>(own + path, method === "POST" ? { method, body: {} } : { method }),
    onSuccess: async (_answer, { says }) => {
      toasts.show({ says });
      await queries.invalidateQueries({ queryKey: ["webhooks"] });
    },
  });
  return (
    <li className="grid gap-2 border-b border-line px-4 py-3 last:border-0 md:grid-cols-[minmax(0,1fr)_auto] md:gap-x-4">
      <div className="grid min-w-0 gap-1">
        <p className="flex flex-wrap items-center gap-2 text-sm">
          <Tag tone={endpoint.state === "active" ? "good" : "warn"}>
            {endpoint.state === "active" ? "Active" : "Disabled"}
          </Tag>
          <span className="min-w-0 font-mono text-xs break-all">{endpoint.url}</span>
        </p>
        <p className="text-xs text-ink-muted">
          {endpoint.state === "active" ? "" : `${codeText(endpoint.because)} · `}
          since <Moment at={endpoint.createdAt} /> · {endpoint.events.join(", ")}
        </p>
        {act.isError ? <ErrorState fault={act.error} /> : null}
      </div>
      {writes ? (
        <div className="flex flex-wrap gap-2 self-start">
          {endpoint.state === "active" ? (
            <Button
              busy={act.isPending}
              onClick={() => act.mutate({ path: "/test", method: "POST", says: "A test message is on its way." })}
            >
              Test
            </Button>
          ) : (
            <Button
              busy={act.isPending}
              onClick={() =>
                act.mutate({ path: "/enable", method: "POST", says: "Enabled. What is dead can be sent again." })
              }
            >
              Enable
            </Button>
          )}
          <Button look="danger" onClick={() => setRemoves(true)}>
            Remove
          </Button>
        </div>
      ) : null}
      <Dialog title="Remove the webhook" open={removes} onClose={() => setRemoves(false)}>
        <form
          className="grid gap-4"
          onSubmit={(event) => {
            event.preventDefault();
            setRemoves(false);
            act.mutate({ path: "", method: "DELETE", says: "Removed." });
          }}
        >
          <p className="text-sm">It is told nothing more, and what waits for it is not sent. Its secret is gone.</p>
          <FormActions onCancel={() => setRemoves(false)} busy={act.isPending} look="danger">
            Remove
          </FormActions>
        </form>
      </Dialog>
    </li>
  );
}
