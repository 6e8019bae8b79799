import type { CedarValueJson, EntityJson, EntityUidJson, TypeAndId } from "@cedar-policy/cedar-wasm/nodejs";
import type { CaseFacts, Facts, SiteFacts } from "../facts.ts";
import { homeOrganisation, type Principal } from "../principal.ts";

/** Circumstances of the asking, as policies see them. */
export type Circumstances = {
  readonly nowMs: number;
  readonly steppedUp: boolean;
  readonly granted: boolean;
  readonly breakGlass: boolean;
  readonly purpose: string | null;
  readonly ground: string | null;
};

/** What the installation's token may do (TILLWATCH_ADMIN_TOKEN_MAY). */
export type InstallationMay = "everything" | "setup";

export const kindOf = {
  administrator: "Installation",
  device: "Device",
  person: "Person",
  service: "Service",
} as const;

const uid = (type: string, id: string): TypeAndId => ({ type, id });
const ref = (type: string, id: string): CedarValueJson => ({ __entity: uid(type, id) });

export function principalEntity(principal: Principal, may: InstallationMay): EntityJson {
  const type = kindOf[principal.kind];
  const { sites, regions } = principal;
  return {
    uid: uid(type, principal.token),
    attrs: {
      organisation: ref("Organisation", principal.organisationId),
      everywhere: sites === null && regions === null,
      sites: (sites ?? []).map((id) => ref("Site", id)),
      regions: (regions ?? []).map((id) => ref("Region", regionId(principal.organisationId, id))),
      ...(type === "Installation" ? { may } : {}),
    },
    parents: type === "Device" ? [] : principal.roles.map((role) => uid("Role", role)),
  };
}

/** The entity asked about, and those that it stands in. `asker` owns what is "own" and "organisation". */
export function resourceEntities(facts: Facts, asker: Principal): readonly [EntityJson, ...EntityJson[]] {
  const organisation = (id: string) => ({ organisation: ref("Organisation", id) });
  switch (facts.kind) {
    case "platform":
      return [{ uid: uid("Platform", "tillwatch"), attrs: organisation(homeOrganisation), parents: [] }];
    case "own":
      return [{ uid: uid("Own", asker.token), attrs: organisation(asker.organisationId), parents: [] }];
    case "organisation": {
      const id = asker.organisationId;
      return [{ uid: uid("Organisation", id), attrs: { ...organisation(id), kind: "organisation" }, parents: [] }];
    }
    case "site":
      return [siteEntity(facts.site, facts.sensitivity)];
    case "account":
      return [
        {
          uid: uid("Account", facts.id),
          attrs: { ...organisation(facts.organisationId), token: facts.token },
          parents: [uid("Organisation", facts.organisationId)],
        },
      ];
    case "grant":
      return [
        {
          uid: uid("Grant", facts.id),
          attrs: {
            ...organisation(facts.organisationId),
            asked_by: facts.askedBy,
            ...(facts.site === null ? {} : { site: ref("Site", facts.site.id) }),
          },
          parents: [
            uid("Organisation", facts.organisationId),
            ...(facts.site === null ? [] : [uid("Site", facts.site.id)]),
          ],
        },
        ...(facts.site === null ? [] : [siteEntity(facts.site, "normal")]),
      ];
    case "incident":
    case "exhibit":
    case "packet":
      return [caseEntity(facts), siteEntity(facts.site, facts.sensitivity)];
  }
}

function siteEntity(site: SiteFacts, sensitivity: string): EntityJson {
  const { id, organisationId, region, country, kind } = site;
  const parents: EntityUidJson[] = [uid("Organisation", organisationId)];
  if (region !== null) parents.push(uid("Region", regionId(organisationId, region)));
  return {
    uid: uid("Site", id),
    attrs: {
      organisation: ref("Organisation", organisationId),
      ...(country === null ? {} : { country }),
      kind,
      sensitivity,
    },
    parents,
  };
}

function caseEntity(facts: CaseFacts): EntityJson {
  const { kind, id, incidentId, site, sensitivity, reporter, owner, subjects, sharedWith, handlers = null } = facts;
  const type = { incident: "Incident", exhibit: "Exhibit", packet: "Packet" }[kind];
  const parents: EntityUidJson[] = [uid("Site", site.id)];
  if (kind !== "incident") parents.push(uid("Incident", incidentId));
  return {
    uid: uid(type, id),
    attrs: {
      organisation: ref("Organisation", site.organisationId),
      site: ref("Site", site.id),
      ...(site.country === null ? {} : { country: site.country }),
      sensitivity,
      ...(reporter === null ? {} : { reporter }),
      ...(owner === null ? {} : { owner }),
      subjects: [...subjects],
      ...(handlers === null ? {} : { handlers: handlers.map((role) => ref("Role", role)) }),
      shared: sharedWith.map((organisation) => ref("Organisation", organisation)),
    },
    parents,
  };
}

export function contextOf(me: string, circumstances: Circumstances): Record<string, CedarValueJson> {
  const { nowMs, steppedUp, granted, breakGlass, purpose, ground } = circumstances;
  return {
    me,
    now: nowMs,
    stepped_up: steppedUp,
    granted,
    break_glass: breakGlass,
    ...(purpose === null ? {} : { purpose: ref("Purpose", purpose) }),
    ...(ground === null ? {} : { ground: ref("Ground", ground) }),
  };
}

/** Regions of two organisations may have one name. */
function regionId(organisationId: string, region: string): string {
  return `${organisationId}/${region}`;
}
