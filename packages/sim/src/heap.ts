/** A binary heap: the smallest first; of equals the one that was put in first. */
export class Heap<T> {
  readonly #items: { readonly key: number; readonly ordinal: number; readonly value: T }[] = [];
  #ordinal = 0;

  get size(): number {
    return this.#items.length;
  }

  /** Key of the smallest; infinity where nothing is left. */
  get least(): number {
    return this.#items[0]?.key ?? Number.POSITIVE_INFINITY;
  }

  push(key: number, value: T): void {
    this.#items.push({ key, ordinal: this.#ordinal, value });
    this.#ordinal += 1;
    let child = this.#items.length - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!this.#less(child, parent)) return;
      this.#swap(child, parent);
      child = parent;
    }
  }

  pop(): T | undefined {
    const first = this.#items[0];
    const last = this.#items.pop();
    if (first === undefined || last === undefined) return undefined;
    if (this.#items.length === 0) return first.value;
    this.#items[0] = last;
    for (let parent = 0; ;) {
      const left = 2 * parent + 1;
      const right = left + 1;
      const child = right < this.#items.length && this.#less(right, left) ? right : left;
      if (child >= this.#items.length || !this.#less(child, parent)) return first.value;
      this.#swap(child, parent);
      parent = child;
    }
  }

  #less(a: number, b: number): boolean {
    const [x, y] = [this.#items[a], this.#items[b]];
    if (x === undefined || y === undefined) return false;
    return x.key < y.key || (x.key === y.key && x.ordinal < y.ordinal);
  }

  #swap(a: number, b: number): void {
    const [x, y] = [this.#items[a], this.#items[b]];
    if (x === undefined || y === undefined) return;
    this.#items[a] = y;
    this.#items[b] = x;
  }
}
