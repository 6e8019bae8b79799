import type { FastifyPluginAsync } from "fastify";
import { Type } from "typebox";
import { actorOf } from "../access/authenticate-http.ts";
import { callersDb } from "../access/callers-db.ts";
import { homeOrganisation } from "../access/principal.ts";
import { problem } from "../api/problem.ts";
import { typed } from "../api/typed.ts";
import { appendAudit } from "../audit/audit-append.ts";
import { organisationIdPattern, referenceLettersPattern, sitePrefixPattern } from "../enrich/directory-shape.ts";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import type { Db } from "../schema.ts";
import { endOrganisation, insertOrganisation, organisations, type Organisation } from "./organisation-store.ts";
import { refreshRegister } from "./organisation-sync-store.ts";
import type { SiteRegister } from "./site-register.ts";

export type OrganisationDeps = {
  readonly db: Db;
  readonly register: SiteRegister;
  readonly clock: Clock;
  readonly chance: Chance;
};

const tags = ["organisations"];
const orNull = (pattern: string) => Type.Union([Type.String({ pattern }), Type.Null()]);
const shape = Type.Object({
  id: Type.String(),
  name: Type.String(),
  kind: Type.Enum(["retailer", "police", "insurer", "vendor"]),
  sitePrefix: orNull(".*"),
  referenceLetters: orNull(".*"),
  createdAt: Type.String({ format: "date-time" }),
  endedAt: Type.Union([Type.String({ format: "date-time" }), Type.Null()]),
});
const newShape = Type.Object(
  {
    id: Type.String({ pattern: organisationIdPattern }),
    name: Type.String({ minLength: 1, maxLength: 200 }),
    kind: Type.Enum(["retailer", "police", "insurer", "vendor"]),
    sitePrefix: Type.Optional(Type.String({ pattern: sitePrefixPattern })),
    referenceLetters: Type.Optional(Type.String({ pattern: referenceLettersPattern })),
  },
  { additionalProperties: false },
);

/** Tenants of the installation. Its administrator sees and keeps all of them; everybody else sees the own one. */
export function organisationRoutes(deps: OrganisationDeps): FastifyPluginAsync {
  return async (instance) => {
    const app = typed(instance);
    const list = {
      tags,
      operationId: "listOrganisations",
      summary: "The organisations that the asker may know of",
      response: { 200: Type.Object({ items: Type.Array(shape) }) },
    };
    const reads = { access: { action: "organisation:read", on: "organisation" } } as const;
    app.get("/api/v1/organisations", { schema: list, config: reads }, async (request) => {
      const db = actorOf(request).organisationId === homeOrganisation ? deps.db : callersDb(deps.db, request);
      return { items: (await organisations(db)).map(viewOf) };
    });
    const writes = { access: { action: "organisation:write", on: "installation" } } as const;
    const add = {
      tags,
      operationId: "addOrganisation",
      summary: "Adds a tenant: a retailer with sites of its own, or a partner that sees what is shared with it",
      body: newShape,
      response: { 201: shape },
    };
    app.post("/api/v1/organisations", { schema: add, config: writes }, async (request, reply) => {
      const { id, name, kind, sitePrefix = null, referenceLetters = null } = request.body;
      const wanted = { id, name, kind, sitePrefix, referenceLetters };
      const made = await addOrganisation(deps, wanted, actorOf(request).token);
      return reply.code(201).header("location", `/api/v1/organisations/${id}`).send(viewOf(made));
    });
    const end = {
      tags,
      operationId: "endOrganisation",
      summary: "Ends a tenant: its people and devices are refused, what it did stays on record",
      params: Type.Object({ id: Type.String({ maxLength: 32 }) }),
      response: { 204: Type.Null() },
    };
    app.post("/api/v1/organisations/:id/end", { schema: end, config: writes }, async (request, reply) => {
      await endOne(deps, request.params.id, actorOf(request).token);
      return reply.code(204).send();
    });
  };
}

type Wanted = Parameters<typeof insertOrganisation>[1];

async function addOrganisation(deps: OrganisationDeps, wanted: Wanted, actor: string): Promise<Organisation> {
  const { db, register, clock, chance } = deps;
  const { id, kind, sitePrefix, referenceLetters } = wanted;
  const isRetailer = kind === "retailer";
  if (isRetailer !== (sitePrefix !== null) || isRetailer !== (referenceLetters !== null)) {
    throw problem(422, "organisation_invalid", "a retailer has sitePrefix and referenceLetters, a partner neither", {
      pointer: "/sitePrefix",
    });
  }
  if (sitePrefix !== null && register.sitesOf(homeOrganisation).some((site) => site.id.startsWith(sitePrefix))) {
    throw problem(409, "organisation_taken", `the installation's own sites have ids that begin with ${sitePrefix}`, {
      pointer: "/sitePrefix",
    });
  }
  const atMs = clock();
  await db.transaction().execute(async (tx) => {
    if (!(await insertOrganisation(tx, wanted, atMs))) {
      throw problem(409, "organisation_taken", "an organisation has this id, prefix or these letters already");
    }
    const body = { kind, sitePrefix, referenceLetters };
    const subject = { kind: "organisation", id };
    const record = { kind: "organisation.added", actor, subject, because: "a person asked", atMs, body };
    await appendAudit(tx, [{ ...record, organisationId: homeOrganisation }], chance);
  });
  await refreshRegister(db, register);
  return { ...wanted, createdAt: new Date(atMs), endedAt: null };
}

async function endOne({ db, register, clock, chance }: OrganisationDeps, id: string, actor: string): Promise<void> {
  const atMs = clock();
  if (id === homeOrganisation) throw problem(409, "organisation_is_home", "the installation's own organisation stays");
  await db.transaction().execute(async (tx) => {
    if (!(await endOrganisation(tx, id, atMs))) {
      throw problem(404, "organisation_unknown", "there is no such organisation, or it ended");
    }
    const subject = { kind: "organisation", id };
    const record = { kind: "organisation.ended", actor, subject, because: "a person asked", atMs, body: {} };
    await appendAudit(tx, [{ ...record, organisationId: homeOrganisation }], chance);
  });
  await refreshRegister(db, register);
}

function viewOf({ createdAt, endedAt, ...organisation }: Organisation) {
  return { ...organisation, createdAt: createdAt.toISOString(), endedAt: endedAt?.toISOString() ?? null };
}
