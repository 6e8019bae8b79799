import type { SigmaCorrelation } from "../read/correlation-model.ts";
import { HitGroup, judgeOnly, onlyHitOf, type GroupChange, type GroupState, type Held } from "./hit-group.ts";
import { KeptGroup, type GroupIndex } from "./kept-group.ts";
import type { Hit } from "./measure.ts";

/** Of each correlation by itself. Beyond them the groups that were quiet longest go, and the oldest hits of a group. */
export type GroupLimits = { readonly groupsMax: number; readonly hitsMax: number; readonly hitsInGroupMax: number };

/** The values of group-by, in its order, and what the group knows; quiet longest first. */
export type StoreState = {
  readonly groups: readonly { readonly values: readonly string[]; readonly state: GroupState }[];
  readonly groupsLost: number;
  readonly hitsLost: number;
  /** The newest hit of a group that was dropped for want of room; null: none was. */
  readonly lostUntilMs: number | null;
};

/** What comes to a group and what goes from it, together. */
export type Step = { readonly coming: readonly Held[]; readonly going: readonly Hit[] };

const nothing: readonly GroupChange[] = [];

/** All groups of one correlation, in a row by when they were heard of last. */
export class GroupStore {
  readonly #correlation: SigmaCorrelation;
  readonly #limits: GroupLimits;
  readonly #index: GroupIndex;
  #groups = 0;
  #oldest: KeptGroup | null = null;
  #newest: KeptGroup | null = null;
  /** The oldest group when room was last made, unless it was heard of since, and its newest hit: so that it need not be looked at each time. */
  #quietest: KeptGroup | null = null;
  #quietestMs = 0;
  #hits = 0;
  #groupsLost = 0;
  #hitsLost = 0;
  /** A group that is not known may be one that was dropped, and older hits would find again what it found. */
  #lostUntilMs: number | null = null;

  /** `index`: may be that of other stores too. */
  constructor(correlation: SigmaCorrelation, limits: GroupLimits, index: GroupIndex) {
    this.#correlation = correlation;
    this.#limits = limits;
    this.#index = index;
  }

  get groups(): number {
    return this.#groups;
  }

  get hits(): number {
    return this.#hits;
  }

  get groupsLost(): number {
    return this.#groupsLost;
  }

  /** Those of groups that were lost with them are not counted here. */
  get hitsLost(): number {
    return this.#hitsLost;
  }

  /** `openMs`: nothing comes any more that is older. */
  update(values: readonly string[], step: Step, openMs: number): readonly GroupChange[] {
    const name = nameOf(values);
    const known = this.#index.find(name, this);
    const changes = known === undefined ? this.#begin(name, step, openMs) : this.#goOn(known, step, openMs);
    this.#makeRoom(openMs);
    return changes;
  }

