import type { FastifyInstance, FastifyPluginAsync } from "fastify";
import { Type, type Static } from "typebox";
import { problem } from "../../api/problem.ts";
import { typed } from "../../api/typed.ts";
import type { Tx } from "../../schema.ts";
import { actionNames } from "../actions.ts";
import { actorOf } from "../authenticate-http.ts";
import { organisationDb } from "../callers-db.ts";
import type { PeopleDeps } from "../people/people-deps.ts";
import { roles, type Principal } from "../principal.ts";
import { record } from "./recorded-append.ts";
import { asks } from "./route-config.ts";
import { beyondOwn } from "./service-account.ts";
import {
  checkVendorAccess,
  neverScopes,
  vendorState,
  vendorStates,
  type VendorAccess,
  type VendorRules,
} from "./vendor-access.ts";
import {
  approveVendorAccess,
  endVendorAccess,
  insertVendorAccess,
  vendorAccessesOf,
  vendorAccessForUpdate,
  vendorAccount,
  vendorOverlap,
} from "./vendor-store.ts";

export type VendorDeps = Pick<PeopleDeps, "db" | "clock" | "chance" | "watch"> & { readonly vendorRules: VendorRules };

const tags = ["vendor access"];
const instant = Type.String({ format: "date-time" });
const because = Type.String({ minLength: 1, maxLength: 500, pattern: "\\S" });
const nullable = (shape: ReturnType<typeof Type.String>) => Type.Union([shape, Type.Null()]);
const accessShape = Type.Object({
  id: Type.String({ format: "uuid" }),
  state: Type.Enum([...vendorStates]),
  accountToken: Type.String(),
  ticket: Type.String(),
  purpose: Type.String(),
  roles: Type.Array(Type.String()),
  scopes: Type.Array(Type.String()),
  sites: Type.Union([Type.Array(Type.String()), Type.Null()]),
  startsAt: instant,
  endsAt: instant,
  requestedBy: Type.String(),
  requestedAt: instant,
  approvedBy: nullable(Type.String()),
  approvedAt: nullable(instant),
  endedBy: nullable(Type.String()),
  endedAt: nullable(instant),
  because: Type.String(),
});
const newAccessShape = Type.Object(
  {
    accountToken: Type.String({
      pattern: "^user:[0-9a-f-]{36}$",
      description: "of a person of a vendor's organisation",
    }),
    ticket: Type.String({ minLength: 1, maxLength: 100, pattern: "\\S" }),
    purpose: because,
    roles: Type.Array(Type.Enum([...roles]), { minItems: 1, uniqueItems: true }),
    scopes: Type.Array(Type.Enum([...actionNames]), { minItems: 1, maxItems: 100, uniqueItems: true }),
    sites: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { minItems: 1, maxItems: 1000 })),
    startsAt: instant,
    endsAt: instant,
  },
  { additionalProperties: false },
);
const idParams = Type.Object({ id: Type.String({ format: "uuid" }) });
const becauseShape = Type.Object({ because }, { additionalProperties: false });

/** Vendors by ticket: asked for by one person, approved by another, with an end, every request on the record, over at once when revoked. */
export function vendorRoutes(deps: VendorDeps): FastifyPluginAsync {
  return async (app) => {
    listRoute(app, deps);
    requestRoute(app, deps);
    decideRoutes(app, deps);
  };
}

function listRoute(instance: FastifyInstance, deps: VendorDeps): void {
  const schema = {
    tags,
    operationId: "listVendorAccess",
    summary: "Vendors who were let in, are, or ask to be",
    response: {
      200: Type.Object({
        items: Type.Array(accessShape),
        rules: Type.Object({
          hoursMax: Type.Number(),
          daysAheadMax: Type.Number(),
          neverScopes: Type.Array(Type.String({ description: "actions that nobody from outside gets" })),
        }),
      }),
    },
  };
  typed(instance).get("/api/v1/vendor-access", { schema, config: asks("vendor:read") }, async (request) => {
    const accesses = await vendorAccessesOf(organisationDb(deps.db, request), actorOf(request).organisationId);
    const { longestMs, aheadMs } = deps.vendorRules;
    const rules = { hoursMax: longestMs / 3_600_000, daysAheadMax: aheadMs / 86_400_000, neverScopes };
    return { items: accesses.map((access) => viewOf(access, deps.clock())), rules };
  });
}

function requestRoute(instance: FastifyInstance, deps: VendorDeps): void {
  const schema = {
    tags,
    operationId: "requestVendorAccess",
    summary: "Asks that a vendor's person be let in",
    body: newAccessShape,
    response: { 201: accessShape },
  };
  typed(instance).post("/api/v1/vendor-access", { schema, config: asks("vendor:request") }, async (request, reply) => {
    const access = await ask(request.body, actorOf(request), deps);
    return reply.code(201).send(viewOf(access, deps.clock()));
  });
}

