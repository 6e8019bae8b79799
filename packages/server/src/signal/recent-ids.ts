// Two generations of 50,000 ids: about 10 MB, some seconds of a busy shop chain or hours of a quiet one.
const generationMax = 50_000;

/** Ids that are surely in the log, so that most repeats are found without asking the database. Not finding one says nothing. */
export class RecentIds {
  #young = new Set<string>();
  #old = new Set<string>();

  has(id: string): boolean {
    return this.#young.has(id) || this.#old.has(id);
  }

  add(id: string): void {
    this.#young.add(id);
    if (this.#young.size < generationMax) return;
    this.#old = this.#young;
    this.#young = new Set();
  }
}