  /** With what comes to a group that is not known; there is nothing to take from it. */
  #begin(name: string, step: Step, openMs: number): readonly GroupChange[] {
    const coming = this.#stillCounted(step.coming);
    const [only] = coming;
    if (only === undefined) return nothing;
    const lostUntilMs = this.#lostUntilMs;
    if (coming.length === 1) {
      this.#keep(name, only, lostUntilMs);
      this.#hits += 1;
      return judgeOnly(this.#correlation, only);
    }
    const hits = new HitGroup(this.#correlation, lostUntilMs, null);
    this.#keep(name, hits, lostUntilMs);
    return this.#change(hits, { coming, going: [] }, openMs);
  }

  #goOn(known: KeptGroup, step: Step, openMs: number): readonly GroupChange[] {
    this.#toTheEnd(known);
    if (known === this.#quietest) this.#quietest = null;
    if (!(known.hits instanceof HitGroup)) {
      known.hits = new HitGroup(this.#correlation, known.lostUntilMs, known.hits);
    }
    return this.#change(known.hits, step, openMs);
  }

  #change(hits: HitGroup, step: Step, openMs: number): readonly GroupChange[] {
    const before = hits.size;
    const changes = hits.update(step.coming, step.going);
    hits.trim(openMs - this.#correlation.timespanMs);
    hits.shrink(this.#limits.hitsInGroupMax);
    this.#hitsLost += hits.takeLost();
    this.#hits += hits.size - before;
    return changes;
  }

  forget(openMs: number): void {
    for (const group of this.#inOrder()) if (this.#isOver(group, openMs)) this.#drop(group);
  }

  save(): StoreState {
    return {
      groups: this.#inOrder().map((group) => ({ values: this.#valuesOf(group.name), state: group.save() })),
      groupsLost: this.#groupsLost,
      hitsLost: this.#hitsLost,
      lostUntilMs: this.#lostUntilMs,
    };
  }

  restore({ groups, groupsLost, hitsLost, lostUntilMs }: StoreState): void {
    for (const group of this.#inOrder()) this.#drop(group);
    this.#quietest = null;
    this.#groupsLost = groupsLost;
    this.#hitsLost = hitsLost;
    this.#lostUntilMs = lostUntilMs;
    this.#hits = 0;
    for (const { values, state } of groups) {
      const hits = onlyHitOf(state) ?? new HitGroup(this.#correlation, null, null);
      if (hits instanceof HitGroup) hits.restore(state);
      this.#hits += this.#keep(nameOf(values), hits, state.lostUntilMs).size;
    }
  }

  /** Without those of a time of which groups were dropped. */
  #stillCounted(coming: readonly Held[]): readonly Held[] {
    const lostUntilMs = this.#lostUntilMs;
    if (lostUntilMs === null) return coming;
    const counted = coming.filter(({ atMs }) => atMs > lostUntilMs);
    this.#hitsLost += coming.length - counted.length;
    return counted;
  }

  #makeRoom(openMs: number): void {
    // Two at a time: what is over goes sooner than new groups come, without ever walking over all of them.
    let looked = 0;
    // The last group is the one that is being filled; its own limit holds it.
    for (let group = this.#oldest; group !== null && group !== this.#newest; group = this.#oldest) {
      if (group !== this.#quietest) {
        this.#quietest = group;
        this.#quietestMs = group.newestMs;
      }
      const isOver = this.#quietestMs < openMs - this.#correlation.timespanMs;
      const isTooMany = this.#groups > this.#limits.groupsMax || this.#hits > this.#limits.hitsMax;
      if (!isOver && !isTooMany) break;
      if (!isOver) {
        this.#groupsLost += 1;
        this.#lostUntilMs = Math.max(this.#lostUntilMs ?? group.newestMs, group.newestMs);
      }
      this.#drop(group);
      looked += 1;
      if (!isTooMany && looked === 2) break;
    }
  }

  /** No hit that may still come can reach any of the group's. */
  #isOver(group: KeptGroup, openMs: number): boolean {
    return group.newestMs < openMs - this.#correlation.timespanMs;
  }

  #keep(name: string, hits: KeptGroup["hits"], lostUntilMs: number | null): KeptGroup {
    const group = new KeptGroup(name, this, hits);
    group.lostUntilMs = lostUntilMs;
    this.#index.put(group);
    this.#groups += 1;
    this.#append(group);
    return group;
  }

  #drop(group: KeptGroup): void {
    this.#index.take(group);
    this.#groups -= 1;
    this.#takeOut(group);
    this.#hits -= group.size;
  }

  #toTheEnd(group: KeptGroup): void {
    if (group === this.#newest) return;
    this.#takeOut(group);
    this.#append(group);
  }

  #append(group: KeptGroup): void {
    group.older = this.#newest;
    if (this.#newest === null) this.#oldest = group;
    else this.#newest.newer = group;
    this.#newest = group;
  }

  #takeOut(group: KeptGroup): void {
    if (group.older === null) this.#oldest = group.newer;
    else group.older.newer = group.newer;
    if (group.newer === null) this.#newest = group.older;
    else group.newer.older = group.older;
    group.older = null;
    group.newer = null;
  }

  /** Quiet longest first. */
  #inOrder(): readonly KeptGroup[] {
    const all: KeptGroup[] = [];
    for (let group = this.#oldest; group !== null; group = group.newer) all.push(group);
    return all;
  }

  /** What `nameOf` was given. */
  #valuesOf(name: string): readonly string[] {
    return this.#correlation.groupBy.length === 1 ? [name] : (JSON.parse(name) as readonly string[]);
  }
}

function nameOf(values: readonly string[]): string {
  return values.length === 1 ? (values[0] ?? "") : JSON.stringify(values);
}
