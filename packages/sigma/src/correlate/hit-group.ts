import type { SigmaCorrelation } from "../read/correlation-model.ts";
import { measureNow, measureOf, measureOne, type Hit, type Measure, type Window } from "./measure.ts";

/** A hit as its group holds it; it is the group's from then on. */
export type Held = Hit & {
  /** Of the last hit of an instant: whether the condition holds there. Of the others: false, and never read. */
  holds: boolean;
};

/** What begins at one instant: the condition holds there, and did not before. */
export type Beginning = {
  readonly atMs: number;
  readonly value: number;
  /** All hits of the window. */
  readonly count: number;
  /** The newest of them, oldest first. */
  readonly hits: readonly Hit[];
};

/** How what begins in a group changed. */
export type GroupChange =
  | { readonly kind: "begins"; readonly beginning: Beginning }
  /** Began before already; by now other hits are in its window. */
  | { readonly kind: "differs"; readonly beginning: Beginning }
  | { readonly kind: "never_began"; readonly atMs: number };

/** All that a group knows, as plain values. */
export type GroupState = {
  readonly hits: readonly (Hit & { readonly holds: boolean })[];
  readonly begins: readonly number[];
  /** Up to when hits were dropped for want of room; null: none were. */
  readonly lostUntilMs: number | null;
};

const hitsShown = 256;
const trimMin = 32;
/** A window of so many hits is measured anew each time: most groups never have more, and need not remember a measure. */
const measuredAnewMax = 16;

const nothing: readonly GroupChange[] = [];
const noBegins: number[] = [];
const noHits: Held[] = [];
/** Up to here a group's list is made anew with each hit: a list that grows keeps room for sixteen more. */
const listedAnewMax = 8;

/** Judges the first hit of a group, which needs no `HitGroup` as long as it stays the only one. */
export function judgeOnly(correlation: SigmaCorrelation, hit: Held): readonly GroupChange[] {
  const value = measureOne(correlation, hit);
  hit.holds = isMet(correlation, value);
  return hit.holds ? [{ kind: "begins", beginning: { atMs: hit.atMs, value, count: 1, hits: [hit] } }] : nothing;
}

/** What a group knows that has this hit alone. */
export function stateOfOnly(hit: Held, lostUntilMs: number | null): GroupState {
  return { hits: [{ ...hit }], begins: hit.holds ? [hit.atMs] : [], lostUntilMs };
}

/** The hit, if it is all that the group knows. */
export function onlyHitOf({ hits, begins }: GroupState): Held | null {
  const [hit] = hits;
  return hit !== undefined && hits.length === 1 && begins.length === (hit.holds ? 1 : 0) ? { ...hit } : null;
}

/**
 * The hits of one group of one correlation, in the order of their time whatever the order of their arrival.
 *
 * The condition is looked at wherever a hit lies, over the window that reaches back `timespan` from there, both ends included; hits of one
 * instant are looked at together. Where it holds and did not hold at the instant before, or that lies more than a timespan back,
 * something begins. All of this depends on which hits there are alone, so a late hit changes exactly what it would have changed had
 * it come in time, and `update` answers with the difference.
 */
export class HitGroup {
  readonly #correlation: SigmaCorrelation;
  #hits: Held[] = noHits;
  /** Where the window of the newest hit begins. */
  #first = 0;
  /** The measure of that window, once it was large. */
  #measure: Measure | null = null;
  /** Where the newest instant begins. */
  #instant = 0;
  /** When something begins, ascending. Never changed in place while it is the one that all groups begin with. */
  #begins: number[] = noBegins;
  /** Up to when hits were dropped for want of room: what comes for that time goes the same way, or things would be found twice. */
  #lostUntilMs: number | null;
  #lost = 0;

  /** `only`: the hit that the group begins with, which `judgeOnly` judged; null: none. */
  constructor(correlation: SigmaCorrelation, lostUntilMs: number | null, only: Held | null) {
    this.#correlation = correlation;
    this.#lostUntilMs = lostUntilMs;
    if (only === null) return;
    this.#hits = [only];
    if (only.holds) this.#begins = [only.atMs];
  }

  get size(): number {
    return this.#hits.length;
  }

  get newestMs(): number {
    return this.#hits[this.#hits.length - 1]?.atMs ?? Number.NEGATIVE_INFINITY;
  }

