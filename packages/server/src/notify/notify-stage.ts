import type { IncidentChange } from "../flow.ts";
import type { Chance } from "../platform/chance.ts";
import type { Tx } from "../schema.ts";
import { queueDeliveries, type DeliverJobs } from "./delivery-store.ts";
import { endpointsFor } from "./notify-store.ts";
import { announcements } from "./notify.ts";

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
