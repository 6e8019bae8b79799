import type { KnownItem } from "../flow.ts";

type Goods = { readonly items: readonly KnownItem[] };

/** Sales or exits of one site by what they name: in a busy hour there are too many to look through for each of the others. */
export class ByArticle<T extends Goods> {
  readonly #epcs = new Map<string, T[]>();
  readonly #skus = new Map<string, T[]>();

  add(fact: T): void {
    for (const { epc, sku } of fact.items) {
      if (epc !== null) put(this.#epcs, epc, fact);
      if (sku !== null) put(this.#skus, sku, fact);
    }
  }

  /** Those that name a piece or an article of these items: no other can cover them. */
  of(items: readonly KnownItem[]): ReadonlySet<T> {
    const found = new Set<T>();
    for (const { epc, sku } of items) {
      if (epc !== null) for (const fact of this.#epcs.get(epc) ?? []) found.add(fact);
      if (sku !== null) for (const fact of this.#skus.get(sku) ?? []) found.add(fact);
    }
    return found;
  }

  remove(gone: ReadonlySet<T>): void {
    for (const { items } of gone) {
      for (const { epc, sku } of items) {
        if (epc !== null) drop(this.#epcs, epc, gone);
        if (sku !== null) drop(this.#skus, sku, gone);
      }
    }
  }
}

function put<T>(map: Map<string, T[]>, key: string, fact: T): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [fact]);
  else if (known.at(-1) !== fact) known.push(fact);
}

function drop<T>(map: Map<string, T[]>, key: string, gone: ReadonlySet<T>): void {
  const known = map.get(key);
  if (known?.some((fact) => gone.has(fact)) !== true) return;
  const left = known.filter((fact) => !gone.has(fact));
  if (left.length === 0) map.delete(key);
  else map.set(key, left);
}
