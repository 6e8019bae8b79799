// A guesser may send a thousand a second: the record gets the first, and then one a while with the number of those between.
const quietMs = 10 * 60_000;
const subjectsMax = 1_000;

type Count = { recordedAtMs: number; since: number };

/** Decides which refusals go on the record, so that nobody can flood it. Subjects beyond the limit share one count. */
export class RefusalMeter {
  readonly #counts = new Map<string, Count>();

  /** `record` false: counted only. `since`: refusals of this subject that were counted and not recorded before this one. */
  note(subject: string, nowMs: number): { readonly record: boolean; readonly since: number } {
    this.#forget(nowMs);
    const name = this.#counts.has(subject) || this.#counts.size < subjectsMax ? subject : "";
    const count = this.#counts.get(name);
    if (count === undefined) {
      this.#counts.set(name, { recordedAtMs: nowMs, since: 0 });
      return { record: true, since: 0 };
    }
    if (nowMs - count.recordedAtMs < quietMs) {
      count.since += 1;
      return { record: false, since: count.since };
    }
    const { since } = count;
    this.#counts.set(name, { recordedAtMs: nowMs, since: 0 });
    return { record: true, since };
  }

  /** Quiet subjects leave, but not those that still have something to tell. */
  #forget(nowMs: number): void {
    if (this.#counts.size < subjectsMax) return;
    for (const [name, count] of this.#counts) {
      if (nowMs - count.recordedAtMs >= quietMs) this.#counts.delete(name);
    }
  }
}
