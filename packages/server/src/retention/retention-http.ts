import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import { Type } from "typebox";
import type { CaseHoldView } from "@tillwatch/wire";
import { actorOf } from "../access/authenticate-http.ts";
import { callersDb } from "../access/callers-db.ts";
import { namesOf } from "../access/names-read.ts";
import { problem } from "../api/problem.ts";
import { typed, type TypedApp } from "../api/typed.ts";
import { inCase, ofCase, over, path, placeOf, tags, viewOf, type RetentionDeps } from "./case-http.ts";
import { disposalRoutes } from "./disposal-http.ts";
import { disposalsIn, disposalsOf, endedCase, type DisposalState } from "./disposal-store.ts";
import { endCaseHold, holdCase, holdsOfCase } from "./hold-append.ts";
import { dueOf } from "./retention.ts";
import {
  caseParams,
  disposalsShape,
  endBody,
  holdBody,
  holdParams,
  madeShape,
  retentionShape,
  stateQuery,
} from "./retention-schema.ts";

/** Holds on cases, and the end of their content: what is due, who asked, who confirmed, the certificate. */
export function retentionRoutes(deps: RetentionDeps): FastifyPluginAsync {
  return async (instance) => {
    const app = typed(instance);
    readRoutes(app, deps);
    holdRoutes(app, deps);
    disposalRoutes(app, deps);
  };
}

function readRoutes(app: TypedApp, deps: RetentionDeps): void {
  const read = {
    tags,
    operationId: "readRetention",
    summary: "How long a case is kept, what holds it, and what was destroyed of it",
    params: caseParams,
    response: { 200: retentionShape },
  };
  app.get(`${path}/retention`, { schema: read, config: ofCase("retention:read") }, async (request, reply) => {
    const { incidentId, siteId } = placeOf(request);
    const db = callersDb(deps.db, request);
    const row = await endedCase(db, incidentId);
    const keep = (await deps.keepOf())(siteId);
    const ended = row !== null && over.has(row.state);
    const holds = await holdsOfCase(db, incidentId);
    const facts = { endedAtMs: row?.endedAt.getTime() ?? 0, everIncident: row?.everIncident ?? true };
    reply.header("cache-control", "no-store");
    return {
      incidentId,
      ended,
      endedAt: ended ? row.endedAt.toISOString() : null,
      due: ended
        ? dueOf(facts, keep).map(({ kind, days, dueAtMs }) => ({ kind, days, dueAt: new Date(dueAtMs).toISOString() }))
        : [],
      keeps: { clipDays: keep.clipDays, reportDays: keep.reportDays, watchItemDays: keep.watchItemDays },
      names: await named(
        deps,
        request,
        holds.flatMap(({ actor, endedBy }) => [actor, endedBy]),
      ),
      holds: holds.map(({ at, endedAt, ...same }) => ({
        ...same,
        at: at.toISOString(),
        endedAt: endedAt?.toISOString() ?? null,
      })) satisfies CaseHoldView[],
      disposals: (await disposalsOf(db, incidentId)).map(viewOf),
      grounds: [...deps.access.engine.set.grounds],
    };
  });
  const list = {
    tags,
    operationId: "listDisposals",
    summary: "What is due to be destroyed, what was kept on, what is gone",
    querystring: stateQuery,
    response: { 200: disposalsShape },
  };
  const reads = { access: { action: "retention:read", on: "organisation" } } as const;
  app.get("/api/v1/disposals", { schema: list, config: reads }, async (request) => {
    const { organisationId } = actorOf(request);
    const states = statesOf[request.query.state ?? "open"];
    const found = await disposalsIn(callersDb(deps.db, request), { organisationId, states });
    // Nobody confirms, or keeps on, by the word of somebody whom he does not know.
    const actors = found.flatMap(({ requestedBy, confirmedBy, keptBy }) => [requestedBy, confirmedBy, keptBy]);
    return { items: found.map(viewOf), names: await named(deps, request, actors) };
  });
}

function named(deps: RetentionDeps, request: FastifyRequest, tokens: readonly (string | null)[]) {
  const actors = tokens.filter((token) => token !== null);
  return namesOf({ db: deps.db, vault: deps.fields }, actorOf(request), { actors, subjects: [] });
}

const statesOf: Readonly<Record<"open" | "kept" | "done", readonly DisposalState[]>> = {
  open: ["due", "requested", "confirmed"],
  kept: ["kept"],
  done: ["done"],
};

function holdRoutes(app: TypedApp, deps: RetentionDeps): void {
  const add = {
    tags,
    operationId: "holdCase",
    summary: "Keeps a case from being purged, erased or disposed of while a matter is open",
    params: caseParams,
    body: holdBody,
    response: { 201: madeShape },
  };
  app.post(`${path}/holds`, { schema: add, config: ofCase("hold:set") }, async (request, reply) => {
    const { matter, ground, because } = request.body;
    if (!deps.access.engine.set.grounds.includes(ground)) {
      throw problem(422, "ground_unknown", "there is no such legal ground", {
        pointer: "/ground",
        remedy: `Choose one of ${deps.access.engine.set.grounds.join(", ")}.`,
      });
    }
    const said = { ground, matter: matter.trim(), because: because.trim() };
    const id = await inCase(deps, request, (tx, by) => holdCase(tx, { ...by, ...said }, deps));
    return reply.code(201).send({ id });
  });
  const end = {
    tags,
    operationId: "endCaseHold",
    summary: "Ends a hold on a case; what is due by then is listed anew",
    params: holdParams,
    body: endBody,
    response: { 204: Type.Null() },
  };
  app.post(`${path}/holds/:holdId/end`, { schema: end, config: ofCase("hold:set") }, async (request, reply) => {
    const { because } = request.body;
    const id = request.params.holdId;
    await inCase(deps, request, (tx, by) => endCaseHold(tx, { ...by, id, because: because.trim() }, deps));
    deps.keeper.wake();
    return reply.code(204).send();
  });
}
