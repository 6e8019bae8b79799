/**
 * A small deterministic generator (xmur3 to seed, sfc32 to run). The world never asks the machine for chance, so that one seed is one
 * world, byte for byte. Not for secrets.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter: number;
  readonly #label: string;

  constructor(label: string) {
    this.#label = label;
    const next = hashOf(label);
    [this.#a, this.#b, this.#c, this.#counter] = [next(), next(), next(), 1];
    for (let round = 0; round < 12; round += 1) this.next();
  }

  /** A generator of its own for a part of the world: what happens in one part does not shift the chance of another. */
  fork(part: string): Random {
    return new Random(`${this.#label}/${part}`);
  }

  /** In [0, 1). */
  next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 4_294_967_296;
  }

  /** An integer, both ends included. */
  int(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  between(from: number, to: number): number {
    return from + this.next() * (to - from);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of a list that MUST NOT be empty. */
  pick<T>(list: readonly T[]): T {
    const found = list[Math.floor(this.next() * list.length)];
    if (found === undefined) throw new Error("nothing to pick from");
    return found;
  }

  /** One of a list by its weights, which MUST NOT sum to zero. */
  pickWeighted<T extends { readonly weight: number }>(list: readonly T[]): T {
    let left = this.next() * list.reduce((sum, one) => sum + one.weight, 0);
    for (const one of list) {
      left -= one.weight;
      if (left < 0) return one;
    }
    return this.pick(list);
  }

  /** How many times something happens that happens `mean` times on average (Poisson). */
  count(mean: number): number {
    const limit = Math.exp(-mean);
    let times = 0;
    for (let product = this.next(); product > limit && times < 1000; product *= this.next()) times += 1;
    return times;
  }

  /** Roughly normal with mean 0 and deviation 1 (sum of twelve). */
  normal(): number {
    let sum = -6;
    for (let turn = 0; turn < 12; turn += 1) sum += this.next();
    return sum;
  }
}

function hashOf(text: string): () => number {
  let hash = 1_779_033_703 ^ text.length;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 3_432_918_353);
    hash = (hash << 13) | (hash >>> 19);
  }
  return () => {
    hash = Math.imul(hash ^ (hash >>> 16), 2_246_822_507);
    hash = Math.imul(hash ^ (hash >>> 13), 3_266_489_909);
    hash ^= hash >>> 16;
    return hash >>> 0;
  };
}
