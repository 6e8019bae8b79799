import type { KnownItem } from "../flow.ts";
import { ByArticle } from "./by-article.ts";
import type { DelaySample } from "./clock-offset.ts";
import type { ExitFact, SaleFact } from "./sale-explains.ts";
import { SiteWindows, type Counted } from "./site-windows.ts";

/** What one partition's recent signals leave behind for those that follow. Times are corrected times. */
export type Remembered = {
  readonly siteId: string;
  readonly deviceKey: string | null;
  readonly receivedAtMs: number;
  readonly delay: DelaySample;
  readonly sale: SaleFact | null;
  readonly exit: ExitFact | null;
  readonly counted?: Counted | null; // in the windows of its site
};

const delaysPerDeviceMax = 8;

/**
 * The window that enrichment looks back over. It lives in memory, grows with each batch that committed, and is rebuilt by
 * replaying the log from before the cursor; it holds nothing that the log does not.
 */
export class SiteMemory {
  readonly #horizonMs: number;
  #entries: Remembered[] = []; // sales and exits only: what a window must let go of again
  readonly #sales = new Map<string, SaleFact[]>();
  readonly #salesBy = new Map<string, ByArticle<SaleFact>>();
  readonly #exitsBy = new Map<string, ByArticle<ExitFact>>();
  readonly #delays = new Map<string, DelaySample[]>(); // of devices: as many as the directory has
  #oldestMs = -Infinity;
  readonly windows = new SiteWindows();

  /** `horizonMs`: how long after it was received a signal still matters to others. */
  constructor(horizonMs: number) {
    this.#horizonMs = horizonMs;
  }

  get horizonMs(): number {
    return this.#horizonMs;
  }

  salesAt(siteId: string): readonly SaleFact[] {
    return this.#sales.get(siteId) ?? [];
  }

  /** Of the site's sales those that can cover one of these items, in no order. */
  salesOf(siteId: string, items: readonly KnownItem[]): readonly SaleFact[] {
    return [...(this.#salesBy.get(siteId)?.of(items) ?? [])];
  }

  /** Of the site's exits those that one of these items can cover, in no order. */
  exitsOf(siteId: string, items: readonly KnownItem[]): readonly ExitFact[] {
    return [...(this.#exitsBy.get(siteId)?.of(items) ?? [])];
  }

  delaysOf(deviceKey: string): readonly DelaySample[] {
    return this.#delays.get(deviceKey)?.filter((sample) => sample.receivedAtMs >= this.#oldestMs) ?? [];
  }

  remember(entry: Remembered): void {
    if (entry.counted != null) this.windows.add(entry.siteId, entry.counted);
    if (entry.sale !== null) {
      listAt(this.#sales, entry.siteId).push(entry.sale);
      indexAt(this.#salesBy, entry.siteId).add(entry.sale);
    }
    if (entry.exit !== null) indexAt(this.#exitsBy, entry.siteId).add(entry.exit);
    if (entry.deviceKey !== null) {
      const delays = listAt(this.#delays, entry.deviceKey);
      delays.push(entry.delay);
      if (delays.length > delaysPerDeviceMax) delays.shift();
    }
    if (entry.sale !== null || entry.exit !== null) this.#entries.push(entry);
  }

  /** Forgets what was received before `nowMs - horizonMs`. */
  forgetBefore(nowMs: number): void {
    const oldest = nowMs - this.#horizonMs;
    this.#oldestMs = Math.max(this.#oldestMs, oldest);
    this.windows.forgetBefore(nowMs);
    const keep = this.#entries.findIndex((entry) => entry.receivedAtMs >= oldest);
    const gone = keep === -1 ? this.#entries.splice(0) : this.#entries.splice(0, keep);
    if (gone.length === 0) return;
    for (const [siteId, left] of Map.groupBy(gone, (entry) => entry.siteId)) {
      const sales = new Set(left.flatMap(({ sale }) => sale ?? []));
      const exits = new Set(left.flatMap(({ exit }) => exit ?? []));
      keepOnly(this.#sales, siteId, (sale) => !sales.has(sale));
      this.#salesBy.get(siteId)?.remove(sales);
      this.#exitsBy.get(siteId)?.remove(exits);
    }
  }
}

function indexAt<T extends { readonly items: readonly KnownItem[] }>(
  map: Map<string, ByArticle<T>>,
  siteId: string,
): ByArticle<T> {
  const known = map.get(siteId) ?? new ByArticle<T>();
  map.set(siteId, known);
  return known;
}

function listAt<T>(map: Map<string, T[]>, key: string): T[] {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made: T[] = [];
  map.set(key, made);
  return made;
}

function keepOnly<T>(map: Map<string, T[]>, key: string, keep: (value: T) => boolean): void {
  const left = (map.get(key) ?? []).filter(keep);
  if (left.length === 0) map.delete(key);
  else map.set(key, left);
}
