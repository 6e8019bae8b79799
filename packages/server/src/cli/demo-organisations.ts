import type { Credential } from "../access/credential.ts";
import { digestOf } from "../access/credential.ts";
import { installationPrincipal } from "../access/principal.ts";
import type { DirectoryData, NamedOrganisation, Site } from "../enrich/directory.ts";
import type { LoadedPack } from "../pack/load-pack.ts";

const second: NamedOrganisation = {
  id: "northwind",
  name: "Northwind Stores",
  kind: "retailer",
  sitePrefix: "nw-",
  referenceLetters: "NW",
};
const police: NamedOrganisation = {
  id: "city-police",
  name: "City police",
  kind: "police",
  sitePrefix: null,
  referenceLetters: null,
};
const shops = [
  { id: "nw-oslo", name: "Northwind Oslo" },
  { id: "nw-bergen", name: "Northwind Bergen" },
];

/** The pack with a second retailer, whose shops are built like the first ones of the pack, and a police partner. */
export function withDemoOrganisations(pack: LoadedPack): LoadedPack {
  return { ...pack, directory: withShops(pack.directory) };
}

function withShops(directory: DirectoryData): DirectoryData {
  const added = shops.flatMap(({ id, name }, index): readonly Site[] => {
    const like = directory.sites[index];
    if (like === undefined) return [];
    return [{ ...like, id, name, organisation: second.id, region: "NO", country: "NO", timezone: "Europe/Oslo" }];
  });
  const organisations = [...(directory.organisations ?? []), second, police];
  return { ...directory, sites: [...directory.sites, ...added], organisations };
}

/** Whose a site of the demo is. */
export function demoOrganisationOf(siteId: string): string {
  return siteId.startsWith("nw-") ? second.id : installationPrincipal.organisationId;
}

/** What the second retailer's shops signal with: a program of that organisation, which may do nothing else. */
export function demoIntake(token: string): Credential {
  const principal = {
    ...installationPrincipal,
    token: "service:demo-intake",
    kind: "service" as const,
    organisationId: second.id,
    scopes: ["signal:write"],
  };
  return { sha256: digestOf(token), principal };
}

/**
 * Who shares with the police before anybody is there: an investigator who proved himself twice, for the minutes of the start. The installation's
 * own token sees no case, here as elsewhere.
 */
export function demoSharer(token: string, nowMs: number): Credential {
  const principal = {
    ...installationPrincipal,
    token: "user:demo",
    kind: "person" as const,
    roles: ["investigator"] as const,
    steppedUpAtMs: nowMs,
  };
  return { sha256: digestOf(token), principal };
}

/** Shares the queue's first case with the police, once: what their officer sees is that, and nothing else. */
export async function shareWithPolice(url: string, token: string, nowMs: number): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const ask = async (path: string, body?: object) => {
    const sent = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
    const answer = await fetch(new URL(path, url), { headers, ...sent });
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
    return answer.json();
  };
  const queue = (await ask("/api/v1/incidents?kind=incident&limit=1")) as { readonly items: readonly { id: string }[] };
  const first = queue.items[0];
  if (first === undefined) return;
  const path = `/api/v1/incidents/${first.id}/shares`;
  const shares = (await ask(path)) as { readonly items: readonly unknown[] };
  if (shares.items.length > 0) return;
  const endsAt = new Date(nowMs + 7 * 24 * 3_600_000).toISOString();
  await ask(path, { partnerId: police.id, ground: "reported to the police, who asked for what we have", endsAt });
}
