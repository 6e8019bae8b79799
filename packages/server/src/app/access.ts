import type { FastifyPluginAsync } from "fastify";
import { principalOfAsker } from "../access/actor-read.ts";
import { Access, type AccessDeps } from "../access/ask.ts";
import { exhibitFacts, incidentFacts, packetFacts, type CaseKnowledge } from "../access/case-facts-read.ts";
import type { InstallationMay } from "../access/policy/entities.ts";
import type { Finders, Places, SiteFacts } from "../access/facts.ts";
import { grantById } from "../access/grant/grant-store.ts";
import { grantRoutes, sweepGrants, type AccessAlarm, type GrantDeps } from "../access/grant/grants-http.ts";
import { openedSitesOf, statedFor } from "../access/grant/ground-store.ts";
import { groundRoutes } from "../access/grant/grounds-http.ts";
import { policyRoutes } from "../access/policy/policies-http.ts";
import { PolicyEngine } from "../access/policy/policy-engine.ts";
import type { PolicySet } from "../access/policy/policy-set.ts";
import type { Directory, Site } from "../enrich/directory.ts";
import type { Clock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import type { Chance } from "../platform/chance.ts";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import type { LiveFeed } from "../platform/live-feed.ts";
import { queueAlarm } from "../notify/alarm-store.ts";
import type { DeliverJobs } from "../notify/delivery-store.ts";
import type { Db } from "../schema.ts";

type Given = {
  readonly db: Db;
  readonly policies: PolicySet;
  readonly directory: () => Directory;
  readonly clock: Clock;
  readonly log: Log;
  readonly installationMay?: InstallationMay;
  readonly finders?: Finders; // of other areas, and of tests
};

/** The one place that asks, over the directory and the cases of this installation. */
export function openAccess(given: Given): Access {
  const { db, policies, directory, clock, log, installationMay = "everything" } = given;
  const engine = new PolicyEngine(policies, {
    installationMay,
    onFault: (faults) => {
      for (const { policy, message } of faults) log.error("a policy failed, and refused", { policy, fault: message });
    },
  });
  const known: CaseKnowledge = {
    siteOf: (id, organisationId) => {
      const site = directory().site(id);
      // A site that left the directory keeps its cases.
      const facts = site === null ? { id, region: null, country: null, kind: "store" } : siteFacts(site);
      return { ...facts, organisationId };
    },
    sensitivityOf: (category) => (policies.restrictedCategories.includes(category) ? "restricted" : "normal"),
  };
  const finders: Finders = {
    site: async (id) => {
      const site = directory().site(id);
      return site === null ? null : { kind: "site", site: siteFacts(site), sensitivity: "normal" };
    },
    incident: (id) => incidentFacts(db, { id, known, nowMs: clock() }),
    exhibit: (id) => exhibitFacts(db, { id, known, nowMs: clock() }),
    grant: async (id) => {
      const grant = await grantById(db, id);
      if (grant === null) return null;
      const { organisationId, actor: askedBy, placeSiteId } = grant;
      const site = placeSiteId === null ? null : known.siteOf(placeSiteId, organisationId);
      const owner = placeSiteId === null ? null : (directory().site(placeSiteId)?.organisation ?? organisationId);
      // Of a place of another organisation a grant opens nothing: it is of no place then.
      return { kind: "grant", id, organisationId, askedBy, site: owner === organisationId ? site : null };
    },
    packet: (id) => packetFacts(db, { id, known, nowMs: clock() }),
    ...given.finders,
  };
  const deps: AccessDeps = {
    engine,
    clock,
    places: () => placesOf(directory()),
    finders,
    stated: (principal, facts) => statedFor(db, principal, { facts, nowMs: clock() }),
    principalOf: (asker) => principalOfAsker(db, asker, clock()),
    openedSites: (principal) => openedSitesOf(db, principal, clock()),
  };
  return new Access(deps);
}

const placesCache = new WeakMap<Directory, Places>();

/** The sites of a directory as policy knows them; a directory never changes, so it is made once for each. */
function placesOf(directory: Directory): Places {
  const known = placesCache.get(directory);
  if (known !== undefined) return known;
  const places = { version: directory.version, sites: directory.data.sites.map(siteFacts) };
  placesCache.set(directory, places);
  return places;
}

function siteFacts({ id, organisation, region, country, kind }: Site): SiteFacts {
  return { id, organisationId: organisation, region, country, kind };
}

type DeskGiven = {
  readonly db: Db;
  readonly access: Access;
  readonly fields: FieldVault;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly live: LiveFeed;
  readonly jobs: DeliverJobs;
  readonly groundHours: number;
};

/** Grounds, grants and emergencies: their routes, and the round that ends what is over. */
export function openGrounds(given: DeskGiven): {
  readonly routes: readonly FastifyPluginAsync[];
  readonly sweep: () => Promise<void>;
} {
  const { db, access, fields, clock, chance, live, jobs } = given;
  const data = ({ kind, grantId, actor, reviewBy }: AccessAlarm) => ({ alarm: kind, grantId, actor, reviewBy });
  const grants: GrantDeps = {
    db,
    fields,
    clock,
    chance,
    alarm: (tx, alarm) => queueAlarm(tx, { jobs, chance, fields }, { ...alarm, data: data(alarm), nowMs: clock() }),
    alarmed: ({ kind: alarm, grantId, organisationId }) =>
      live.publish({ kind: "access_alarm", alarm, grantId, organisationId }, { organisationId, siteId: null }),
    changed: (organisationId) => live.publish({ kind: "access_changed" }, { organisationId, siteId: null }),
  };
  const routes = [groundRoutes(given), grantRoutes({ ...grants, access }), policyRoutes({ access, clock })];
  return { routes, sweep: () => sweepGrants(grants) };
}
