import type { Random } from "./random.ts";
import type { SimDevice, SimDirectory, SimOpeningHours, SimProduct, SimSite, SimZone } from "./sim-directory.ts";

const quarterMs = 15 * 60_000;
const weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

/** An article in somebody's hands; `epc` where it carries a tag. */
export type Article = { readonly product: SimProduct; readonly epc: string | null };

/** One shop of the world: its places, devices, goods and people, and its clock on the wall. */
export class Shop {
  readonly site: SimSite;
  readonly staff: readonly string[];
  readonly #directory: SimDirectory;
  readonly #goods: readonly SimProduct[];
  readonly #clock: Intl.DateTimeFormat;
  #quarter = { at: Number.NaN, hour: 0, open: true };
  #serial = 0;
  #receipt = 0;
  #track = 0;

  constructor(directory: SimDirectory, site: SimSite, random: Random) {
    this.site = site;
    this.#directory = directory;
    const sold = directory.products.filter(
      ({ assortment }) =>
        assortment === undefined || site.assortments === undefined || site.assortments.includes(assortment),
    );
    this.#goods = sold.length > 0 ? sold : directory.products;
    if (this.#goods.length === 0) throw new Error("the directory names no product, so nothing can be sold or stolen");
    const options = { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
    this.#clock = new Intl.DateTimeFormat("en-GB", { ...options, timeZone: site.timezone });
    const people = random.fork("staff");
    this.staff = Array.from({ length: 8 }, () => `st_${people.int(0x100000, 0xffffff).toString(16)}`);
    this.#serial = people.int(100_000, 900_000);
  }

  devices(kind: string): readonly SimDevice[] {
    return this.site.devices.filter((device) => device.kind === kind);
  }

  /** A device of a kind, at one of these kinds of zone where there is such a one; null where the shop has none. */
  device(random: Random, kind: string, zoneKinds: readonly string[] = []): SimDevice | null {
    const all = this.devices(kind);
    const kindOf = new Map(this.site.zones.map((zone) => [zone.id, zone.kind]));
    const near = all.filter((device) => zoneKinds.includes(kindOf.get(device.zone ?? "") ?? ""));
    const from = near.length > 0 ? near : all;
    return from.length > 0 ? random.pick(from) : null;
  }

  /** The camera that sees a zone: its own first, else one that covers it. */
  camera(zoneId: string): SimDevice | null {
    const cameras = this.devices("camera");
    return cameras.find(({ zone }) => zone === zoneId) ?? cameras.find(({ covers }) => covers.includes(zoneId)) ?? null;
  }

  /** A zone of the first of these kinds that the shop has; any zone where it has none of them. */
  zone(random: Random, kinds: readonly string[]): SimZone {
    for (const kind of kinds) {
      const found = this.site.zones.filter((zone) => zone.kind === kind);
      if (found.length > 0) return random.pick(found);
    }
    return random.pick(this.site.zones);
  }

  /** The zones that one walks through, the last one included; straight there where no way is known. */
  wayTo(fromZone: string, toZone: string): readonly string[] {
    const cameFrom = new Map<string, string>([[fromZone, fromZone]]);
    const ahead = [fromZone];
    for (const here of ahead) {
      const zone = this.site.zones.find(({ id }) => id === here);
      for (const next of zone?.adjacent ?? []) {
        if (cameFrom.has(next)) continue;
        cameFrom.set(next, here);
        ahead.push(next);
      }
    }
    if (!cameFrom.has(toZone)) return [toZone];
    const way: string[] = [];
    for (let at = toZone; at !== fromZone; at = cameFrom.get(at) ?? fromZone) way.unshift(at);
    return way;
  }

  article(random: Random, want: "any" | "high_value"): Article {
    const fine = want === "high_value" ? this.#goods.filter(({ highValue }) => highValue) : this.#goods;
    const product = random.pick(fine.length > 0 ? fine : this.#goods);
    if (product.epcClass === null) return { product, epc: null };
    this.#serial += 1;
    return { product, epc: `${product.epcClass}.${this.#serial}` };
  }

  articles(random: Random, count: number, want: "any" | "high_value"): readonly Article[] {
    return Array.from({ length: count }, () => this.article(random, want));
  }

  /** Who sits at a till: the same person through a quarter of the day. */
  cashier(till: SimDevice, atMs: number): string {
    const seat = this.devices("till").indexOf(till) + Math.floor(this.hour(atMs) / 6);
    return this.staff[Math.max(seat, 0) % this.staff.length] ?? "st_0";
  }

  receiptId(till: SimDevice): string {
    this.#receipt += 1;
    return `${this.site.id}-${till.id}-${String(this.#receipt).padStart(6, "0")}`;
  }

  trackId(): string {
    this.#track += 1;
    return `${this.site.id}-trk-${this.#track}`;
  }

  isOpen(atMs: number): boolean {
    return this.#at(atMs).open;
  }

  hour(atMs: number): number {
    return this.#at(atMs).hour;
  }

  inSalePeriod(atMs: number): boolean {
    return this.#directory.calendar.some(
      ({ fromMs, toMs, sites }) =>
        fromMs <= atMs && atMs < toMs && sites.some((id) => id === "*" || id === this.site.id),
    );
  }

  // Zones differ from UTC by whole quarters of an hour, so one look at the wall clock serves a quarter.
  #at(atMs: number): { readonly hour: number; readonly open: boolean } {
    const quarter = Math.floor(atMs / quarterMs);
    if (this.#quarter.at !== quarter) {
      const parts = new Map(this.#clock.formatToParts(quarter * quarterMs).map(({ type, value }) => [type, value]));
      const hour = Number(parts.get("hour"));
      const minute = hour * 60 + Number(parts.get("minute"));
      const day = weekdays.find((name) => name === parts.get("weekday")?.toLowerCase()) ?? "mon";
      this.#quarter = { at: quarter, hour, open: openAt(this.site.openingHours, day, minute) };
    }
    return this.#quarter;
  }
}

function openAt(hours: SimOpeningHours | null, day: (typeof weekdays)[number], minute: number): boolean {
  return hours === null || hours[day].some(([from, to]) => from <= minute && minute < to);
}
