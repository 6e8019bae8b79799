import { setTimeout as sleep } from "node:timers/promises";
import type { Delivery } from "@tillwatch/sim";
import { isJsonObject } from "@tillwatch/wire";
import { fetch } from "undici";

export type Target = {
  readonly url: string;
  readonly tokenFor: (siteId: string) => string; // whose sites they are, they signal for
  readonly stopped: AbortSignal;
  readonly problem: (text: string) => void;
};

const retryMs = 1_000;

/** Posts deliveries one by one through the same door as any device; a server that is away or busy is tried again, nothing is skipped. */
export async function sendDeliveries(deliveries: AsyncIterable<Delivery>, target: Target): Promise<void> {
  for await (const delivery of deliveries) {
    while (!target.stopped.aborted && !(await sent(delivery, target)))
      await sleep(retryMs, undefined, { signal: target.stopped }).catch(() => {});
    if (target.stopped.aborted) return;
  }
}

async function sent(delivery: Delivery, target: Target): Promise<boolean> {
  try {
    const response = await fetch(new URL("/api/v1/signals", target.url), {
      method: "POST",
      headers: { authorization: `Bearer ${target.tokenFor(delivery.siteId)}`, "content-type": "application/json" },
      body: JSON.stringify(delivery.event),
      signal: target.stopped,
    });
    const answer: unknown = await response.json();
    if (response.status === 429 || response.status >= 500) return false;
    const refused = isJsonObject(answer) && Array.isArray(answer["refused"]) ? answer["refused"] : [];
    if (response.status !== 202 || refused.length > 0)
      target.problem(`${delivery.source} ${delivery.id}: ${JSON.stringify(answer)}\n`);
    return true;
  } catch (fault) {
    if (!target.stopped.aborted)
      target.problem(`the server does not answer: ${fault instanceof Error ? fault.message : String(fault)}\n`);
    return false;
  }
}
