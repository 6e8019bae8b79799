import type { DetectedSignal } from "../flow.ts";
import { textOf, type Traits } from "./traits.ts";

/** What correlation asks the directory: the zones that a signal is about, and their neighbours. */
export type Surroundings = {
  readonly zonesOf: (place: { siteId: string; zoneId: string | null; deviceId: string | null }) => {
    readonly zones: readonly string[];
    readonly borders: readonly string[];
  };
};

const itemsMax = 100;

export function traitsOf(signal: DetectedSignal, surroundings: Surroundings): Traits {
  const { data, siteId, zoneId, deviceId } = signal.signal;
  const { zones, borders } = surroundings.zonesOf({ siteId, zoneId, deviceId });
  const named = textOf(data, "terminal_id");
  return {
    signalId: signal.signal.id,
    atMs: signal.correctedAtMs,
    service: signal.service,
    zones,
    borders,
    device: deviceId,
    terminal: signal.service === "till" ? (deviceId ?? named) : named,
    track: textOf(data, "track_id"),
    items: itemTraits(signal),
    explains: signal.explains,
  };
}

/** A till names what it sold or took back; only goods that moved without a receipt tie signals by article. */
function itemTraits(signal: DetectedSignal): readonly string[] {
  if (signal.service === "till") return [];
  const epcs = signal.items.flatMap((item) => (item.epc === null ? [] : [`epc:${item.epc}`]));
  const skus = signal.items.flatMap((item) => (item.sku === null ? [] : [`sku:${item.sku}`]));
  return [...new Set([...epcs, ...skus])].slice(0, itemsMax);
}
