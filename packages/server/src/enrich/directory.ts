import type { JsonObject } from "@tillwatch/wire";
import { isOpenAt, localTimeIn, type LocalTime, type OpeningHours } from "./local-time.ts";

/** What the organisation knows about its places and things. Plain data: built from pack files and API entries. */
export type DirectoryData = {
  readonly version: string;
  readonly sites: readonly Site[];
  readonly products: readonly Product[];
  readonly calendar: readonly SalePeriod[];
  /** What the installation's own organisation is called, by its people and by partners; absent: as it was called before. */
  readonly ownName?: string;
  /** Organisations besides the installation's own that the files name; made at the start where they are not there yet. */
  readonly organisations?: readonly NamedOrganisation[];
};

export type NamedOrganisation = {
  readonly id: string;
  readonly name: string;
  readonly kind: "retailer" | "police" | "insurer" | "vendor";
  readonly sitePrefix: string | null;
  readonly referenceLetters: string | null;
};

export type Site = {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly organisation: string; // whose it is; "home" is the installation's own
  readonly region: string | null;
  readonly country: string | null; // ISO 3166-1 alpha-2
  readonly timezone: string; // IANA
  readonly currency: string; // ISO 4217
  readonly assortments: readonly string[] | undefined; // what is sold here; only the simulated shops read it
  readonly openingHours: OpeningHours | null; // null: unknown, treated as open
  readonly zones: readonly Zone[];
  readonly devices: readonly Device[];
};

export type Zone = {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly highValue: boolean;
  readonly adjacent: readonly string[];
};

export type Device = {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly zone: string | null;
  readonly covers: readonly string[]; // zones that a camera sees besides its own
  readonly owner: string | null;
  readonly criticality: "low" | "normal" | "high";
};

export type Product = {
  readonly sku: string;
  readonly name: string;
  readonly valueMinor: number;
  readonly currency: string;
  readonly assortment: string | undefined;
  readonly epcClass: string | null; // prefix of its EPC URNs, without the serial
  readonly highValue: boolean;
};

/** A sale period shifts thresholds for its window only. Half-open; sites "*" means all. */
export type SalePeriod = {
  readonly id: string | null; // null: of the pack's file; else set by API under this id
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly sites: readonly string[];
  readonly note: string | null;
};

/** Look-ups over one version of the directory. Immutable: a change makes a new one. */
export class Directory {
  readonly data: DirectoryData;
  readonly #sites: ReadonlyMap<string, Site>;
  readonly #zones: ReadonlyMap<string, Zone>;
  readonly #devices: ReadonlyMap<string, Device>;
  readonly #products: ReadonlyMap<string, Product>;
  readonly #byEpcClass: ReadonlyMap<string, Product>;

  constructor(data: DirectoryData) {
    this.data = data;
    this.#sites = new Map(data.sites.map((site) => [site.id, site]));
    this.#zones = new Map(data.sites.flatMap((site) => site.zones.map((zone) => [key(site.id, zone.id), zone])));
    this.#devices = new Map(
      data.sites.flatMap((site) => site.devices.map((device) => [key(site.id, device.id), device])),
    );
    this.#products = new Map(data.products.map((product) => [product.sku, product]));
    this.#byEpcClass = new Map(
      data.products.flatMap((product) => (product.epcClass === null ? [] : [[product.epcClass, product]])),
    );
  }

  get version(): string {
    return this.data.version;
  }

  site(siteId: string): Site | null {
    return this.#sites.get(siteId) ?? null;
  }

  zone(siteId: string, zoneId: string | null): Zone | null {
    return zoneId === null ? null : (this.#zones.get(key(siteId, zoneId)) ?? null);
  }

  device(siteId: string, deviceId: string | null): Device | null {
    return deviceId === null ? null : (this.#devices.get(key(siteId, deviceId)) ?? null);
  }

  product(sku: string): Product | null {
    return this.#products.get(sku) ?? null;
  }

  /** The article of an EPC URN: everything before its last dot is the class. */
  productOfEpc(epc: string): Product | null {
    return this.#byEpcClass.get(epc.slice(0, epc.lastIndexOf("."))) ?? null;
  }

  /** The site's wall clock at an instant; UTC where the site is unknown. */
  localTime(siteId: string, atMs: number): LocalTime {
    return localTimeIn(this.site(siteId)?.timezone ?? "UTC", atMs);
  }

  isOpen(siteId: string, atMs: number): boolean {
    const hours = this.site(siteId)?.openingHours ?? null;
    return hours === null || isOpenAt(hours, this.localTime(siteId, atMs));
  }

  /** Name of the sale period at a site and instant; the one that began last where several overlap. */
  salePeriod(siteId: string, atMs: number): string | null {
    const here = this.data.calendar.filter(
      (period) => period.fromMs <= atMs && atMs < period.toMs && period.sites.some((id) => id === "*" || id === siteId),
    );
    return here.toSorted((a, b) => b.fromMs - a.fromMs)[0]?.name ?? null;
  }
}

function key(siteId: string, id: string): string {
  return `${siteId}\n${id}`;
}

/** The directory's zone of a signal: its own, else its device's. */
export function zoneIdOf(
  directory: Directory,
  place: { siteId: string; zoneId: string | null; deviceId: string | null },
) {
  return place.zoneId ?? directory.device(place.siteId, place.deviceId)?.zone ?? null;
}

/** A line of the directory as the API shows it. */
export function siteView(site: Site): JsonObject {
  return {
    id: site.id,
    name: site.name,
    kind: site.kind,
    region: site.region,
    timezone: site.timezone,
    currency: site.currency,
    zones: site.zones.map(({ id, name, kind, highValue }) => ({ id, name, kind, highValue })),
    devices: site.devices.map(({ id, name, kind, zone }) => ({ id, name, kind, zone })),
  };
}
