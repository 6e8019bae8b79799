/**
 * A sum of numbers without rounding on the way: whatever the order in which they come and go, the same numbers give the same sum, and
 * what was added and taken off leaves nothing behind. Rounded once, to the nearest number, when it is read.
 *
 * Shewchuk, "Adaptive Precision Floating-Point Arithmetic" (1997): the sum is kept as parts that do not overlap. Numbers must be finite and
 * below 1e300, so that no partial sum overflows.
 */
export class ExactSum {
  /** Ascending in magnitude, none overlapping the next. */
  #parts: number[] = [];

  add(value: number): void {
    let rest = value;
    let kept = 0;
    for (const part of this.#parts) {
      const [large, small] = Math.abs(rest) < Math.abs(part) ? [part, rest] : [rest, part];
      const high = large + small;
      const low = small - (high - large);
      if (low !== 0) {
        this.#parts[kept] = low;
        kept += 1;
      }
      rest = high;
    }
    this.#parts.length = kept;
    if (rest !== 0) this.#parts.push(rest);
  }

  get value(): number {
    const parts = this.#parts;
    let at = parts.length - 1;
    let high = parts[at] ?? 0;
    let low = 0;
    while (at > 0 && low === 0) {
      at -= 1;
      const large = high;
      const small = parts[at] ?? 0;
      high = large + small;
      low = small - (high - large);
    }
    // A remainder of exactly half a step is rounded by what lies below it, not to even.
    const below = parts[at - 1] ?? 0;
    if (at > 0 && ((low < 0 && below < 0) || (low > 0 && below > 0))) {
      const double = low * 2;
      const rounded = high + double;
      if (double === rounded - high) high = rounded;
    }
    return high;
  }
}
