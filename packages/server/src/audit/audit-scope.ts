import type { FastifyRequest } from "fastify";
import { actorOf } from "../access/authenticate-http.ts";
import type { Scope } from "../platform/database/scoped.ts";

/**
 * What of the record the asker may see: what policy granted. The installation's own token reads the record of all organisations; it
 * stands for the operator, who holds the database.
 */
export function scopeOf(request: FastifyRequest): Scope {
  const { organisationId, sites, everySite, me = null, roles = [] } = request.scope;
  const all = actorOf(request).kind === "administrator";
  return { organisationId, sites, all, me, roles, ...(everySite === undefined ? {} : { everySite }) };
}
