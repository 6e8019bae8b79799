import type { FastifyRequest } from "fastify";
import type { Chance } from "../../platform/chance.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Db } from "../../schema.ts";
import type { Identifier } from "../authenticate-http.ts";
import { record } from "./recorded-append.ts";
import { openVendorAccess } from "./vendor-store.ts";

/**
 * Lets a vendor's person into the organisation that opened the door: while an approved access is open, the person is there with its
 * roles, scopes and sites, and every request goes on that organisation's record with the ticket before it is answered. Without one the
 * person is whoever he is at home, where there is nothing of others. Asked anew at each request: what is revoked holds no longer.
 */
export function vendorGate(
  people: Identifier,
  deps: { readonly db: Db; readonly clock: Clock; readonly chance: Chance },
): Identifier {
  const recorded = new WeakSet<FastifyRequest>(); // a stream asks again and again who its reader is: one request, one entry
  return async (request) => {
    const person = await people(request);
    if (person === null || person.kind !== "person") return person;
    const access = await openVendorAccess(deps.db, person.token, deps.clock());
    if (access === null) return person;
    const { organisationId, ticket, roles, scopes, sites } = access;
    const entry = {
      kind: "vendor.request",
      actor: person.token,
      organisationId,
      subject: { kind: "vendor_access", id: access.id },
      because: `ticket ${ticket}`,
      body: { ticket, method: request.method, route: request.routeOptions.url ?? "none" },
    };
    if (!recorded.has(request)) await deps.db.transaction().execute((tx) => record(tx, entry, deps));
    recorded.add(request);
    // No regions: the sites are all there is. Null is every site, as the approval said.
    return { ...person, organisationId, roles, scopes, sites, regions: sites === null ? null : [] };
  };
}
