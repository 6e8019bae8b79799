import type { Chance } from "../platform/chance.ts";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import type { Tx } from "../schema.ts";
import { queueDeliveries, type DeliverJobs } from "./delivery-store.ts";
import { endpointsFor } from "./notify-store.ts";
import type { WebhookEvent, WebhookPayload } from "./notify.ts";

type AlarmDeps = { readonly jobs: DeliverJobs; readonly chance: Chance; readonly fields: FieldVault };

/** Tells every endpoint that wants alarms of access, in the transaction of what happened. `data`: tokens and codes only. */
export function queueAlarm(tx: Tx, deps: AlarmDeps, alarm: Omit<Told, "event">): Promise<void> {
  return queueTold(tx, deps, { ...alarm, event: "access.alarm" });
}

export type Told = {
  readonly event: WebhookEvent;
  readonly data: WebhookPayload["data"];
  readonly organisationId: string;
  readonly nowMs: number;
};

/** The same for an event that is about no change of an incident. */
export async function queueTold(tx: Tx, { jobs, chance, fields }: AlarmDeps, alarm: Told): Promise<void> {
  const { event } = alarm;
  const payload: WebhookPayload = { type: event, timestamp: new Date(alarm.nowMs).toISOString(), data: alarm.data };
  const body = JSON.stringify(payload);
  const own = (await endpointsFor(tx, [event])).filter(({ organisationId }) => organisationId === alarm.organisationId);
  const deliveries = own.map((endpoint) => ({
    id: chance.uuid(),
    endpointId: endpoint.id,
    event,
    body,
    organisationId: alarm.organisationId,
  }));
  await queueDeliveries(tx, deliveries, { jobs, fields, chance, nowMs: alarm.nowMs });
}
