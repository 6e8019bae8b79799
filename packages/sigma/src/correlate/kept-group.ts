import { HitGroup, stateOfOnly, type GroupState, type Held } from "./hit-group.ts";

/**
 * A group in the row of all groups of its store: a map would have to be filled anew to keep an order that changes with every event. Most groups never
 * have more than one hit, and are as small as that: what is kept of each is copied twice before it is old enough to stay in its place.
 */
export class KeptGroup {
  readonly name: string;
  /** Whose group it is. */
  readonly store: object;
  /** Up to when hits of its store were dropped for want of room before it was there. */
  lostUntilMs: number | null = null;
  /** The only hit, or all of them. */
  hits: Held | HitGroup;
  /** Heard of just before it, and just after. */
  older: KeptGroup | null = null;
  newer: KeptGroup | null = null;
  /** Of the same name, in another store. */
  namesake: KeptGroup | null = null;

  constructor(name: string, store: object, hits: Held | HitGroup) {
    this.name = name;
    this.store = store;
    this.hits = hits;
  }

  get size(): number {
    return this.hits instanceof HitGroup ? this.hits.size : 1;
  }

  get newestMs(): number {
    return this.hits instanceof HitGroup ? this.hits.newestMs : this.hits.atMs;
  }

  save(): GroupState {
    return this.hits instanceof HitGroup ? this.hits.save() : stateOfOnly(this.hits, this.lostUntilMs);
  }
}

/**
 * The groups of several stores by name. An event mostly stands in the groups of one name in all of them, and the name is looked up once: with hundreds of
 * thousands of names, each lookup waits for memory.
 */
export class GroupIndex {
  readonly #heads = new Map<string, KeptGroup>();
  /** What was asked for last. */
  #name: string | null = null;
  #head: KeptGroup | undefined;

  find(name: string, store: object): KeptGroup | undefined {
    for (let group = this.#headOf(name) ?? null; group !== null; group = group.namesake) {
      if (group.store === store) return group;
    }
    return undefined;
  }

  put(group: KeptGroup): void {
    const head = this.#headOf(group.name);
    if (head === undefined) {
      this.#heads.set(group.name, group);
      this.#head = group;
    } else {
      group.namesake = head.namesake;
      head.namesake = group;
    }
  }

  take(group: KeptGroup): void {
    const head = this.#headOf(group.name);
    if (head === group) {
      if (group.namesake === null) this.#heads.delete(group.name);
      else this.#heads.set(group.name, group.namesake);
      this.#head = group.namesake ?? undefined;
    }
    for (let before = head ?? null; before !== null; before = before.namesake) {
      if (before.namesake === group) before.namesake = group.namesake;
    }
    group.namesake = null;
  }

  #headOf(name: string): KeptGroup | undefined {
    if (name !== this.#name) {
      this.#name = name;
      this.#head = this.#heads.get(name);
    }
    return this.#head;
  }
}
