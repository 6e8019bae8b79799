import { homeOrganisation } from "../access/principal.ts";
import type { NamedOrganisation, Site } from "../enrich/directory.ts";
import type { Db, Tx } from "../schema.ts";
import { insertOrganisation, nameOrganisation, organisations, placedSites, saveSites } from "./organisation-store.ts";
import type { SiteRegister } from "./site-register.ts";

type Listed = {
  readonly sites: readonly Site[];
  readonly organisations?: readonly NamedOrganisation[];
  readonly ownName?: string;
};

/**
 * Makes the organisations that the directory names where they are missing, calls the installation's own as it does, checks whose each site is, and writes the sites. Answers
 * what is wrong, and then nothing of it may commit.
 */
export async function syncDirectory(
  tx: Tx,
  register: SiteRegister,
  given: { readonly directory: Listed; readonly nowMs: number },
): Promise<readonly string[]> {
  const { directory, nowMs } = given;
  for (const { id, name, kind, sitePrefix, referenceLetters } of directory.organisations ?? []) {
    await insertOrganisation(tx, { id, name, kind, sitePrefix, referenceLetters }, nowMs);
  }
  if (directory.ownName !== undefined) await nameOrganisation(tx, homeOrganisation, directory.ownName);
  register.replace(await organisations(tx), await placedSites(tx));
  const refused = directory.sites.flatMap((site) => {
    const problem = register.refuses(site.id, site.organisation);
    return problem === null ? [] : [`site ${site.id}: ${problem}`];
  });
  if (refused.length > 0) return refused;
  const moved = await saveSites(
    tx,
    directory.sites.map(({ id, organisation, region, country }) => ({
      id,
      organisationId: organisation,
      region,
      country,
    })),
  );
  return moved.map((id) => `site ${id}: a site cannot change its organisation; give the new one another id`);
}

/** Reads again what is committed: other processes change it too. */
export async function refreshRegister(db: Db, register: SiteRegister): Promise<void> {
  register.replace(await organisations(db), await placedSites(db));
}
