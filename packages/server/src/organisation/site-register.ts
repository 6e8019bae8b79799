import { homeOrganisation, type Principal } from "../access/principal.ts";
import type { Scope } from "../platform/database/scoped.ts";
import type { Organisation, PlacedSite } from "./organisation-store.ts";

/** What is wrong with whose a site is said to be. */
export type SiteProblem = { readonly siteId: string; readonly message: string };

/**
 * Which organisation a site is of, as the database has it: also of sites that left the directory, whose incidents stay. Replaced
 * whole when the directory or the organisations change.
 */
export class SiteRegister {
  #organisations: ReadonlyMap<string, Organisation> = new Map();
  #sites: ReadonlyMap<string, PlacedSite> = new Map();
  #byOrganisation: ReadonlyMap<string, readonly PlacedSite[]> = new Map();

  replace(organisations: readonly Organisation[], sites: readonly PlacedSite[]): void {
    this.#organisations = new Map(organisations.map((one) => [one.id, one]));
    this.#sites = new Map(sites.map((site) => [site.id, site]));
    this.#byOrganisation = Map.groupBy(sites, (site) => site.organisationId);
  }

  organisation(id: string): Organisation | null {
    return this.#organisations.get(id) ?? null;
  }

  /** Its people, programs and devices are refused, its sites take in nothing; what it recorded stays. */
  hasEnded(organisationId: string): boolean {
    return (this.organisation(organisationId)?.endedAt ?? null) !== null;
  }

  get organisations(): readonly Organisation[] {
    return [...this.#organisations.values()];
  }

  /** Whose a site is; a site that nobody knows is the installation's own. */
  organisationOf(siteId: string): string {
    return this.#sites.get(siteId)?.organisationId ?? homeOrganisation;
  }

  sitesOf(organisationId: string): readonly PlacedSite[] {
    return this.#byOrganisation.get(organisationId) ?? [];
  }

  /** What references of the organisation's incidents begin with. */
  lettersOf(organisationId: string): string {
    return this.#organisations.get(organisationId)?.referenceLetters ?? "TW";
  }

  /** All that a principal may ever see; what policy grants for one action is a part of it. */
  scopeOf(principal: Pick<Principal, "organisationId" | "sites" | "regions">): Scope {
    const { organisationId, sites, regions } = principal;
    const own = this.sitesOf(organisationId);
    const everySite = sites === null && regions === null;
    const bound = everySite
      ? own
      : own.filter(
          ({ id, region }) => sites?.includes(id) === true || (region !== null && regions?.includes(region) === true),
        );
    return { organisationId, sites: bound.map(({ id }) => id), everySite, all: false };
  }

  /** A scope of every site that its organisation has is a scope of the whole organisation. */
  completed(scope: Scope): Scope {
    if (scope.all || scope.everySite === true) return scope;
    const granted = new Set(scope.sites);
    return {
      ...scope,
      everySite: this.sitesOf(scope.organisationId).every(({ id, listed }) => !listed || granted.has(id)),
    };
  }

  /** Why a site with this id cannot be the organisation's; null: it can. Says nothing about what others have. */
  refuses(siteId: string, organisationId: string): string | null {
    const organisation = this.#organisations.get(organisationId);
    if (organisation === undefined) return `there is no organisation ${organisationId}`;
    const { sitePrefix } = organisation;
    if (organisationId !== homeOrganisation) {
      if (sitePrefix === null) return `${organisationId} is a partner, and has no sites`;
      return siteId.startsWith(sitePrefix) ? null : `ids of this organisation's sites begin with ${sitePrefix}`;
    }
    const taken = this.organisations.find((other) => other.sitePrefix !== null && siteId.startsWith(other.sitePrefix));
    return taken === undefined
      ? null
      : `ids that begin with ${taken.sitePrefix} are another organisation's: name it in organisation`;
  }
}
