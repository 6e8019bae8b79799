import type { JsonObject, Signal } from "@tillwatch/wire";
import type { EnrichedSignal, KnownItem } from "../flow.ts";
import { boundedData } from "./bounded-data.ts";
import { clockOffset } from "./clock-offset.ts";
import { zoneIdOf, type Device, type Directory, type Zone } from "./directory.ts";
import { enrichmentOf } from "./enrichment.ts";
import { kindOfClass } from "./kind-of-class.ts";
import { countItems, knownItems, valueOf } from "./known-items.ts";
import { explainBySales, isNear, type ExplainWindow, type Explanation, type SaleFact } from "./sale-explains.ts";
import type { Remembered, SiteMemory } from "./site-memory.ts";
import { countedIn } from "./site-windows.ts";

export type EnrichPolicy = {
  readonly explain: ExplainWindow;
  readonly lateAfterMs: number; // received this long after it happened: marked late
};

/** What passes a gate or loses its tag may be explained by a sale. */
export const exitTypes: ReadonlySet<string> = new Set(["eas_alarm", "rfid_exit_read", "tag_detached"]);

const personShapes: ReadonlySet<string> = new Set(["staff-report", "incident-record", "public-tip"]);

export type EnrichInputs = {
  readonly directory: Directory;
  readonly memory: SiteMemory;
  readonly policy: EnrichPolicy;
  readonly olderSales: readonly (SaleFact & { readonly siteId: string })[]; // for late exits, from before the memory's horizon
};

/** Adds what we know to one signal, and says what those that follow should remember of it. */
export function enrich(
  signal: Signal,
  inputs: EnrichInputs,
): { readonly enriched: EnrichedSignal; readonly remembered: Remembered } {
  const { directory, memory, policy } = inputs;
  const deviceKey = signal.deviceId === null ? null : `${signal.siteId}\n${signal.deviceId}`;
  const delay = { receivedAtMs: signal.receivedAtMs, apparentDelayMs: signal.receivedAtMs - signal.occurredAtMs };
  const offsetMs = deviceKey === null ? null : clockOffset([...memory.delaysOf(deviceKey), delay]);
  const correctedAtMs = signal.occurredAtMs - (offsetMs ?? 0);
  const late = signal.receivedAtMs - correctedAtMs >= policy.lateAfterMs;
  const items = knownItems(signal.data, directory);
  const device = directory.device(signal.siteId, signal.deviceId);
  const fact = { signalId: signal.id, atMs: correctedAtMs, items };
  const isExit = exitTypes.has(signal.type);
  const isSale = signal.type === "pos_sale";
  const explanation = isExit ? explainBySales(fact, salesFor(signal.siteId, items, inputs), policy.explain) : null;
  const zoneId = zoneIdOf(directory, signal);
  const place: Place = { directory, device, zoneId, zone: directory.zone(signal.siteId, zoneId) };
  const explains = isSale ? exitsExplained(fact, memory, { siteId: signal.siteId, window: policy.explain }) : [];
  const counted = countedIn(signal, correctedAtMs);
  const windows = counted === null ? [] : memory.windows.windowsWith(signal.siteId, counted);
  const enriched: EnrichedSignal = {
    signal,
    correctedAtMs,
    clockOffsetMs: offsetMs,
    late,
    service: serviceOf(signal, device),
    view: viewOf({ signal, correctedAtMs, late, offsetMs, items, explanation, explains, windows }, place),
    enrichment: enrichmentOf({
      directoryVersion: directory.version,
      atMs: signal.receivedAtMs,
      itemCount: items.length,
      offset:
        deviceKey === null || offsetMs === null
          ? null
          : { ms: offsetMs, delays: memory.delaysOf(deviceKey).length + 1 },
      explanation:
        explanation === null ? null : { verdict: explanation.verdict, salesSeen: countSales(signal.siteId, inputs) },
      explains,
      windows: windows.length,
    }),
    items,
    explains,
  };
  const remembered: Remembered = {
    siteId: signal.siteId,
    deviceKey,
    receivedAtMs: signal.receivedAtMs,
    delay,
    sale: isSale ? fact : null,
    exit: isExit ? fact : null,
    counted,
  };
  return { enriched, remembered };
}

/** What may explain that these items passed; where none is named, any sale may. */
function salesFor(
  siteId: string,
  items: readonly KnownItem[],
  { memory, olderSales }: EnrichInputs,
): readonly SaleFact[] {
  const remembered = items.length === 0 ? memory.salesAt(siteId) : memory.salesOf(siteId, items);
  return [...remembered, ...olderSales.filter((sale) => sale.siteId === siteId)];
}

