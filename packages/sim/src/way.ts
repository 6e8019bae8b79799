import { Random } from "./random.ts";

const bucketMs = 6 * 3_600_000;

export type WayOptions = {
  readonly outagesPerDay: number; // per device
  readonly duplicateShare: number; // 0..1
};

/**
 * The way from a device to us: usually tens of milliseconds, so that neighbours overtake each other; now and then an outage,
 * during which the device keeps what it saw and sends it afterwards; and some events come twice.
 */
export class Way {
  readonly #label: string;
  readonly #random: Random;
  readonly #options: WayOptions;
  readonly #outages = new Map<number, { readonly fromMs: number; readonly toMs: number } | null>();

  constructor(label: string, options: WayOptions) {
    this.#label = label;
    this.#random = new Random(`${label}/way`);
    this.#options = options;
  }

  /** When an event that happened at `atMs` reaches us, in order; one entry, two where it comes twice. */
  arrivals(atMs: number): readonly { readonly atMs: number; readonly late: boolean; readonly duplicate: boolean }[] {
    const random = this.#random;
    const hiccup = random.chance(0.03) ? random.between(500, 4_000) : 0;
    const usual = 20 + random.next() * 180 + hiccup;
    const outage = this.#outageAt(atMs);
    const late = outage !== null;
    const first = Math.ceil(outage === null ? atMs + usual : outage.toMs + usual * 4);
    const again = random.between(50, 20_000);
    const twice = random.chance(this.#options.duplicateShare);
    const arrival = { atMs: first, late, duplicate: false };
    return twice ? [arrival, { atMs: Math.ceil(first + again), late, duplicate: true }] : [arrival];
  }

  // Outages depend on the device and the time alone, because events are told ahead of their time and out of order.
  #outageAt(atMs: number): { readonly fromMs: number; readonly toMs: number } | null {
    const bucket = Math.floor(atMs / bucketMs);
    for (const at of [bucket - 1, bucket]) {
      const outage = this.#outageIn(at);
      if (outage !== null && outage.fromMs <= atMs && atMs < outage.toMs) return outage;
    }
    return null;
  }

  #outageIn(bucket: number): { readonly fromMs: number; readonly toMs: number } | null {
    const known = this.#outages.get(bucket);
    if (known !== undefined) return known;
    const random = new Random(`${this.#label}/outage/${bucket}`);
    const happens = random.chance((this.#options.outagesPerDay * bucketMs) / 86_400_000);
    const fromMs = bucket * bucketMs + random.int(0, bucketMs - 1);
    const outage = happens ? { fromMs, toMs: fromMs + random.int(60_000, 25 * 60_000) } : null;
    if (this.#outages.size > 16) this.#outages.clear();
    this.#outages.set(bucket, outage);
    return outage;
  }
}
