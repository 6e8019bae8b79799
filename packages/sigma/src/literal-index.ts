/** A literal that a rule needs to find in a text, and the number of the rule. */
export type NeededLiteral = { readonly literal: string; readonly at: number };

/** Shorter literals are found nearly everywhere; a rule is better anchored elsewhere, or always run. */
export const literalLengthMin = 3;

type Entry = NeededLiteral & { readonly offset: number };

/**
 * Finds which of many literals occur in a text, in one walk over the text whatever their number.
 *
 * Each literal is filed under one run of three of its characters, the one that is rarest among all literals; at each
 * place of the text the entries under its run are compared in full.
 */
export class LiteralIndex {
  readonly #buckets: (readonly Entry[] | undefined)[];
  readonly #mask: number;

  constructor(needed: readonly NeededLiteral[]) {
    // Sixteen slots an entry keep most places of a text without any comparison.
    const bits = Math.min(16, Math.max(8, Math.ceil(Math.log2(needed.length * 16 + 1))));
    this.#mask = 2 ** bits - 1;
    const counts = new Map<number, number>();
    for (const { literal } of needed) {
      for (const slot of new Set(this.#slotsOf(literal))) counts.set(slot, (counts.get(slot) ?? 0) + 1);
    }
    const buckets: (Entry[] | undefined)[] = Array.from({ length: 2 ** bits });
    for (const { literal, at } of needed) {
      const slots = this.#slotsOf(literal);
      let offset = 0;
      for (const [index, slot] of slots.entries()) {
        if ((counts.get(slot) ?? 0) < (counts.get(slots[offset] ?? 0) ?? 0)) offset = index;
      }
      const slot = slots[offset] ?? 0;
      const bucket = buckets[slot] ?? [];
      buckets[slot] = bucket;
      bucket.push({ literal, at, offset });
    }
    this.#buckets = buckets;
  }

  /** Calls `found` with the rule of every literal in the text; with one rule perhaps several times. */
  search(text: string, found: (at: number) => void): void {
    const buckets = this.#buckets;
    const mask = this.#mask;
    let first = text.charCodeAt(0);
    let second = text.charCodeAt(1);
    for (let place = 0; place + 2 < text.length; place += 1) {
      const third = text.charCodeAt(place + 2);
      const bucket = buckets[slotOf(first, second, third) & mask];
      if (bucket !== undefined) {
        for (const { literal, offset, at } of bucket) if (text.startsWith(literal, place - offset)) found(at);
      }
      first = second;
      second = third;
    }
  }

  #slotsOf(literal: string): readonly number[] {
    const slots: number[] = [];
    for (let place = 0; place + 2 < literal.length; place += 1) {
      const [a, b, c] = [literal.charCodeAt(place), literal.charCodeAt(place + 1), literal.charCodeAt(place + 2)];
      slots.push(slotOf(a, b, c) & this.#mask);
    }
    return slots;
  }
}

/** Three characters mixed into 32 bits; the multipliers are odd and far apart, so that neighbours do not collide. */
function slotOf(a: number, b: number, c: number): number {
  const mixed = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(c, 0xc2b2ae35);
  return mixed ^ (mixed >>> 15);
}
