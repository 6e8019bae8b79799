import { Type, type Static } from "typebox";
import { ok, refused, type Result } from "@tillwatch/wire";
import type { DirectoryData, SalePeriod, Site } from "./directory.ts";
import { parseSpan, type OpeningHours, type Weekday } from "./local-time.ts";

export const organisationIdPattern = "^[a-z][a-z0-9-]{0,31}$";
// One hyphen, at the end: no prefix begins another, so an id can be of one organisation only.
export const sitePrefixPattern = "^[a-z][a-z0-9]{1,14}-$";
export const referenceLettersPattern = "^[A-Z]{2,6}$";

const Id = Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$" });
const Name = Type.String({ minLength: 1, maxLength: 200 });
const Spans = Type.Array(Type.String(), { maxItems: 6 });
const Hours = Type.Partial(
  Type.Object({ mon: Spans, tue: Spans, wed: Spans, thu: Spans, fri: Spans, sat: Spans, sun: Spans }),
);

const ZoneEntry = Type.Object({
  id: Id,
  name: Name,
  kind: Type.String({ minLength: 1 }),
  high_value: Type.Optional(Type.Boolean()),
  adjacent: Type.Optional(Type.Array(Id)),
});

export const DeviceEntry = Type.Object({
  id: Id,
  kind: Type.String({ minLength: 1 }),
  name: Type.Optional(Name),
  zone: Type.Optional(Id),
  covers: Type.Optional(Type.Array(Id)),
  owner: Type.Optional(Type.String()),
  criticality: Type.Optional(Type.Union([Type.Literal("low"), Type.Literal("normal"), Type.Literal("high")])),
});

export const SiteEntry = Type.Object({
  id: Id,
  name: Name,
  kind: Type.Optional(Type.String()),
  organisation: Type.Optional(Type.String({ pattern: organisationIdPattern })),
  region: Type.Optional(Type.String()),
  country: Type.Optional(Type.String({ pattern: "^[A-Z]{2}$" })),
  timezone: Type.String({ minLength: 1 }),
  currency: Type.String({ pattern: "^[A-Z]{3}$" }),
  assortments: Type.Optional(Type.Array(Type.String())),
  opening_hours: Type.Optional(Hours),
  zones: Type.Optional(Type.Array(ZoneEntry)),
  devices: Type.Optional(Type.Array(DeviceEntry)),
});

export const ProductEntry = Type.Object({
  sku: Type.String({ minLength: 1, maxLength: 64 }),
  name: Name,
  value_minor: Type.Integer({ minimum: 0 }),
  currency: Type.String({ pattern: "^[A-Z]{3}$" }),
  assortment: Type.Optional(Type.String()),
  epc_class: Type.Optional(Type.String({ pattern: "^urn:epc:id:[a-z]+:[0-9.]+$" })),
  high_value: Type.Optional(Type.Boolean()),
});

export const CalendarEntry = Type.Object({
  name: Name,
  from: Type.String(),
  to: Type.String(),
  sites: Type.Array(Type.String()),
  note: Type.Optional(Type.String()),
});

const OrganisationEntry = Type.Object({
  id: Type.String({ pattern: organisationIdPattern }),
  name: Name,
  kind: Type.Union([Type.Literal("retailer"), Type.Literal("police"), Type.Literal("insurer"), Type.Literal("vendor")]),
  site_prefix: Type.Optional(Type.String({ pattern: sitePrefixPattern })),
  reference_letters: Type.Optional(Type.String({ pattern: referenceLettersPattern })),
});

export const DirectoryFile = Type.Object({
  version: Type.String({ minLength: 1 }),
  organisation: Type.Optional(Name),
  organisations: Type.Optional(Type.Array(OrganisationEntry)),
  sites: Type.Array(SiteEntry),
  products: Type.Optional(Type.Array(ProductEntry)),
  calendar: Type.Optional(Type.Array(CalendarEntry)),
});

/** A sentence about an entry that has the right shape but cannot be meant. */
export type DirectoryProblem = { readonly entry: string; readonly message: string };

/** Turns checked file content into the directory; refuses what contradicts itself (unknown zones, doubled ids, bad hours). */
export function toDirectoryData(
  file: Static<typeof DirectoryFile>,
): Result<DirectoryData, readonly DirectoryProblem[]> {
  const problems: DirectoryProblem[] = [];
  const sites = file.sites.map((entry) => toSite(entry, problems));
  refuseDoubled(
    sites.map((site) => site.id),
    "site",
    problems,
  );
  const products = (file.products ?? []).map(toProduct);
  refuseDoubled(
    products.map((product) => product.sku),
    "product",
    problems,
  );
  const calendar = (file.calendar ?? []).map((entry) => toPeriod(entry, null, problems));
  if (problems.length > 0) return refused(problems);
  const organisations = (file.organisations ?? []).map((entry) => ({
    id: entry.id,
    name: entry.name,
    kind: entry.kind,
    sitePrefix: entry.site_prefix ?? null,
    referenceLetters: entry.reference_letters ?? null,
  }));
  const own = file.organisation === undefined ? {} : { ownName: file.organisation };
  return ok({ version: file.version, sites, products, calendar, organisations, ...own });
}

