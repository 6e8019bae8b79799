import type { FastifyPluginAsync } from "fastify";
import type { Signer } from "@tillwatch/evidence";
import type { IncidentRecord } from "@tillwatch/wire";
import { repeat } from "./timers.ts";
import type { Foundation } from "./foundation.ts";
import type { LoadedPack } from "../pack/load-pack.ts";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import type { ClosingStack } from "../platform/closing-stack.ts";
import { quotedInJson } from "../platform/keys/field-vault.ts";
import type { Log } from "../platform/log.ts";
import { consentRoutes } from "../privacy/person/consent-http.ts";
import { knownPersonRoutes } from "../privacy/person/known-person-http.ts";
import { peopleTextsRoutes } from "../privacy/text/people-texts-http.ts";
import { subjectRequestRoutes } from "../privacy/request/subject-request-http.ts";
import { analyticsRoutes } from "../privacy/figures/analytics-http.ts";
import { departuresOf, type SiteConfiguration } from "../privacy/site/configuration-pages.ts";
import { redactedRoutes } from "../privacy/redact/redacted-http.ts";
import { clockOf } from "../privacy/request/request-clock.ts";
import { sitePrivacyRoutes } from "../privacy/site/site-privacy-http.ts";
import { masksAt, sitePrivacy } from "../privacy/site/site-privacy-store.ts";
import { watchRoutes } from "../privacy/watch/watch-http.ts";
import { expireWatchEntries } from "../privacy/watch/watch-jobs.ts";
import { ruleIdOf } from "@tillwatch/sigma";
import { siteOwnership, watchEntriesInForce, webhookHosts } from "../privacy/site/configuration-read.ts";
import type { DbOrTx } from "../schema.ts";

export type PrivacyGiven = {
  readonly foundation: Foundation;
  readonly pack: LoadedPack;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  readonly signer: Signer;
  readonly recordOf: (db: DbOrTx, id: string) => Promise<IncidentRecord | null>;
};

// An entry is gone within a minute of its end.
const expireEveryMs = 60_000;

/** Everything of personal data that has a door: built in one place, so that app.ts stays a straight line. */
export function openPrivacy(closing: ClosingStack, given: PrivacyGiven): readonly FastifyPluginAsync[] {
  const { foundation, pack, clock, chance, log } = given;
  const { db } = foundation.database;
  const vault = foundation.fields;
  const deps = { db, vault, clock, chance, policy: pack.privacy };
  const plainRecord = async (from: DbOrTx, id: string) => {
    const record = await given.recordOf(from, id);
    if (record === null) return null;
    return JSON.parse(await vault.openWithin(from, JSON.stringify(record), quotedInJson)) as IncidentRecord;
  };
  closing.add(
    "watch list",
    repeat("watch list", expireEveryMs, {
      log,
      step: async () => {
        const ended = await expireWatchEntries({ db, vault, clock, chance });
        if (ended > 0) log.info("watch entries ended", { ended });
      },
    }),
  );
  return [
    peopleTextsRoutes(foundation.texts, db),
    subjectRequestRoutes({ ...deps, signer: given.signer, plainRecord }),
    knownPersonRoutes(deps),
    consentRoutes(deps),
    sitePrivacyRoutes({ ...deps, configurationOf: configurationReader(given) }),
    redactedRoutes({ ...deps, plainRecord, recordOf: given.recordOf }),
    analyticsRoutes({ ...deps, sitesOf: siteReader(given), country: homeCountry(given) }),
    watchRoutes({ ...deps, vocabulary: pack.descriptors }),
  ];
}

/** The site's own; a region that is named like a country (`BE`, `DE-BY`) is one; else none is known, and the default clock holds. */
function countryOf(site: { readonly country: string | null; readonly region: string | null } | undefined): string {
  if (site?.country != null) return site.country;
  return /^[A-Z]{2}(?=$|-)/.exec(site?.region ?? "")?.[0] ?? "default";
}

function homeCountry({ foundation }: PrivacyGiven): string {
  return countryOf(foundation.directory.current().data.sites[0]);
}

function siteReader({ foundation, pack }: PrivacyGiven) {
  return async (db: DbOrTx, organisationId: string) => {
    const isOwn = await siteOwnership(db);
    const sites = foundation.directory.current().data.sites.filter(({ id }) => isOwn(id, organisationId));
    const shown = [];
    for (const { id, name } of sites) {
      const own = await sitePrivacy(db, id);
      shown.push({ id, name, analytics: own?.settings.analytics ?? pack.privacy.siteDefaults.analytics });
    }
    return shown;
  };
}

/** What the pages are made from: everything that is in force for the site at this moment. */
function configurationReader({ foundation, pack }: PrivacyGiven) {
  return async (db: DbOrTx, siteId: string, organisationId: string): Promise<SiteConfiguration | null> => {
    const site = foundation.directory.current().data.sites.find(({ id }) => id === siteId);
    if (site === undefined || !(await siteOwnership(db))(siteId, organisationId)) return null;
    const own = await sitePrivacy(db, siteId);
    const masks = await masksAt(db, siteId);
    const country = countryOf(site);
    const clock = clockOf(pack.privacy.clocks, country);
    const { version, controller, purposes, watchList, redaction, siteDefaults } = pack.privacy;
    const span = clock.months > 0 ? `${clock.months} month${clock.months === 1 ? "" : "s"}` : `${clock.days} days`;
    return {
      site: {
        id: site.id,
        name: site.name,
        country,
        timezone: site.timezone,
        devices: site.devices.map(({ id, kind, zone }) => ({
          id,
          kind,
          zone,
          masks: masks.find(({ deviceId }) => deviceId === id)?.polygons.length ?? 0,
        })),
      },
      policy: {
        version,
        controller,
        purposes,
        watchList,
        redaction,
        clock: { law: clock.law, authority: clock.authority, text: span },
      },
      settings: { ...siteDefaults, ...own?.settings },
      departures: departuresOf(siteDefaults, own?.settings ?? {}, own?.because ?? ""),
      rules: pack.rulebook.parsed.map((rule) => ({
        id: ruleIdOf(rule),
        title: rule.title,
        level: rule.level ?? "",
        about: (rule.logsource.service ?? rule.logsource.category ?? "").replaceAll("_", " "),
      })),
      versions: pack.versions,
      thresholds: { incident: pack.weights.incident_threshold, watchMinutes: pack.weights.watch_minutes },
      recipients: await webhookHosts(db, organisationId),
      roles: [...pack.access.policies.values()]
        .filter(({ effect }) => effect === "permit")
        .map(({ id, says }) => ({ role: id.replaceAll("-", " "), says })),
      watchEntries: await watchEntriesInForce(db, organisationId),
    };
  };
}