function countSales(siteId: string, { memory, olderSales }: EnrichInputs): number {
  return memory.salesAt(siteId).length + olderSales.filter((sale) => sale.siteId === siteId).length;
}

/**
 * The Sigma logsource service: a person for reports; a panic button whatever carries it (a till's key, an intercom), because nobody
 * presses it twice to find the right device; else the device's kind; without a device what its class says.
 */
function serviceOf(signal: Signal, device: Device | null): string {
  if (personShapes.has(signal.shape)) return "person";
  if (signal.type === "panic_button") return "panic_button";
  if (device !== null) return device.kind;
  const byClass = kindOfClass.get(signal.type);
  if (byClass !== undefined) return byClass;
  if (signal.type.startsWith("pos_")) return "till";
  return signal.shape === "device-event" || signal.shape === "frigate-event" ? "camera" : "unknown";
}

/**
 * The exits that this sale is the last missing piece of. By the same reckoning as for the exit itself, article by article: another
 * piece of the same article that was sold to somebody else explains nothing.
 */
function exitsExplained(
  sale: SaleFact,
  memory: SiteMemory,
  at: { siteId: string; window: ExplainWindow },
): readonly string[] {
  const near = memory
    .exitsOf(at.siteId, sale.items)
    .filter((exit) => isNear(exit, sale, at.window) && explainBySales(exit, [sale], at.window).verdict !== "none")
    .toSorted((a, b) => a.atMs - b.atMs || (a.signalId < b.signalId ? -1 : 1));
  return near // nearly always none: the sales of a busy shop are many, its exits few
    .filter((exit) => {
      const earlier = memory.salesOf(at.siteId, exit.items).filter((one) => one.signalId !== sale.signalId);
      return (
        explainBySales(exit, earlier, at.window).verdict !== "all" &&
        explainBySales(exit, [...earlier, sale], at.window).verdict === "all"
      );
    })
    .map((exit) => exit.signalId);
}

type Place = {
  readonly directory: Directory;
  readonly device: Device | null;
  readonly zoneId: string | null;
  readonly zone: Zone | null;
};
type Facts = {
  readonly signal: Signal;
  readonly correctedAtMs: number;
  readonly late: boolean;
  readonly offsetMs: number | null;
  readonly items: readonly KnownItem[];
  readonly explanation: Explanation | null;
  readonly explains: readonly string[];
  readonly windows: readonly JsonObject[];
};

/** The object that rules read; docs/formats/signals.md lists its members. */
function viewOf(facts: Facts, place: Place): JsonObject {
  const { signal, correctedAtMs, items, explanation } = facts;
  const { data, isCut } = boundedData(signal.data);
  const { directory, device, zone, zoneId } = place;
  const site = directory.site(signal.siteId);
  const local = directory.localTime(signal.siteId, correctedAtMs);
  const unexplained = explanation === null ? {} : unexplainedOf(explanation, items);
  return {
    event_type: signal.type,
    source: signal.source,
    shape: signal.shape,
    confidence: signal.confidence,
    severity: signal.severity,
    site: { id: signal.siteId, kind: site?.kind ?? null },
    zone: { id: zoneId, kind: zone?.kind ?? null, high_value: zone?.highValue ?? false },
    device: { id: signal.deviceId, kind: device?.kind ?? null, criticality: device?.criticality ?? null },
    time: {
      open: directory.isOpen(signal.siteId, correctedAtMs),
      hour: local.hour,
      weekday: local.weekday,
      calendar: directory.salePeriod(signal.siteId, correctedAtMs),
    },
    data,
    context: {
      items_value_minor: valueOf(items),
      item_count: countItems(items),
      late: facts.late,
      clock_offset_seconds: facts.offsetMs === null ? null : Math.round(facts.offsetMs / 1000),
      ...unexplained,
      ...(isCut ? { data_cut: true } : {}),
      ...(facts.explains.length === 0 ? {} : { explains: facts.explains }),
    },
    ...(facts.windows.length === 0 ? {} : { site_windows: facts.windows }),
  };
}

function unexplainedOf(explanation: Explanation, items: readonly KnownItem[]): JsonObject {
  const open = explanation.verdict === "none" ? items : explanation.unexplained;
  return {
    sale_explains: explanation.verdict,
    unexplained_value_minor: valueOf(open),
    unexplained_count: countItems(open),
  };
}
