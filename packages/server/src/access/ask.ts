import { setImmediate as afterOthers } from "node:timers/promises";
import { ok, refused, type Result } from "@tillwatch/wire";
import type { ActionName } from "./actions.ts";
import type { Circumstances } from "./policy/entities.ts";
import type { CaseFacts, Facts, Finders, Places, SiteFacts } from "./facts.ts";
import { examplesFor, leadsOn, mayWithCase, purposesFor } from "./may.ts";
import type { Decision, PolicyEngine } from "./policy/policy-engine.ts";
import type { Asker, Principal } from "./principal.ts";
import type { ObjectKind } from "./route-access.ts";
import type { Scope } from "./scope.ts";

/** What was stated, granted or broken for this principal and this thing. */
export type Stated = Pick<Circumstances, "granted" | "breakGlass" | "purpose" | "ground">;

export const nothingStated: Stated = { granted: false, breakGlass: false, purpose: null, ground: null };

export type AccessDeps = {
  readonly engine: PolicyEngine;
  readonly clock: () => number;
  /** Asked for every answer by site: the directory may have changed. */
  readonly places: () => Places;
  readonly finders: Finders;
  /** Looks up what holds for this principal now; `null` of a list asks for what holds for whole sites. */
  readonly stated?: (principal: Principal, facts: Facts) => Promise<Stated>;
  /** Sites that were opened for this principal for a time, besides the own. */
  readonly openedSites?: (principal: Principal) => Promise<readonly string[]>;
  /** Somebody as he is now, for work in his name; refused with the reason in words: nobody any more. */
  readonly principalOf?: (asker: Asker) => Promise<Result<Principal, string>>;
};

/** A thing by its id, or what is about no thing. */
export type Thing =
  { readonly kind: ObjectKind; readonly id: string } | { readonly kind: "platform" | "organisation" | "own" };

/** How long a second proof of who one is holds. */
export const steppedUpForMs = 10 * 60_000;
const scopesMax = 5_000;

/**
 * The one place that asks the policies: for requests (ask-http.ts), streams, jobs that act for somebody, and messages of
 * devices. Answers by site are kept per principal, action, policies and directory; anything else is asked anew.
 */
export class Access {
  readonly #deps: AccessDeps;
  readonly #scopes = new Map<string, Scope | null>();
  readonly #mays = new Map<string, Promise<readonly ActionName[]>>();
  readonly #caseMays = new Map<string, readonly ActionName[]>();

  constructor(deps: AccessDeps) {
    this.#deps = deps;
  }

  get engine(): PolicyEngine {
    return this.#deps.engine;
  }

  get finders(): Finders {
    return this.#deps.finders;
  }

  places(): Places {
    return this.#deps.places();
  }

