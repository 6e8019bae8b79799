import type { FastifyRequest } from "fastify";
import { scopedDb, type Scope } from "../platform/database/scoped.ts";
import type { Db } from "../schema.ts";
import { actorOf } from "./authenticate-http.ts";
import { homeOrganisation, type Principal } from "./principal.ts";

/** The database as the asker may see it: what policy granted, held to by row-level security. */
export function callersDb(db: Db, request: FastifyRequest): Db {
  return scopedDb(db, sharedOnly(actorOf(request)) ?? request.scope);
}

/**
 * What is of the organisation as a whole (programs, reviews, lists, requests of data subjects), as the asker's organisation and the sites that
 * he is bound to show it. Of a partner its own. Throws on a public route.
 */
export function organisationDb(db: Db, request: FastifyRequest): Db {
  return scopedDb(db, { ...request.scope, staff: true });
}

/** The same dependencies over the asker's database. */
export function inScope<Deps extends { readonly db: Db }>(deps: Deps, request: FastifyRequest): Deps {
  return { ...deps, db: callersDb(deps.db, request) };
}

/** An officer of a partner sees what was shared with his organisation, whatever else policy says; null: not such a one. */
export function sharedOnly({ roles, organisationId }: Principal): Scope | null {
  if (organisationId === homeOrganisation || !roles.includes("partner_officer")) return null;
  return { organisationId, sites: [], all: false };
}
