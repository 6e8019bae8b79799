import type { Signal } from "@tillwatch/wire";
import type { Batch, EnrichedSignal } from "../flow.ts";
import type { DbOrTx } from "../schema.ts";
import type { Directory } from "./directory.ts";
import { salesBetween } from "./enrich-read.ts";
import { enrich, exitTypes, type EnrichPolicy } from "./enrich.ts";
import { knownItems } from "./known-items.ts";
import type { SaleFact } from "./sale-explains.ts";
import type { SiteMemory } from "./site-memory.ts";

type OlderSale = SaleFact & { readonly siteId: string };

/** Sales that are older than a memory, for an exit that arrives late. */
export type SalesFor = (exit: Signal, span: { fromMs: number; toMs: number }) => Promise<readonly Signal[]>;

export function salesIn(db: DbOrTx): SalesFor {
  return (exit, span) => salesBetween(db, exit.siteId, span);
}

export type EnrichStageInputs = {
  readonly sales: SalesFor;
  readonly memory: SiteMemory;
  readonly directory: Directory;
};

/** Stage 2: adds site, zone, device, products and value, opening hours, calendar, clock offset, and what sales explain. */
export function enrichStage(policy: EnrichPolicy) {
  return async (batch: Batch, inputs: EnrichStageInputs): Promise<readonly EnrichedSignal[]> => {
    const { memory, directory } = inputs;
    const olderSales = await salesForLateExits(batch, { ...inputs, policy });
    const out = batch.signals.map((signal) => {
      const { enriched, remembered } = enrich(signal, { directory, memory, policy, olderSales });
      memory.remember(remembered); // in order: a sale explains the exit that follows it in the same batch
      return enriched;
    });
    memory.forgetBefore(batch.signals.at(-1)?.receivedAtMs ?? batch.nowMs);
    return out;
  };
}

/** Fills a memory from signals that were already decided on, without deciding again, and answers them as they were enriched. */
export function replayInto(
  memory: SiteMemory,
  signals: readonly Signal[],
  known: { directory: Directory; policy: EnrichPolicy },
): readonly EnrichedSignal[] {
  return signals.map((signal) => {
    const { enriched, remembered } = enrich(signal, { ...known, memory, olderSales: [] });
    memory.remember(remembered);
    return enriched;
  });
}

async function salesForLateExits(
  batch: Batch,
  inputs: EnrichStageInputs & { readonly policy: EnrichPolicy },
): Promise<readonly OlderSale[]> {
  const { memory, policy, directory } = inputs;
  const lateExits = batch.signals.filter(
    (signal) =>
      exitTypes.has(signal.type) &&
      signal.receivedAtMs - signal.occurredAtMs >= memory.horizonMs - policy.explain.beforeMs,
  );
  const found: OlderSale[] = [];
  for (const exit of lateExits) {
    const span = {
      fromMs: exit.occurredAtMs - policy.explain.beforeMs,
      toMs: exit.occurredAtMs + policy.explain.afterMs,
    };
    const remembered = new Set(memory.salesAt(exit.siteId).map((sale) => sale.signalId));
    for (const sale of await inputs.sales(exit, span)) {
      if (remembered.has(sale.id)) continue;
      found.push({
        siteId: exit.siteId,
        signalId: sale.id,
        atMs: sale.occurredAtMs,
        items: knownItems(sale.data, directory),
      });
    }
  }
  return found;
}
