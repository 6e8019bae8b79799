import { isJsonObject, type JsonObject } from "@tillwatch/wire";
import { windowFeatures } from "../enrich/site-windows.ts";
import type { EnrichedSignal } from "../flow.ts";

export const featureNames: readonly string[] = windowFeatures.map(({ name }) => name);

const rowsMax = 200_000;

/** What a model is trained from: the windows of the past as rows of counts, of which site no longer known, and what they cover. */
export type TrainingRows = {
  readonly values: Float64Array; // one row after the other, as `featureNames`
  readonly windows: number; // that were seen; of more than a number can hold every so many-th is a row
  readonly sites: number;
  readonly siteDays: number; // of days (UTC) of sites on which something was counted
  readonly fromMs: number;
  readonly toMs: number;
};

/** Gathers a window a counted signal: the one that ends with it. Bounded, and the same signals give the same rows. */
export class RowGatherer {
  #rows: number[][] = [];
  #stride = 1;
  #windows = 0;
  readonly #sites = new Set<string>();
  readonly #siteDays = new Set<string>();
  #fromMs = Number.POSITIVE_INFINITY;
  #toMs = Number.NEGATIVE_INFINITY;

  take({ signal, view, correctedAtMs }: Pick<EnrichedSignal, "signal" | "view" | "correctedAtMs">): void {
    const windows = view["site_windows"];
    const own = Array.isArray(windows) ? (windows[0] as unknown) : undefined;
    if (!isJsonObject(own)) return;
    if (this.#windows++ % this.#stride === 0) this.#keep(own);
    this.#sites.add(signal.siteId);
    this.#siteDays.add(`${signal.siteId} ${new Date(correctedAtMs).toISOString().slice(0, 10)}`);
    this.#fromMs = Math.min(this.#fromMs, correctedAtMs);
    this.#toMs = Math.max(this.#toMs, correctedAtMs);
  }

  rows(): TrainingRows {
    return {
      values: Float64Array.from(this.#rows.flat()),
      windows: this.#windows,
      sites: this.#sites.size,
      siteDays: this.#siteDays.size,
      fromMs: this.#fromMs,
      toMs: this.#toMs,
    };
  }

  #keep(window: JsonObject): void {
    this.#rows.push(featureNames.map((name) => Number(window[name] ?? 0)));
    if (this.#rows.length < rowsMax) return;
    this.#rows = this.#rows.filter((_, at) => at % 2 === 0);
    this.#stride *= 2;
  }
}
