import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

const shipped = new URL("../../../../pack/retail", import.meta.url).pathname;

export type ManySites = {
  readonly shops: number; // clones of the shipped shops, under ids of their own beside the shipped ones
  readonly panicSites: number; // `panicSite(n)`: one panic button each, so that each signal of one is an incident of its own
};

type SiteEntry = { readonly id: string; readonly name: string };

const dayNames = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const alwaysOpen = Object.fromEntries(dayNames.map((day) => [day, ["00:00-24:00"]]));

/**
 * The shipped pack, copied into `folder`, with more sites. Answers the ids of the shops, the shipped ones among them. None of them closes:
 * who moves in a closed shop is a finding, and what is measured must not depend on the hour of the day.
 */
export function writePackOfManySites(folder: string, { shops, panicSites }: ManySites): readonly string[] {
  cpSync(shipped, folder, { recursive: true });
  const path = join(folder, "directory.yaml");
  const directory = parse(readFileSync(path, "utf8")) as { sites: SiteEntry[]; version: string };
  const models = directory.sites.map((site) => ({ ...site, opening_hours: alwaysOpen }));
  const clones = Array.from({ length: Math.max(0, shops - models.length) }, (_, index) => {
    const model = models[index % models.length];
    return { ...model, id: `S-${2001 + index}`, name: `Shop ${2001 + index}` };
  });
  const panic = Array.from({ length: panicSites }, (_, index) => panicSiteEntry(panicSite(index)));
  const all = { ...directory, version: `${directory.version}-many`, sites: [...models, ...clones, ...panic] };
  writeFileSync(path, JSON.stringify(all)); // JSON is YAML
  return [...models, ...clones].map((site) => site.id);
}

export function panicSite(index: number): string {
  return `P-${String(index + 1).padStart(5, "0")}`;
}

/** A CloudEvent that alone opens an incident. */
export function panicEvent(siteId: string, atMs: number) {
  return {
    specversion: "1.0",
    id: `panic-${siteId}`,
    source: `${siteId}/P-01`,
    type: "panic_button",
    time: new Date(atMs).toISOString(),
    siteid: siteId,
    deviceid: "P-01",
    data: {},
  };
}

function panicSiteEntry(id: string) {
  return {
    id,
    name: `Kiosk ${id}`,
    kind: "store",
    timezone: "Europe/Brussels",
    currency: "EUR",
    zones: [{ id: "checkout", name: "Till", kind: "checkout" }],
    devices: [{ id: "P-01", kind: "panic_button", name: "Panic button", zone: "checkout" }],
  };
}
