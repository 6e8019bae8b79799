import type { KnownItem } from "../flow.ts";
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
  readonly #selling = new Map<string, SaleFact[]>(); // by site and article: those of a busy hour are too many to look through for each exit
  readonly #exits = new Map<string, ExitFact[]>();
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
    const articles = new Set(items.flatMap(articlesOf));
    return [...new Set([...articles].flatMap((article) => this.#selling.get(`${siteId}\n${article}`) ?? []))];
  }

  exitsAt(siteId: string): readonly ExitFact[] {
    return this.#exits.get(siteId) ?? [];
  }

  delaysOf(deviceKey: string): readonly DelaySample[] {
    return this.#delays.get(deviceKey)?.filter((sample) => sample.receivedAtMs >= this.#oldestMs) ?? [];
  }

  remember(entry: Remembered): void {
    if (entry.counted != null) this.windows.add(entry.siteId, entry.counted);
    if (entry.sale !== null) {
      listAt(this.#sales, entry.siteId).push(entry.sale);
      for (const article of soldIn(entry.sale)) listAt(this.#selling, `${entry.siteId}\n${article}`).push(entry.sale);
    }
    if (entry.exit !== null) listAt(this.#exits, entry.siteId).push(entry.exit);
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
    const goneSignals = new Set(gone.flatMap((entry) => [entry.sale?.signalId, entry.exit?.signalId]));
    const articles = gone.flatMap(({ siteId, sale }) =>
      sale === null ? [] : [...soldIn(sale)].map((article) => `${siteId}\n${article}`),
    );
    for (const key of new Set(articles)) keepOnly(this.#selling, key, (sale) => !goneSignals.has(sale.signalId));
    for (const siteId of new Set(gone.map((entry) => entry.siteId))) {
      keepOnly(this.#sales, siteId, (sale) => !goneSignals.has(sale.signalId));
      keepOnly(this.#exits, siteId, (exit) => !goneSignals.has(exit.signalId));
    }
  }
}

function soldIn({ items }: SaleFact): ReadonlySet<string> {
  return new Set(items.flatMap(articlesOf));
}

/** By which a sale and what passed a gate may be the same thing. */
function articlesOf({ epc, sku }: KnownItem): readonly string[] {
  return [...(epc === null ? [] : [`epc:${epc}`]), ...(sku === null ? [] : [`sku:${sku}`])];
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