export function toProduct(entry: Static<typeof ProductEntry>) {
  return {
    sku: entry.sku,
    name: entry.name,
    valueMinor: entry.value_minor,
    currency: entry.currency,
    assortment: entry.assortment,
    epcClass: entry.epc_class ?? null,
    highValue: entry.high_value ?? false,
  };
}

export function toSite(entry: Static<typeof SiteEntry>, problems: DirectoryProblem[]): Site {
  const say = (message: string) => problems.push({ entry: `site ${entry.id}`, message });
  if (!isTimezone(entry.timezone)) say(`${entry.timezone} is not an IANA time zone, like Europe/Berlin`);
  const zones = (entry.zones ?? []).map((zone) => ({
    id: zone.id,
    name: zone.name,
    kind: zone.kind,
    highValue: zone.high_value ?? false,
    adjacent: zone.adjacent ?? [],
  }));
  const known = new Set(zones.map((zone) => zone.id));
  for (const zone of zones) {
    for (const neighbour of zone.adjacent)
      if (!known.has(neighbour)) say(`zone ${zone.id} borders on unknown zone ${neighbour}`);
  }
  const devices = (entry.devices ?? []).map((device) => toDevice(device));
  for (const device of devices) {
    const zonesOfDevice = [...(device.zone === null ? [] : [device.zone]), ...device.covers];
    for (const zone of zonesOfDevice) if (!known.has(zone)) say(`device ${device.id} names unknown zone ${zone}`);
  }
  refuseDoubled(
    [...known.keys()].length === zones.length ? [] : zones.map((zone) => zone.id),
    `zone of ${entry.id}`,
    problems,
  );
  refuseDoubled(
    devices.map((device) => device.id),
    `device of ${entry.id}`,
    problems,
  );
  return {
    id: entry.id,
    name: entry.name,
    kind: entry.kind ?? "store",
    organisation: entry.organisation ?? "home",
    region: entry.region ?? null,
    country: entry.country ?? null,
    timezone: entry.timezone,
    currency: entry.currency,
    assortments: entry.assortments,
    openingHours: entry.opening_hours === undefined ? null : toHours(entry.opening_hours, say),
    zones,
    devices,
  };
}

export function toDevice(device: Static<typeof DeviceEntry>) {
  return {
    id: device.id,
    kind: device.kind,
    name: device.name ?? device.id,
    zone: device.zone ?? null,
    covers: device.covers ?? [],
    owner: device.owner ?? null,
    criticality: device.criticality ?? ("normal" as const),
  };
}

function toHours(hours: Static<typeof Hours>, say: (message: string) => void): OpeningHours {
  const spansOf = (day: Weekday) =>
    (hours[day] ?? []).flatMap((text) => {
      const span = parseSpan(text);
      if (span === null) say(`opening hours of ${day}: ${text} is not like 08:00-20:00`);
      return span === null ? [] : [span];
    });
  return {
    mon: spansOf("mon"),
    tue: spansOf("tue"),
    wed: spansOf("wed"),
    thu: spansOf("thu"),
    fri: spansOf("fri"),
    sat: spansOf("sat"),
    sun: spansOf("sun"),
  };
}

export function toPeriod(
  entry: Static<typeof CalendarEntry>,
  id: string | null,
  problems: DirectoryProblem[],
): SalePeriod {
  const fromMs = Date.parse(entry.from);
  const toMs = Date.parse(entry.to);
  if (!(fromMs < toMs)) {
    problems.push({
      entry: `calendar ${entry.name}`,
      message: "from and to must be dates or instants, from before to",
    });
  }
  return { id, name: entry.name, fromMs, toMs, sites: entry.sites, note: entry.note ?? null };
}

function refuseDoubled(ids: readonly string[], what: string, problems: DirectoryProblem[]): void {
  const seen = new Set<string>();
  for (const id of ids) {
    if (seen.has(id)) problems.push({ entry: `${what} ${id}`, message: "stands twice" });
    seen.add(id);
  }
}

function isTimezone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone.length > 0;
  } catch {
    return false; // RangeError is how Intl says that it does not know the zone
  }
}
