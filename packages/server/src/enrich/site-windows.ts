import type { JsonObject, Signal } from "@tillwatch/wire";

/** What windows count. */
export type CountedKind = "arrival" | "void" | "refund" | "exit" | "shelf_drop";

/** One thing that happened at a site; `atMs` is the corrected time. */
export type Counted = { readonly kind: CountedKind; readonly atMs: number; readonly count: number };

type Words = { readonly unit: string; readonly says: string };
export type WindowFeature = Words & {
  readonly name: string;
  readonly kind: CountedKind;
  readonly spanMs: number;
};

const second = 1_000;
const minute = 60_000;

/** The features of a window: how much of each kind lies in the span that ends with it. docs/formats/models.md tells them. */
export const windowFeatures: readonly WindowFeature[] = [
  feature("arrivals_10s", ["arrival", 10 * second], { unit: "people", says: "people who came in within 10 seconds" }),
  feature("arrivals_30s", ["arrival", 30 * second], { unit: "people", says: "people who came in within 30 seconds" }),
  feature("arrivals_60s", ["arrival", minute], { unit: "people", says: "people who came in within a minute" }),
  feature("arrivals_2m", ["arrival", 2 * minute], { unit: "people", says: "people who came in within two minutes" }),
  feature("voids_30m", ["void", 30 * minute], { unit: "voids", says: "voids at the tills within half an hour" }),
  feature("refunds_30m", ["refund", 30 * minute], { unit: "refunds", says: "refunds within half an hour" }),
  feature("exits_2m", ["exit", 2 * minute], { unit: "exits", says: "tags and alarms at the exits within two minutes" }),
  feature("shelf_drops_2m", ["shelf_drop", 2 * minute], {
    unit: "shelf drops",
    says: "shelves that got lighter within two minutes",
  }),
];

function feature(name: string, [kind, spanMs]: [CountedKind, number], words: Words): WindowFeature {
  return { name, kind, spanMs, ...words };
}

const spanMsMax = Math.max(...windowFeatures.map(({ spanMs }) => spanMs));

/** Counted where it lies up to so long before its receipt, or so little after it. What comes later is left to the rules. */
export const countedLateMsMax = 5 * minute;
const countedAheadMsMax = minute;

/** So long after its receipt a counted signal may still stand in a window: what a memory has to be rebuilt from. */
export const windowsReachMs = spanMsMax + countedLateMsMax + 2 * countedAheadMsMax;

const kinds: ReadonlyMap<string, CountedKind> = new Map([
  ["person_detected", "arrival"],
  ["pos_void", "void"],
  ["pos_line_void", "void"],
  ["pos_refund", "refund"],
  ["rfid_exit_read", "exit"],
  ["eas_alarm", "exit"],
  ["shelf_weight_drop", "shelf_drop"],
  ["shelf_emptied", "shelf_drop"],
]);

const peopleMax = 50; // a camera that claims more at once counts something else

/** What this signal adds to the windows of its site; null: nothing. */
export function countedIn(signal: Signal, correctedAtMs: number): Counted | null {
  const kind = kinds.get(signal.type);
  const delayMs = signal.receivedAtMs - correctedAtMs;
  if (kind === undefined || delayMs > countedLateMsMax || delayMs < -countedAheadMsMax) return null;
  const { direction, person_count: people } = signal.data;
  if (kind === "arrival" && direction !== "in") return null;
  if (signal.type === "eas_alarm" && direction === "in") return null;
  const count =
    kind === "arrival" && typeof people === "number" && people >= 1 ? Math.min(Math.floor(people), peopleMax) : 1;
  return { kind, atMs: correctedAtMs, count };
}

type Entry = { readonly atMs: number; readonly count: number };

/** Of one kind at one site; more within half an hour are counted as so many, and the loss is counted. */
export const entriesMax = 512;
// A signal that overtook others stands in windows that ended already: so many of them, within so long, are looked at again.
const laterEndsMax = 16;
const laterEndsMs = minute;

/**
 * What lately happened at each site, by kind in order of corrected time. Bounded: what no window can reach any more goes, and no more
 * than `entriesMax` of a kind stay, the newest ones. Which stay does not depend on the order in which they came.
 */
export class SiteWindows {
  readonly #sites = new Map<string, Map<CountedKind, Entry[]>>();
  #lost = 0;

  /** Entries that were left out because a kind had too many at a site. */
  get lost(): number {
    return this.#lost;
  }

  get size(): number {
    return [...this.#sites.values()]
      .flatMap((byKind) => [...byKind.values()])
      .reduce((sum, list) => sum + list.length, 0);
  }

  add(siteId: string, { kind, atMs, count }: Counted): void {
    const byKind = this.#sites.get(siteId) ?? new Map<CountedKind, Entry[]>();
    this.#sites.set(siteId, byKind);
    const list = byKind.get(kind) ?? [];
    byKind.set(kind, list);
    list.splice(firstAfter(list, atMs), 0, { atMs, count });
    if (list.length > entriesMax) {
      list.shift();
      this.#lost++;
    }
  }

  /**
   * The windows that `counted`, not added yet, stands in: the one that ends with it, and those that end with what happened shortly
   * after it and came before it. So whatever the order of arrival within a minute, the fullest window is among those of the last to come.
   */
  windowsWith(siteId: string, counted: Counted): readonly JsonObject[] {
    const byKind = this.#sites.get(siteId);
    const ends = new Set([counted.atMs]);
    for (const list of byKind?.values() ?? []) {
      for (let at = firstAfter(list, counted.atMs); at < list.length; at++) {
        const { atMs } = list[at] ?? { atMs: 0 };
        if (atMs > counted.atMs + laterEndsMs) break;
        ends.add(atMs);
      }
    }
    const looked = [...ends].toSorted((a, b) => a - b).slice(0, laterEndsMax);
    return looked.map((endsAtMs) => windowAt(byKind, { endsAtMs, counted }));
  }

  /** Lets go of what no window that ends after `nowMs` minus the longest delay can reach. */
  forgetBefore(nowMs: number): void {
    const oldest = nowMs - windowsReachMs;
    for (const [siteId, byKind] of this.#sites) {
      for (const [kind, list] of byKind) {
        list.splice(0, firstAfter(list, oldest));
        if (list.length === 0) byKind.delete(kind);
      }
      if (byKind.size === 0) this.#sites.delete(siteId);
    }
  }
}

function windowAt(
  byKind: ReadonlyMap<CountedKind, readonly Entry[]> | undefined,
  { endsAtMs, counted }: { readonly endsAtMs: number; readonly counted: Counted },
): JsonObject {
  const counts = windowFeatures.map(({ name, kind, spanMs }): [string, number] => {
    const list = byKind?.get(kind) ?? [];
    const afterMs = endsAtMs - spanMs; // exclusive: what is exactly as old as the span is long is outside
    let sum = kind === counted.kind && counted.atMs > afterMs ? counted.count : 0;
    for (let at = firstAfter(list, afterMs); at < list.length && (list[at]?.atMs ?? 0) <= endsAtMs; at++)
      sum += list[at]?.count ?? 0;
    return [name, sum];
  });
  return { ends_at: new Date(endsAtMs).toISOString(), ...Object.fromEntries(counts) };
}

/** The place of the first entry later than `atMs`. */
function firstAfter(list: readonly Entry[], atMs: number): number {
  let [from, to] = [0, list.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((list[middle]?.atMs ?? 0) <= atMs) from = middle + 1;
    else to = middle;
  }
  return from;
}
