import type { CorrelationType, SigmaCorrelation } from "../read/correlation-model.ts";
import { ExactSum } from "./exact-sum.ts";

/** One occurrence of a counted rule, or of a counted correlation, in one group. */
export type Hit = {
  readonly atMs: number;
  readonly ref: string;
  /** Which of the correlation's rules, counted from 0. */
  readonly rule: number;
  /** Which of the values of an event that has several, counted from 0. */
  readonly nth: number;
  /** Text for value_count, a number for value_sum and value_avg, null for the others. */
  readonly value: string | number | null;
};

/** What a correlation measures over the hits of one window. Hits come and leave in any order; `value` depends on which are there alone. */
export interface Measure {
  add(hit: Hit): void;
  remove(hit: Hit): void;
  /** Of the hits that are there, which `window` lists in the order of their time. */
  value(window: Window): number;
}

/** The hits from `first` up to and including `last`. */
export type Window = { readonly hits: readonly Hit[]; readonly first: number; readonly last: number };

/** `rules`: how many rules the correlation has. */
export function measureOf(type: CorrelationType, rules: number): Measure {
  switch (type) {
    case "event_count":
      return new Events();
    case "value_count":
      return new DistinctValues();
    case "value_sum":
      return new Sum();
    case "value_avg":
      return new Average();
    case "temporal":
      return new RulesSeen(rules);
    case "temporal_ordered":
      return new RulesInOrder(rules);
  }
}

/** The measure of one window, without a memory of it: for windows of a few hits. */
export function measureNow({ type, rules }: Pick<SigmaCorrelation, "type" | "rules">, window: Window): number {
  if (type === "event_count") return window.last + 1 - window.first;
  if (type === "value_count") return distinctValues(window);
  const measure = measureOf(type, rules.length);
  for (let at = window.first; at <= window.last; at += 1) {
    const hit = window.hits[at];
    if (hit !== undefined) measure.add(hit);
  }
  return measure.value(window);
}

/** The measure of a window of this hit alone. */
export function measureOne({ type, rules }: Pick<SigmaCorrelation, "type" | "rules">, { value }: Hit): number {
  switch (type) {
    case "event_count":
    case "value_count":
    case "temporal":
      return 1;
    case "value_sum":
    case "value_avg":
      return Number(value) + 0; // a sum is never -0
    case "temporal_ordered":
      return rules.length === 1 ? 1 : 0;
  }
}

/** In a window of a few, each compared with those before it costs less than a set. */
function distinctValues({ hits, first, last }: Window): number {
  let distinct = 0;
  for (let at = first; at <= last; at += 1) {
    let before = first;
    while (before < at && hits[before]?.value !== hits[at]?.value) before += 1;
    if (before === at) distinct += 1;
  }
  return distinct;
}

class Events implements Measure {
  #count = 0;

  add(): void {
    this.#count += 1;
  }

  remove(): void {
    this.#count -= 1;
  }

  value(): number {
    return this.#count;
  }
}

class DistinctValues implements Measure {
  readonly #counts = new Map<Hit["value"], number>();

  add({ value }: Hit): void {
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + 1);
  }

  remove({ value }: Hit): void {
    const left = (this.#counts.get(value) ?? 0) - 1;
    if (left > 0) this.#counts.set(value, left);
    else this.#counts.delete(value);
  }

  value(): number {
    return this.#counts.size;
  }
}

class Sum implements Measure {
  readonly #sum = new ExactSum();

  add({ value }: Hit): void {
    this.#sum.add(Number(value));
  }

  remove({ value }: Hit): void {
    this.#sum.add(-Number(value));
  }

  value(): number {
    return this.#sum.value;
  }
}

class Average implements Measure {
  readonly #sum = new Sum();
  #count = 0;

  add(hit: Hit): void {
    this.#sum.add(hit);
    this.#count += 1;
  }

  remove(hit: Hit): void {
    this.#sum.remove(hit);
    this.#count -= 1;
  }

  value(): number {
    return this.#sum.value() / this.#count;
  }
}

class RulesSeen implements Measure {
  readonly #counts: number[];
  #seen = 0;

  constructor(rules: number) {
    this.#counts = Array.from({ length: rules }, () => 0);
  }

  add({ rule }: Hit): void {
    const count = this.#counts[rule] ?? 0;
    if (count === 0) this.#seen += 1;
    this.#counts[rule] = count + 1;
  }

  remove({ rule }: Hit): void {
    const left = (this.#counts[rule] ?? 0) - 1;
    if (left === 0) this.#seen -= 1;
    this.#counts[rule] = left;
  }

  value(): number {
    return this.#seen;
  }
}

/** How many of the rules, from the first on, were seen one after the other. Hits of one instant are in any order that is asked for. */
class RulesInOrder implements Measure {
  readonly #seen: RulesSeen;
  readonly #rules: number;

  constructor(rules: number) {
    this.#seen = new RulesSeen(rules);
    this.#rules = rules;
  }

  add(hit: Hit): void {
    this.#seen.add(hit);
  }

  remove(hit: Hit): void {
    this.#seen.remove(hit);
  }

  value({ hits, first, last }: Window): number {
    // Without all of them there is no need to look at their order: only the whole row is ever asked for.
    if (this.#seen.value() < this.#rules) return 0;
    let wanted = 0;
    for (let from = first; from <= last && wanted < this.#rules;) {
      const atMs = hits[from]?.atMs;
      let end = from;
      while (end <= last && hits[end]?.atMs === atMs) end += 1;
      for (let at = from; at < end; at += 1) {
        if (hits[at]?.rule !== wanted) continue;
        wanted += 1;
        at = from - 1; // the next one may stand anywhere within the same instant
      }
      from = end;
    }
    return wanted;
  }
}
