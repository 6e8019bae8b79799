import type { IncidentChange } from "../flow.ts";
import type { Chance } from "../platform/chance.ts";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import type { Tx } from "../schema.ts";
import { queueDeliveries, type DeliverJobs } from "./delivery-store.ts";
import { endpointsFor, handledByOthers } from "./notify-store.ts";
import { announcements } from "./notify.ts";

export type NotifyDeps = {
  readonly jobs: DeliverJobs;
  readonly fields: FieldVault;
  readonly chance: Chance;
  readonly organisationOf: (siteId: string) => string;
};
export type NotifyInputs = { readonly tx: Tx; readonly nowMs: number };

/** Tells the outside, each organisation of its own: one delivery an endpoint and announcement, queued in the change's transaction. */
export function notifyStage(deps: NotifyDeps) {
  return async (changes: readonly IncidentChange[], { tx, nowMs }: NotifyInputs): Promise<void> => {
    const walled = await handledByOthers(tx, [...new Set(changes.map(({ incident }) => incident.id))]);
    const told = announcements(changes.filter(({ incident }) => !walled.has(incident.id)));
    if (told.length === 0) return;
    const endpoints = await endpointsFor(tx, [...new Set(told.map((announcement) => announcement.event))]);
    const deliveries = endpoints.flatMap((endpoint) =>
      told
        .filter(
          ({ event, siteId }) =>
            endpoint.events.includes(event) && deps.organisationOf(siteId) === endpoint.organisationId,
        )
        .map(({ event, body, incidentId }) => {
          const { id: endpointId, organisationId } = endpoint;
          return { id: deps.chance.uuid(), endpointId, event, body, incidentId, organisationId };
        }),
    );
    await queueDeliveries(tx, deliveries, { ...deps, nowMs });
  };
}
