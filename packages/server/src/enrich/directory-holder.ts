import type { Static } from "typebox";
import { Value } from "typebox/value";
import type { JsonObject } from "@tillwatch/wire";
import { nodeDigest } from "../platform/digest.ts";
import {
  CalendarEntry,
  DeviceEntry,
  ProductEntry,
  SiteEntry,
  toDevice,
  toPeriod,
  toProduct,
  toSite,
  type DirectoryProblem,
} from "./directory-shape.ts";
import type { DirectoryEntry } from "./directory-store.ts";
import { Directory, type DirectoryData, type Site } from "./directory.ts";

/** The directory in force: the pack's files with the API's entries over them. Replaced whole, never changed. */
export class DirectoryHolder {
  readonly #files: DirectoryData;
  #current: Directory;

  constructor(files: DirectoryData) {
    this.#files = files;
    this.#current = new Directory(files);
  }

  current(): Directory {
    return this.#current;
  }

  replace(entries: readonly DirectoryEntry[]): void {
    this.#current = this.with(entries);
  }

  /** The directory as it would be with these entries. */
  with(entries: readonly DirectoryEntry[]): Directory {
    return new Directory(withEntries(this.#files, entries));
  }
}

/** Lays entries over files: a site or product replaces its namesake (a site keeps devices set by API), a device joins its site. */
export function withEntries(files: DirectoryData, entries: readonly DirectoryEntry[]): DirectoryData {
  const sites = new Map(files.sites.map((site) => [site.id, site]));
  const products = new Map(files.products.map((product) => [product.sku, product]));
  for (const entry of entries) {
    if (entry.kind === "site") sites.set(entry.id, toSite(entry.body as Static<typeof SiteEntry>, []));
    if (entry.kind === "product") products.set(entry.id, toProduct(entry.body as Static<typeof ProductEntry>));
    const site = entry.kind === "device" ? sites.get(entry.siteId) : undefined;
    if (site !== undefined) sites.set(site.id, withDevice(site, entry.body));
  }
  const periods = entries
    .filter(({ kind }) => kind === "period")
    .map((entry) => toPeriod(entry.body as Static<typeof CalendarEntry>, entry.id, []));
  return {
    ...files,
    version: versionWith(files.version, entries),
    sites: [...sites.values()],
    products: [...products.values()],
    calendar: [...files.calendar, ...periods],
  };
}

/** Names what was looked up in: any other entry, or another body of one, is another version. */
function versionWith(version: string, entries: readonly DirectoryEntry[]): string {
  if (entries.length === 0) return version;
  return `${version}+${nodeDigest.sha256(JSON.stringify(entries)).slice(0, 12)}`;
}

function withDevice(site: Site, body: JsonObject): Site {
  const device = toDevice(body as Static<typeof DeviceEntry>);
  return { ...site, devices: [...site.devices.filter((known) => known.id !== device.id), device] };
}

/** What is wrong with an entry before it is stored; empty where it is fine. */
export function entryProblems(entry: DirectoryEntry, directory: Directory): readonly DirectoryProblem[] {
  const schema = { site: SiteEntry, device: DeviceEntry, product: ProductEntry, period: CalendarEntry }[entry.kind];
  if (!Value.Check(schema, entry.body)) {
    return [...Value.Errors(schema, entry.body)].map(({ instancePath, message }) => ({ entry: instancePath, message }));
  }
  const body: JsonObject = entry.body;
  if (entry.kind === "period") return periodProblems(entry, directory);
  const named = body[entry.kind === "product" ? "sku" : "id"];
  if (named !== entry.id) return [{ entry: "/id", message: `must be ${entry.id}, as in the address` }];
  if (entry.kind === "site") {
    const problems: DirectoryProblem[] = [];
    toSite(entry.body as Static<typeof SiteEntry>, problems);
    return problems;
  }
  if (entry.kind === "product") return [];
  const site = directory.site(entry.siteId);
  if (site === null) return [{ entry: "", message: `site ${entry.siteId} is not in the directory; add it first` }];
  const device = toDevice(entry.body as Static<typeof DeviceEntry>);
  const unknown = [...(device.zone === null ? [] : [device.zone]), ...device.covers].filter(
    (zone) => !site.zones.some((known) => known.id === zone),
  );
  return unknown.map((zone) => ({ entry: "/zone", message: `site ${entry.siteId} has no zone ${zone}` }));
}

function periodProblems(entry: DirectoryEntry, directory: Directory): readonly DirectoryProblem[] {
  const problems: DirectoryProblem[] = [];
  const { sites } = toPeriod(entry.body as Static<typeof CalendarEntry>, entry.id, problems);
  if (problems.length > 0) return problems.map(({ message }) => ({ entry: "/from", message }));
  return sites.flatMap((id, index) =>
    id === "*" || directory.site(id) !== null
      ? []
      : [
          {
            entry: `/sites/${index}`,
            message: `site ${id} is not in the directory; add it first, or write "*" for all`,
          },
        ],
  );
}