  /** Takes hits away and puts others in, as one step. A hit that is there already, or is not, changes nothing. */
  update(coming: readonly Held[], going: readonly Hit[]): readonly GroupChange[] {
    const [only] = coming;
    if (only !== undefined && coming.length === 1 && going.length === 0) {
      if (!this.#put(only)) return nothing;
      return only.atMs === this.newestMs ? this.#judgeNewest() : this.#judgeFrom(only.atMs, only.atMs);
    }
    const gone = going.filter((hit) => this.#take(hit));
    if (gone.length > 0) this.#measureAnew();
    const came = coming.filter((hit) => this.#put(hit));
    const times = [...gone, ...came].map(({ atMs }) => atMs);
    if (times.length === 0) return nothing;
    if (gone.length === 0 && times.every((atMs) => atMs === this.newestMs)) return this.#judgeNewest();
    return this.#judgeFrom(Math.min(...times), Math.max(...times));
  }

  /** Drops what nothing can ask for any more: hits and beginnings before `beforeMs`. Answers how many hits. */
  trim(beforeMs: number): number {
    let count = 0;
    while (count < this.#first && (this.#hits[count]?.atMs ?? beforeMs) < beforeMs) count += 1;
    // Taking off the front costs as much as what stays.
    if (count < trimMin || count * 2 < this.#hits.length) return 0;
    this.#drop(count);
    return count;
  }

  /** Drops the oldest hits so that at most `max` stay: what they would have counted for is lost. */
  shrink(max: number): void {
    const count = this.#hits.length - max;
    if (count <= 0) return;
    for (const hit of this.#hits.slice(this.#first, Math.max(this.#first, count))) this.#measure?.remove(hit);
    this.#lostUntilMs = this.#hits[count - 1]?.atMs ?? this.#lostUntilMs;
    this.#lost += count;
    this.#drop(count);
  }

  /** How many hits were lost for want of room since this was last asked. */
  takeLost(): number {
    const lost = this.#lost;
    this.#lost = 0;
    return lost;
  }

  save(): GroupState {
    return {
      hits: this.#hits.map((hit) => ({ ...hit })),
      begins: [...this.#begins],
      lostUntilMs: this.#lostUntilMs,
    };
  }

  /** Takes up what `save` wrote. */
  restore({ hits, begins, lostUntilMs }: GroupState): void {
    this.#hits = hits.map((hit) => ({ ...hit }));
    this.#begins = [...begins];
    this.#lostUntilMs = lostUntilMs;
    this.#measureAnew();
  }

  #take(hit: Hit): boolean {
    const at = this.#placeOf(hit);
    const there = this.#hits[at];
    if (there === undefined || compareHits(there, hit) !== 0) return false;
    this.#hits.splice(at, 1);
    return true;
  }

  #put(hit: Held): boolean {
    const { newestMs } = this;
    if (this.#lostUntilMs !== null && hit.atMs <= this.#lostUntilMs) {
      this.#lost += 1;
      return false;
    }
    const newest = this.#hits[this.#hits.length - 1];
    const at = newest === undefined || compareHits(newest, hit) < 0 ? this.#hits.length : this.#placeOf(hit);
    const there = this.#hits[at];
    if (there !== undefined && compareHits(there, hit) === 0) return false;
    if (hit.atMs > newestMs) this.#instant = at;
    else if (hit.atMs < newestMs) this.#instant += 1;
    if (this.#hits.length < listedAnewMax) this.#hits = this.#hits.toSpliced(at, 0, hit);
    else if (at === this.#hits.length) this.#hits.push(hit);
    else this.#hits.splice(at, 0, hit);
    if (hit.atMs >= newestMs - this.#correlation.timespanMs) this.#measure?.add(hit);
    else this.#first += 1;
    this.#slide();
    return true;
  }

  /** Where the hit is, or belongs. */
  #placeOf(hit: Hit): number {
    let low = 0;
    let high = this.#hits.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const there = this.#hits[middle];
      if (there !== undefined && compareHits(there, hit) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #newMeasure(): Measure {
    return measureOf(this.#correlation.type, this.#correlation.rules.length);
  }

  #slide(): void {
    const fromMs = this.newestMs - this.#correlation.timespanMs;
    for (let hit = this.#hits[this.#first]; hit !== undefined && hit.atMs < fromMs; hit = this.#hits[this.#first]) {
      this.#measure?.remove(hit);
      this.#first += 1;
    }
  }

  #measureAnew(): void {
    const fromMs = this.newestMs - this.#correlation.timespanMs;
    this.#measure = null;
    this.#first = this.#firstSince(fromMs);
    this.#instant = Math.max(0, this.#hits.length - 1);
    while (this.#hits[this.#instant - 1]?.atMs === this.newestMs) this.#instant -= 1;
  }

  #judgeNewest(): readonly GroupChange[] {
    const last = this.#hits.length - 1;
    const newest = this.#hits[last];
    if (newest === undefined) return nothing;
    const { atMs } = newest;
    const value = this.#valueOf({ hits: this.#hits, first: this.#first, last });
    newest.holds = isMet(this.#correlation, value);
    const begins = newest.holds && !this.#continues(this.#instant - 1, atMs);
    const begun = this.#begins.at(-1) === atMs;
    if (!begins) {
      if (begun) this.#begins.pop();
      return begun ? [{ kind: "never_began", atMs }] : nothing;
    }
    if (!begun) this.#begin(atMs);
    return [{ kind: begun ? "differs" : "begins", beginning: this.#beginning(this.#first, last, value) }];
  }

  #valueOf(window: Window): number {
    if (this.#measure === null) {
      if (window.last - window.first < measuredAnewMax) return measureNow(this.#correlation, window);
      this.#measure = this.#newMeasure();
      for (let at = window.first; at <= window.last; at += 1) this.#with(at, (hit) => this.#measure?.add(hit));
    }
    return this.#measure.value(window);
  }

  #begin(atMs: number): void {
    if (this.#begins === noBegins) this.#begins = [atMs];
    else this.#begins.push(atMs);
  }

  /** Looks anew at all instants whose window a hit of that time is in, and at the one behind them, which follows upon the last of them. */
  #judgeFrom(fromMs: number, toMs: number): readonly GroupChange[] {
    const untilMs = toMs + this.#correlation.timespanMs;
    const measure = this.#newMeasure();
    let first = this.#firstSince(fromMs - this.#correlation.timespanMs);
    let added = first;
    let at = this.#firstSince(fromMs);
    let judgedMs = fromMs;
    const found = new Map<number, Beginning>();
    for (let beyond = false; at < this.#hits.length && !beyond;) {
      const atMs = this.#hits[at]?.atMs ?? 0;
      beyond = atMs > untilMs;
      judgedMs = atMs;
      const before = at - 1;
      while (this.#hits[at + 1]?.atMs === atMs) at += 1;
      for (; added <= at; added += 1) this.#with(added, (hit) => measure.add(hit));
      for (; (this.#hits[first]?.atMs ?? atMs) < atMs - this.#correlation.timespanMs; first += 1) {
        this.#with(first, (hit) => measure.remove(hit));
      }
      const value = measure.value({ hits: this.#hits, first, last: at });
      const holds = isMet(this.#correlation, value);
      this.#with(at, (hit) => (hit.holds = holds));
      if (holds && !this.#continues(before, atMs)) found.set(atMs, this.#beginning(first, at, value));
      at += 1;
    }
    return this.#difference({ fromMs, untilMs, judgedMs: Math.max(judgedMs, untilMs) }, found);
  }

  #difference(
    { fromMs, untilMs, judgedMs }: { readonly fromMs: number; readonly untilMs: number; readonly judgedMs: number },
    found: ReadonlyMap<number, Beginning>,
  ): readonly GroupChange[] {
    const from = this.#begins.findIndex((atMs) => atMs >= fromMs);
    const start = from === -1 ? this.#begins.length : from;
    let end = start;
    while ((this.#begins[end] ?? Number.POSITIVE_INFINITY) <= judgedMs) end += 1;
    const before = new Set(this.#begins.slice(start, end));
    if (before.size + found.size > 0) this.#begins = this.#begins.toSpliced(start, end - start, ...found.keys());
    const gone = [...before].filter((atMs) => !found.has(atMs));
    const changes: GroupChange[] = gone.map((atMs) => ({ kind: "never_began", atMs }));
    for (const beginning of found.values()) {
      if (!before.has(beginning.atMs)) changes.push({ kind: "begins", beginning });
      // The instant behind the windows that the hit is in was looked at for its predecessor's sake alone.
      else if (beginning.atMs <= untilMs) changes.push({ kind: "differs", beginning });
    }
    return changes;
  }

  #firstSince(atMs: number): number {
    let low = 0;
    let high = this.#hits.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#hits[middle]?.atMs ?? 0) < atMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #with(at: number, work: (hit: Held) => void): void {
    const hit = this.#hits[at];
    if (hit !== undefined) work(hit);
  }

  /** Whether what holds at `atMs` only goes on: it held at the instant before, not more than a timespan ago. */
  #continues(before: number, atMs: number): boolean {
    const hit = this.#hits[before];
    return hit?.holds === true && atMs - hit.atMs <= this.#correlation.timespanMs;
  }

  #beginning(first: number, last: number, value: number): Beginning {
    const hits = this.#hits.slice(Math.max(first, last + 1 - hitsShown), last + 1);
    return { atMs: hits.at(-1)?.atMs ?? 0, value, count: last + 1 - first, hits };
  }

  #drop(count: number): void {
    this.#hits.splice(0, count);
    this.#first = Math.max(0, this.#first - count);
    this.#instant = Math.max(0, this.#instant - count);
    const oldestMs = this.#hits[0]?.atMs ?? Number.POSITIVE_INFINITY;
    if (this.#begins.length > 0) this.#begins = this.#begins.filter((atMs) => atMs >= oldestMs);
  }
}

function isMet({ condition }: SigmaCorrelation, value: number): boolean {
  for (const bound of condition.bounds) if (!isWithin(value, bound)) return false;
  return true;
}

function isWithin(value: number, bound: SigmaCorrelation["condition"]["bounds"][number]): boolean {
  switch (bound.comparison) {
    case "gt":
      return value > bound.value;
    case "gte":
      return value >= bound.value;
    case "lt":
      return value < bound.value;
    case "lte":
      return value <= bound.value;
    case "eq":
      return value === bound.value;
    case "neq":
      return value !== bound.value;
  }
}

/** Time first; among hits of one instant any order that is always the same. */
function compareHits(left: Hit, right: Hit): number {
  return (
    left.atMs - right.atMs ||
    (left.ref < right.ref ? -1 : left.ref > right.ref ? 1 : 0) ||
    left.rule - right.rule ||
    left.nth - right.nth
  );
}
