import type { KnownItem } from "../flow.ts";

/** Goods that passed a gate, or a tag that came off: something that a sale may explain. */
export type ExitFact = { readonly signalId: string; readonly atMs: number; readonly items: readonly KnownItem[] };
export type SaleFact = { readonly signalId: string; readonly atMs: number; readonly items: readonly KnownItem[] };

/** A sale explains an exit that happens from `beforeMs` after it to `afterMs` before it (tills post late); half-open. */
export type ExplainWindow = { readonly beforeMs: number; readonly afterMs: number; readonly unknownItemsMs: number };

export type Explanation = {
  readonly verdict: "all" | "some" | "none";
  readonly unexplained: readonly KnownItem[];
};

/**
 * Whether sales of the same site cover what passed. An item sold with its EPC covers that very item; a receipt line without
 * EPC covers as many items of its article as it counts. An alarm that names no item can only be weakly explained: a sale
 * moments before makes it "some", never "all", because in a busy shop there is always a sale moments before.
 */
export function explainBySales(exit: ExitFact, sales: readonly SaleFact[], window: ExplainWindow): Explanation {
  const near = sales.filter((sale) => isNear(exit, sale, window));
  if (exit.items.length === 0) {
    const moments = near.some((sale) => Math.abs(exit.atMs - sale.atMs) < window.unknownItemsMs);
    return { verdict: moments ? "some" : "none", unexplained: [] };
  }
  const stock = stockOf(near, exit.items);
  const unexplained = exit.items.filter((item) => !take(stock, item));
  if (unexplained.length === 0) return { verdict: "all", unexplained };
  return { verdict: unexplained.length < exit.items.length ? "some" : "none", unexplained };
}

export function isNear(
  exit: { readonly atMs: number },
  sale: { readonly atMs: number },
  window: ExplainWindow,
): boolean {
  const sinceSale = exit.atMs - sale.atMs;
  return sinceSale < window.beforeMs && -sinceSale < window.afterMs;
}

type Stock = { readonly epcs: Set<string>; readonly skus: Map<string, number> };

/** What was sold of the wanted articles: an exit names few, and the sales of a busy hour are hundreds. */
function stockOf(sales: readonly SaleFact[], wanted: readonly KnownItem[]): Stock {
  const epcs = new Set(wanted.map(({ epc }) => epc));
  const skus = new Set(wanted.map(({ sku }) => sku));
  const stock: Stock = { epcs: new Set(), skus: new Map() };
  for (const { items } of sales) {
    for (const { epc, sku, quantity } of items) {
      if (epc !== null) {
        if (epcs.has(epc)) stock.epcs.add(epc);
      } else if (sku !== null && skus.has(sku)) stock.skus.set(sku, (stock.skus.get(sku) ?? 0) + quantity);
    }
  }
  return stock;
}

/** Takes one item out of what was sold; false where nothing sold covers it. */
function take(stock: Stock, item: KnownItem): boolean {
  if (item.epc !== null && stock.epcs.delete(item.epc)) return true;
  const left = item.sku === null ? 0 : (stock.skus.get(item.sku) ?? 0);
  if (item.sku === null || left < 1) return false;
  stock.skus.set(item.sku, left - 1);
  return true;
}
