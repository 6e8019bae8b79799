import type { JsonObject } from "@tillwatch/wire";
import type { IncidentChange } from "../flow.ts";
import type { Chance } from "../platform/chance.ts";
import type { NewJob } from "../platform/jobs.ts";
import type { Tx } from "../schema.ts";
import { endpointsFor, insertDeliveries, type NewDelivery } from "./notify-store.ts";
import { announcements } from "./notify.ts";

export const deliverQueue = "webhook_deliver";

/** The part of platform/jobs.ts that is needed here. */
export type DeliverJobs = {
  readonly enqueueAll: (tx: Tx, queue: string, jobs: readonly NewJob[]) => Promise<void>;
};

export type NotifyDeps = { readonly jobs: DeliverJobs; readonly chance: Chance };
export type NotifyInputs = { readonly tx: Tx; readonly nowMs: number };

/** Tells the outside: one delivery an endpoint and announcement, queued in the transaction of the change. */
export function notifyStage(deps: NotifyDeps) {
  return async (changes: readonly IncidentChange[], { tx, nowMs }: NotifyInputs): Promise<void> => {
    const told = announcements(changes);
    if (told.length === 0) return;
    const endpoints = await endpointsFor(tx, [...new Set(told.map((announcement) => announcement.event))]);
    const deliveries = endpoints.flatMap((endpoint) =>
      told
        .filter(({ event }) => endpoint.events.includes(event))
        .map(({ event, body }) => ({ id: deps.chance.uuid(), endpointId: endpoint.id, event, body })),
    );
    await queueDeliveries(tx, deliveries, { jobs: deps.jobs, nowMs });
  };
}

/** Writes the deliveries and their first jobs; both exist if and only if `tx` commits. */
export async function queueDeliveries(
  tx: Tx,
  deliveries: readonly NewDelivery[],
  { jobs, nowMs }: { readonly jobs: DeliverJobs; readonly nowMs: number },
): Promise<void> {
  if (deliveries.length === 0) return;
  await insertDeliveries(tx, deliveries, nowMs);
  const data = deliveries.map(({ id }) => ({ data: jobData(id, 0) }));
  await jobs.enqueueAll(tx, deliverQueue, data);
}

/** `attempt` is the number of attempts made before: a job that was overtaken finds another number and does nothing. */
export function jobData(deliveryId: string, attempt: number): JsonObject {
  return { deliveryId, attempt };
}
