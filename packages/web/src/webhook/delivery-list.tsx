import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { RotateCw, Send } from "lucide-react";
import { useState } from "react";
import { request } from "../api/request.ts";
import { Tag, type Tone } from "../design/badge.tsx";
import { Button } from "../design/button.tsx";
import { ShowMore } from "../design/show-more.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { Select } from "../design/field.tsx";
import { SkeletonLines } from "../design/skeleton.tsx";
import { Ago, Moment } from "../design/time.tsx";
import { useToasts } from "../design/toast.tsx";
import { deliveriesQuery, type Delivery } from "./webhook-queries.ts";

type Wanted = "" | Delivery["state"];

/** Each message with its attempts and when the next is due; a dead letter is sent again by hand. */
export function DeliveryList({ writes }: { readonly writes: boolean }) {
  const [state, setState] = useState<Wanted>("");
  const pages = useInfiniteQuery(deliveriesQuery(state));
  const redriveAll = useRedrive("/api/v1/webhooks/deliveries/redrive");
  const items = pages.data?.pages.flatMap((page) => page.items) ?? [];
  const isDead = items.some((item) => item.state === "dead");
  return (
    <section className="grid gap-2" aria-labelledby="webhook-messages">
      <div className="flex flex-wrap items-end justify-between gap-2 pt-2">
        <h2 id="webhook-messages" className="text-base font-semibold">
          Messages
        </h2>
        <div className="flex flex-wrap items-end gap-2">
          <Select
            label="State of the messages"
            quietLabel
            value={state}
            onChange={({ target }) => setState(target.value as Wanted)}
          >
            <option value="">All messages</option>
            <option value="waiting">Waiting</option>
            <option value="delivered">Delivered</option>
            <option value="dead">Dead letters</option>
          </Select>
          {writes ? (
            <Button busy={redriveAll.isPending} disabled={!isDead} onClick={() => redriveAll.mutate()}>
              <RotateCw className="size-4" aria-hidden="true" />
              Send all dead again
            </Button>
          ) : null}
        </div>
      </div>
      {redriveAll.isError ? <ErrorState fault={redriveAll.error} /> : null}
      {pages.isError ? <ErrorState fault={pages.error} onRetry={() => void pages.refetch()} /> : null}
      {pages.isPending ? <SkeletonLines lines={6} says="Loading the messages" /> : null}
      {pages.data === undefined ? null : (
        <ul className="rounded-md border border-line bg-surface shadow-raised" aria-label="Messages">
          {items.map((delivery) => (
            <DeliveryItem key={delivery.id} delivery={delivery} writes={writes} />
          ))}
          {items.length === 0 ? (
            <li>
              <EmptyState icon={Send} title="No message">
                The next case that opens or changes is told.
              </EmptyState>
            </li>
          ) : null}
        </ul>
      )}
      <ShowMore pages={pages} />
    </section>
  );
}

function useRedrive(path: string) {
  const queries = useQueryClient();
  const toasts = useToasts();
  return useMutation({
    mutationFn: () => request<unknown>(path, { method: "POST", body: {} }),
    onSuccess: async () => {
      toasts.show({ says: "Sent again; each attempt is listed here." });
      await queries.invalidateQueries({ queryKey: ["webhooks", "deliveries"] });
    },
  });
}

const looks: Readonly<Record<Delivery["state"], { readonly tone: Tone; readonly says: string }>> = {
  waiting: { tone: "warn", says: "Waiting" },
  delivered: { tone: "good", says: "Delivered" },
  dead: { tone: "bad", says: "Dead letter" },
};

function DeliveryItem({ delivery, writes }: { readonly delivery: Delivery; readonly writes: boolean }) {
  const redrive = useRedrive(`/api/v1/webhooks/deliveries/${encodeURIComponent(delivery.id)}/redrive`);
  const { attempts, planned } = delivery;
  const [next] = planned;
  return (
    <li className="grid gap-2 border-b border-line px-4 py-3 last:border-0 md:grid-cols-[minmax(0,1fr)_auto] md:gap-x-4">
      <div className="grid min-w-0 gap-1">
        <p className="flex flex-wrap items-center gap-2 text-sm">
          <Tag tone={looks[delivery.state].tone}>{looks[delivery.state].says}</Tag>
          <span className="font-medium">{delivery.event}</span>
          <span className="min-w-0 font-mono text-2xs break-all text-ink-muted">{delivery.url}</span>
        </p>
        <p className="text-xs text-ink-muted">
          <Ago at={delivery.createdAt} />
          {delivery.state === "delivered" ? null : (
            <>
              {" · "}
              <span className="font-mono text-2xs">{delivery.because}</span>
            </>
          )}
          {next === undefined ? null : (
            <>
              {" · next attempt "}
              <Moment at={next} />
            </>
          )}
        </p>
        {attempts.length === 0 ? null : (
          <details className="text-xs text-ink-muted">
            <summary className="cursor-pointer py-1 pointer-coarse:min-h-(--tap)">
              {attempts.length === 1 ? "1 attempt" : `${attempts.length} attempts`}
              {planned.length === 0 ? "" : `, ${planned.length} to come`}
            </summary>
            <ol className="grid gap-0.5 pt-1" aria-label="Attempts">
              {attempts.map((attempt) => (
                <li key={attempt.at}>
                  <Moment at={attempt.at} /> · {attempt.status ?? "no answer"} in {attempt.tookMs} ms
                  {attempt.code === null ? "" : ` · ${attempt.code}`}
                </li>
              ))}
              {planned.map((at) => (
                <li key={at}>
                  <Moment at={at} /> · planned
                </li>
              ))}
            </ol>
          </details>
        )}
        {redrive.isError ? <ErrorState fault={redrive.error} /> : null}
      </div>
      {delivery.state === "dead" && writes ? (
        <Button className="self-start" busy={redrive.isPending} onClick={() => redrive.mutate()}>
          Send again
        </Button>
      ) : null}
    </li>
  );
}