  /** What holds for this principal and this thing now. */
  async circumstances(principal: Principal, facts: Facts): Promise<Circumstances> {
    const stated = (await this.#deps.stated?.(principal, facts)) ?? nothingStated;
    return this.#circumstancesWith(principal, stated);
  }

  /** One question about one thing, with what was stated for it. */
  async ask(principal: Principal, action: ActionName, facts: Facts): Promise<Decision> {
    const circumstances = await this.circumstances(principal, facts);
    return this.#deps.engine.decide({ principal, action, facts, circumstances });
  }

  /** Whether somebody may still have done what he asked for before, and why not: asked again by a job when it runs. */
  async stillMay(asker: Asker, action: ActionName, thing: Thing): Promise<Result<true, string>> {
    const found = await this.#deps.principalOf?.(asker);
    if (found === undefined) return refused("nobody can be asked about here");
    if (!found.ok) return found;
    const facts = "id" in thing ? ((await this.finders[thing.kind]?.(thing.id)) ?? null) : thing;
    const decision = facts === null ? null : await this.ask(found.value, action, facts);
    if (decision?.kind === "allowed") return ok(true);
    const says = decision?.kind === "refused" ? `: ${decision.says}` : "";
    return refused(`whoever asked for it may not have it any more${says}`);
  }

  /** The sites where this principal may do this; null: nowhere. */
  async scope(principal: Principal, action: ActionName): Promise<Scope | null> {
    const places = this.places();
    const opened = (await this.#deps.openedSites?.(principal)) ?? [];
    const key = JSON.stringify([versionOf(principal), action, this.engine.set.version, places.version, opened]);
    const known = this.#scopes.get(key);
    if (known !== undefined) return known;
    const scope = this.#scopeOver(principal, { action, places, opened: new Set(opened) });
    if (this.#scopes.size >= scopesMax) this.#scopes.clear();
    this.#scopes.set(key, scope);
    return scope;
  }

  /**
   * What this principal may do anywhere, also where a purpose or a second proof is asked first: for a page that shows only what leads
   * somewhere. Kept as scopes are; each request is asked all the same.
   */
  async mayAnywhere(principal: Principal): Promise<readonly ActionName[]> {
    const opened = (await this.#deps.openedSites?.(principal)) ?? [];
    const key = JSON.stringify([versionOf(principal), this.engine.set.version, this.places().version, opened]);
    const known = this.#mays.get(key);
    if (known !== undefined) return known;
    const found = this.#mayAnywhere(principal);
    if (this.#mays.size >= scopesMax) this.#mays.clear();
    this.#mays.set(key, found);
    found.catch(() => this.#mays.delete(key));
    return found;
  }

  async #mayAnywhere(principal: Principal): Promise<readonly ActionName[]> {
    const site = this.#exampleSite(principal);
    const may: ActionName[] = [];
    for (const { name, resources } of this.engine.set.actions.values()) {
      await afterOthers(); // some hundred questions in all: nobody else waits for them
      const examples = resources.flatMap((resource) => examplesFor(principal, resource, site));
      const open =
        examples.some((facts) => leadsOn(this.engine, { principal, action: name, facts })) ||
        (resources.includes("Site") && (await this.scope(principal, name)) !== null);
      if (open) may.push(name);
    }
    return may.sort();
  }

  /** What this principal may do with this case now. Kept for cases of which policy knows the same. */
  mayWith(principal: Principal, facts: CaseFacts, circumstances: Circumstances): readonly ActionName[] {
    const { site, sensitivity, reporter, owner, subjects, sharedWith } = facts;
    const { granted, breakGlass, purpose, ground } = circumstances;
    const about = [site, sensitivity, reporter, owner, subjects, sharedWith, granted, breakGlass, purpose, ground];
    const key = JSON.stringify([versionOf(principal), this.engine.set.version, ...about]);
    const known = this.#caseMays.get(key);
    if (known !== undefined) return known;
    const may = mayWithCase(this.engine, { principal, facts }, circumstances);
    if (this.#caseMays.size >= scopesMax) this.#caseMays.clear();
    this.#caseMays.set(key, may);
    return may;
  }

  /** Which purposes this principal may state, and which are refused to anybody like him. */
  purposesOf(principal: Principal): ReturnType<typeof purposesFor> {
    return purposesFor(this.engine, principal, this.#exampleSite(principal));
  }

  #exampleSite(principal: Principal): SiteFacts {
    const [id] = this.reach(principal).sites;
    return this.places().sites.find((site) => site.id === id) ?? imaginedSite(principal.organisationId);
  }

  /** The sites within reach of a principal, without a question: where something is not about sites, but touches them. */
  reach(principal: Principal): Scope {
    const { organisationId, sites, regions } = principal;
    const within = this.places().sites.filter(
      (site) =>
        site.organisationId === organisationId &&
        ((sites === null && regions === null) ||
          sites?.includes(site.id) === true ||
          (site.region !== null && regions?.includes(site.region) === true)),
    );
    const ids = within.map((site) => site.id);
    return this.#made(principal, { sites: ids, restricted: ids, everySite: sites === null && regions === null });
  }

  /** The one site of a thing that was asked about; of one that another organisation shared, what it shared. */
  siteOnly(principal: Principal, site: SiteFacts): Scope {
    if (site.organisationId !== principal.organisationId) {
      return this.#made(principal, { sites: [], restricted: [] });
    }
    // Policy was asked about the very thing: only what is about the asker himself stays away.
    return { ...this.#made(principal, { sites: [site.id], restricted: [site.id] }), roles: "every" };
  }

  #scopeOver(
    principal: Principal,
    over: { readonly action: ActionName; readonly places: Places; readonly opened: ReadonlySet<string> },
  ): Scope | null {
    const { action, places, opened } = over;
    const own = places.sites.filter((site) => site.organisationId === principal.organisationId);
    const answers = new Map<string, boolean>();
    const granted = (site: SiteFacts, sensitivity: "normal" | "restricted") => {
      const key = this.#sameAnswer(site, { principal, sensitivity, opened: opened.has(site.id) });
      const answered = answers.get(key);
      if (answered !== undefined) return answered;
      const circumstances = this.#circumstancesWith(principal, { ...nothingStated, granted: opened.has(site.id) });
      const facts = { kind: "site" as const, site, sensitivity };
      const answer = this.engine.decide({ principal, action, facts, circumstances }).kind === "allowed";
      answers.set(key, answer);
      return answer;
    };
    const sites = own.filter((site) => granted(site, "normal"));
    const everySite = principal.sites === null && principal.regions === null && sites.length === own.length;
    // An organisation without a site yet: the answer is the one of a site that it would have.
    if (own.length === 0 && granted(imaginedSite(principal.organisationId), "normal")) {
      return this.#made(principal, { sites: [], restricted: [], everySite });
    }
    if (sites.length === 0) return null;
    const restricted = sites.filter((site) => granted(site, "restricted"));
    const ids = (list: readonly SiteFacts[]) => list.map((site) => site.id);
    return this.#made(principal, { sites: ids(sites), restricted: ids(restricted), everySite });
  }

  /** Sites of which policy knows the same have the same answer, unless a policy names a site by its id. */
  #sameAnswer(
    site: SiteFacts,
    asked: { readonly principal: Principal; readonly sensitivity: string; readonly opened: boolean },
  ): string {
    const { id, region, country, kind } = site;
    if (this.engine.namesSites) return `${asked.sensitivity} ${id}`;
    const bound = asked.principal.sites?.includes(id) === true;
    return JSON.stringify([region, country, kind, bound, asked.sensitivity, asked.opened]);
  }

  #circumstancesWith({ steppedUpAtMs }: Principal, stated: Stated): Circumstances {
    const nowMs = this.#deps.clock();
    return { ...stated, nowMs, steppedUp: steppedUpAtMs !== null && nowMs - steppedUpAtMs < steppedUpForMs };
  }

  #made({ organisationId, token, kind, roles }: Principal, granted: Granted): Scope {
    const { sites, everySite = false } = granted;
    const restricted = { categories: this.engine.set.restrictedCategories, sites: granted.restricted };
    const asker = kind === "administrator" ? ({ me: null, roles: "every" } as const) : { me: token, roles };
    return { organisationId, sites, everySite, all: false, restricted, ...asker };
  }
}

type Granted = {
  readonly sites: readonly string[];
  readonly restricted: readonly string[]; // those of them where restricted cases are granted too
  readonly everySite?: boolean;
};

/** Everything of a principal that an answer depends on: a change of it is another version. */
function versionOf({ token, kind, organisationId, roles, sites, regions, scopes }: Principal): string {
  return JSON.stringify([token, kind, organisationId, roles, sites, regions, scopes]);
}

function imaginedSite(organisationId: string): SiteFacts {
  return { id: "none", organisationId, region: null, country: null, kind: "store" };
}
