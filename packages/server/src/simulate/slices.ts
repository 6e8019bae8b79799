import type { Delivery } from "@tillwatch/sim";
import { homeOrganisation, type Signal } from "@tillwatch/wire";
import { nodeDigest } from "../platform/digest.ts";
import { signalFromRow } from "../signal/parse-signals.ts";

/** What arrives within one step of a world's time, as intake would have taken it. `atMs` is the last arrival. */
export type Slice = { readonly atMs: number; readonly signals: readonly Signal[] };

/** Cuts deliveries into steps of `stepMs`, each signal received at its own instant. Throws where the world sends what intake refuses. */
export function* slicesOf(
  deliveries: Iterable<Delivery>,
  stepMs: number,
  organisationOf: (siteId: string) => string = () => homeOrganisation,
): Generator<Slice, void, undefined> {
  let signals: Signal[] = [];
  let step = -1;
  let atMs = 0;
  for (const delivery of deliveries) {
    const own = Math.floor(delivery.atMs / stepMs);
    if (own !== step && signals.length > 0) {
      yield { atMs, signals };
      signals = [];
    }
    step = own;
    atMs = delivery.atMs;
    signals.push(signalOf(delivery, organisationOf(delivery.siteId)));
  }
  if (signals.length > 0) yield { atMs, signals };
}

function signalOf(delivery: Delivery, organisationId: string): Signal {
  const context = { receivedAtMs: delivery.atMs, digest: nodeDigest, channel: {}, organisationId };
  const parsed = signalFromRow(delivery.event, context);
  if (parsed.ok) return parsed.value;
  throw new Error(`intake refuses ${delivery.source} ${delivery.id}: ${parsed.error.code}: ${parsed.error.message}`);
}