async function ask(wanted: Static<typeof newAccessShape>, actor: Principal, deps: VendorDeps): Promise<VendorAccess> {
  const nowMs = deps.clock();
  const startsAt = new Date(wanted.startsAt);
  const endsAt = new Date(wanted.endsAt);
  const asked = { startsAtMs: startsAt.getTime(), endsAtMs: endsAt.getTime(), scopes: wanted.scopes };
  const checked = checkVendorAccess(asked, deps.vendorRules, nowMs);
  if (!checked.ok) throw problem(422, checked.error.code, checked.error.says);
  const [beyond] = beyondOwn(actor, wanted);
  if (beyond !== undefined)
    throw problem(403, "service_scope_beyond_own", `a key cannot hand on what it does not have itself: ${beyond}`);
  const access: VendorAccess = {
    id: deps.chance.uuid(),
    organisationId: actor.organisationId,
    accountToken: wanted.accountToken,
    ticket: wanted.ticket.trim(),
    purpose: wanted.purpose.trim(),
    roles: wanted.roles,
    scopes: [...wanted.scopes].sort(),
    sites: wanted.sites ?? null,
    startsAt,
    endsAt,
    requestedBy: actor.token,
    requestedAt: new Date(nowMs),
    approvedBy: null,
    approvedAt: null,
    endedBy: null,
    endedAt: null,
    because: "asked for",
  };
  await deps.db.transaction().execute(async (tx) => {
    const account = await vendorAccount(tx, access.accountToken);
    if (account === null) {
      throw problem(422, "vendor_account_unknown", "this is no account of a vendor that can sign in", {
        pointer: "/accountToken",
      });
    }
    await insertVendorAccess(tx, access);
    // As it is kept: sealed.
    const kept = await found(tx, { id: access.id, organisationId: access.organisationId });
    await put(tx, { access: kept, kind: "vendor.requested", actor: actor.token, because: access.purpose }, deps);
  });
  return access;
}

function decideRoutes(instance: FastifyInstance, deps: VendorDeps): void {
  const app = typed(instance);
  const shapes = { tags, params: idParams, body: becauseShape, response: { 204: Type.Null() } };
  const approve = {
    ...shapes,
    operationId: "approveVendorAccess",
    summary: "Lets the vendor in: a second person's word",
  };
  app.post(
    "/api/v1/vendor-access/:id/approve",
    { schema: approve, config: asks("vendor:approve") },
    async (request, reply) => {
      const { token, organisationId } = actorOf(request);
      const nowMs = deps.clock();
      await deps.db.transaction().execute(async (tx) => {
        const access = await found(tx, { id: request.params.id, organisationId });
        if (vendorState(access, nowMs) !== "requested") throw notNow("it was decided on before, or its time is over");
        if (access.requestedBy === token || access.accountToken === token) {
          throw problem(
            403,
            "vendor_second_person_needed",
            "whoever asked for it, or would come in, cannot approve it",
            {
              remedy: "Another administrator approves it.",
            },
          );
        }
        if (await vendorOverlap(tx, access)) throw notNow("the person has another access at that time; end it first");
        const { because: why } = request.body;
        await approveVendorAccess(tx, access.id, { token, because: why, nowMs });
        await put(tx, { access, kind: "vendor.approved", actor: token, because: why }, deps);
      });
      return reply.code(204).send();
    },
  );
  const end = { ...shapes, operationId: "endVendorAccess", summary: "Refuses what was asked for, or ends it at once" };
  app.post("/api/v1/vendor-access/:id/end", { schema: end, config: asks("vendor:end") }, async (request, reply) => {
    const { token, organisationId } = actorOf(request);
    const nowMs = deps.clock();
    await deps.db.transaction().execute(async (tx) => {
      const access = await found(tx, { id: request.params.id, organisationId });
      const state = vendorState(access, nowMs);
      if (state === "refused" || state === "revoked" || state === "over") throw notNow("it is over already");
      const { because: why } = request.body;
      await endVendorAccess(tx, access.id, { token, because: why, nowMs });
      const kind = state === "requested" ? "vendor.refused" : "vendor.revoked";
      await put(tx, { access, kind, actor: token, because: why }, deps);
    });
    await deps.watch.check();
    return reply.code(204).send();
  });
}

async function found(tx: Tx, at: { readonly id: string; readonly organisationId: string }): Promise<VendorAccess> {
  const access = await vendorAccessForUpdate(tx, at);
  if (access === null) throw problem(404, "vendor_access_unknown", "there is no such access");
  return access;
}

function notNow(detail: string) {
  return problem(409, "vendor_access_state", detail);
}

type Put = { readonly access: VendorAccess; readonly kind: string; readonly actor: string; readonly because: string };

async function put(tx: Tx, { access, kind, actor, because: why }: Put, deps: VendorDeps): Promise<void> {
  const { ticket, accountToken, scopes, sites } = access;
  const body = {
    ticket,
    account: accountToken,
    roles: access.roles,
    scopes,
    sites,
    startsAt: access.startsAt.toISOString(),
    endsAt: access.endsAt.toISOString(),
  };
  const subject = { kind: "vendor_access", id: access.id };
  await record(tx, { kind, actor, organisationId: access.organisationId, subject, because: why, body }, deps);
}

function viewOf(access: VendorAccess, nowMs: number) {
  const { organisationId: _, startsAt, endsAt, requestedAt, approvedAt, endedAt, ...rest } = access;
  return {
    ...rest,
    state: vendorState(access, nowMs),
    startsAt: startsAt.toISOString(),
    endsAt: endsAt.toISOString(),
    requestedAt: requestedAt.toISOString(),
    approvedAt: approvedAt?.toISOString() ?? null,
    endedAt: endedAt?.toISOString() ?? null,
  };
}
