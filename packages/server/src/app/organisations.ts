import type { FastifyPluginAsync } from "fastify";
import type { Foundation } from "./foundation.ts";
import { organisationRoutes } from "../organisation/organisation-http.ts";
import { refreshRegister, syncDirectory } from "../organisation/organisation-sync-store.ts";
import type { SiteRules } from "../enrich/directory-http.ts";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import { minorsOf } from "../exhibit/exhibit-read.ts";
import type { Db } from "../schema.ts";
import { caseShareRoutes } from "../share/case-share-http.ts";
import type { SharePartner } from "@tillwatch/wire";

type Given = Pick<Foundation, "database" | "register" | "fields">;

/** What the directory's routes ask of the register of sites. */
export function siteRules(
  { database: { db }, register }: Pick<Foundation, "database" | "register">,
  clock: Clock,
): SiteRules {
  return {
    refuses: (siteId, organisationId) => register.refuses(siteId, organisationId),
    sync: (tx, directory) => syncDirectory(tx, register, { directory, nowMs: clock() }),
    refresh: () => refreshRegister(db, register),
  };
}

/** Tenants, and what one shows to another. */
export function tenancyRoutes(
  { database: { db }, register, fields }: Given,
  given: {
    readonly clock: Clock;
    readonly chance: Chance;
    readonly onShared: () => Promise<void>;
    readonly minorGrounds: readonly string[];
  },
): readonly FastifyPluginAsync[] {
  const { clock, chance, onShared, minorGrounds } = given;
  const { partners, nameOf } = partnersOf(register);
  const minorOf = async (from: Db, incidentId: string) => (await minorsOf(from, incidentId)).ofCase;
  return [
    organisationRoutes({ db, register, clock, chance }),
    caseShareRoutes({ db, fields, clock, chance, partners, nameOf, minorOf, minorGrounds, onShared }),
  ];
}

/** Organisations that cases are shared with and packets released to, and what people call one. */
export function partnersOf(register: Foundation["register"]): {
  readonly partners: () => readonly SharePartner[];
  readonly nameOf: (organisationId: string) => string;
} {
  const partners = () =>
    register.organisations
      .filter(({ kind, endedAt }) => kind !== "retailer" && endedAt === null)
      .map(({ id, name, kind }) => ({ id, name, kind }));
  return { partners, nameOf: (id) => register.organisation(id)?.name ?? id };
}
