import { createWorld, type Delivery } from "@tillwatch/sim";
import { Directory, type DirectoryData } from "../enrich/directory.ts";
import { enrich, type EnrichPolicy } from "../enrich/enrich.ts";
import { SiteMemory } from "../enrich/site-memory.ts";
import { windowsReachMs } from "../enrich/site-windows.ts";
import { nodeDigest } from "../platform/digest.ts";
import { signalFromRow } from "../signal/parse-signals.ts";
import { RowGatherer, type TrainingRows } from "./training-rows.ts";

const dayMs = 24 * 60 * 60_000;

/** Quiet shops and busy ones: a model that knows only one kind finds the other odd. */
export const shoppersPerHour = [20, 60, 120] as const;

export type SimulatedGiven = {
  readonly directory: DirectoryData;
  readonly policy: EnrichPolicy;
  readonly seed: number;
  readonly startMs: number;
  readonly days: number;
};

/** The windows of simulated shops in which nothing is stolen: a world for each number of shoppers, one after the other. */
export function simulatedRows({ directory: data, policy, seed, startMs, days }: SimulatedGiven): TrainingRows {
  const directory = new Directory(data);
  const gatherer = new RowGatherer();
  for (const [turn, shoppers] of shoppersPerHour.entries()) {
    const fromMs = startMs + turn * days * dayMs;
    const memory = new SiteMemory(2 * windowsReachMs);
    const seen = new Set<string>();
    const world = createWorld({
      seed: `${seed}/${shoppers}`,
      directory: data,
      startMs: fromMs,
      shoppersPerHour: shoppers,
      crimesPerHour: 0,
    });
    for (const delivery of world.deliveries(fromMs + days * dayMs)) {
      const signal = signalOf(delivery);
      if (seen.has(signal.id)) continue;
      seen.add(signal.id);
      const { enriched, remembered } = enrich(signal, { directory, memory, policy, olderSales: [] });
      memory.remember(remembered);
      memory.forgetBefore(signal.receivedAtMs);
      gatherer.take(enriched);
    }
  }
  return gatherer.rows();
}

function signalOf(delivery: Delivery) {
  const parsed = signalFromRow(delivery.event, { receivedAtMs: delivery.atMs, digest: nodeDigest, channel: {} });
  if (!parsed.ok) throw new Error(`intake refuses ${delivery.source} ${delivery.id}: ${parsed.error.code}`);
  return parsed.value;
}
