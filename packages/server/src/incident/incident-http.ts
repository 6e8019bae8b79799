import type { FastifyPluginAsync } from "fastify";
import { problem } from "../api/problem.ts";
import { typed, type TypedApp } from "../api/typed.ts";
import { filterOf, instantOf } from "./filter-http.ts";
import { incidentIdOf, unknownIncident, type IncidentHttpDeps } from "./incident-answer-http.ts";
import { commandRoutes } from "./incident-command-http.ts";
import { fieldsAt, historyOf, incidentPage, incidentRecord, incidentRow } from "./incident-read.ts";
import {
  historyQuery,
  historyShape,
  idParams,
  listQuery,
  pageShape,
  recordShape,
  sitesShape,
  statsShape,
  taxonomyShape,
} from "./incident-schema.ts";
import { incidentStats } from "./stats-read.ts";

/** `/api/v1/incidents` and what belongs to it. */
export function incidentRoutes(deps: IncidentHttpDeps): FastifyPluginAsync {
  return async (instance) => {
    const app = typed(instance);
    readRoutes(app, deps);
    worldRoutes(app, deps);
    commandRoutes(app, deps);
  };
}

const tags = ["incidents"];

function readRoutes(app: TypedApp, deps: IncidentHttpDeps): void {
  const list = {
    tags,
    operationId: "listIncidents",
    summary: "The queue: highest risk (severity times the harm of its level), then newest",
    querystring: listQuery,
    response: { 200: pageShape },
  };
  app.get("/api/v1/incidents", { schema: list }, async (request) => {
    const needs = deps.needs();
    return incidentPage(deps.db, filterOf(request.query, needs), needs);
  });
  const read = {
    tags,
    operationId: "readIncident",
    summary: "The whole record",
    params: idParams,
    response: { 200: recordShape },
  };
  app.get("/api/v1/incidents/:id", { schema: read }, async (request, reply) => {
    const id = incidentIdOf(request.params.id);
    const found = await incidentRecord(deps.db, id, { ...deps.needs(), ports: deps.ports });
    if (found === null) throw unknownIncident();
    return reply.header("etag", `"${found.version}"`).header("cache-control", "no-store").send(found);
  });
  const history = {
    tags,
    operationId: "readIncidentHistory",
    summary: "Every change of every field; with `at`, all fields as they were then",
    params: idParams,
    querystring: historyQuery,
    response: { 200: historyShape },
  };
  app.get("/api/v1/incidents/:id/history", { schema: history }, async (request) => {
    const id = incidentIdOf(request.params.id);
    const row = await incidentRow(deps.db, id);
    if (row === null) throw unknownIncident();
    const all = await historyOf(deps.db, id);
    const { field, at } = request.query;
    const atMs = instantOf(at, "/at") ?? deps.clock();
    if (atMs < row.openedAtMs) {
      const openedAt = new Date(row.openedAtMs).toISOString();
      throw problem(
        404,
        "history_before_opening",
        `${row.ref} was opened at ${openedAt}, after the instant asked for`,
        {
          remedy: `Ask for ${openedAt} or later.`,
        },
      );
    }
    const changes = field === undefined ? all : all.filter((change) => change.field === field);
    return { id, ref: row.ref, at: new Date(atMs).toISOString(), fields: fieldsAt(row, all, atMs), changes };
  });
}

/** What forms and filters choose from, and numbers. */
function worldRoutes(app: TypedApp, deps: IncidentHttpDeps): void {
  const taxonomy = {
    tags: ["directory"],
    operationId: "readTaxonomy",
    summary: "The categories of incidents, current version",
    response: { 200: taxonomyShape },
  };
  app.get("/api/v1/taxonomy", { schema: taxonomy }, async () => deps.needs().taxonomies.current);
  const sites = {
    tags: ["directory"],
    operationId: "listSites",
    summary: "Sites with zones and devices",
    response: { 200: sitesShape },
  };
  app.get("/api/v1/sites", { schema: sites }, async () => ({
    items: deps.needs().places.data.sites.map((site) => ({
      id: site.id,
      name: site.name,
      kind: site.kind,
      region: site.region,
      timezone: site.timezone,
      currency: site.currency,
      zones: site.zones.map(({ id, name, kind }) => ({ id, name, kind })),
      devices: site.devices.map(({ id, name, kind, owner, criticality }) => ({ id, name, kind, owner, criticality })),
    })),
  }));
  const stats = {
    tags,
    operationId: "readStats",
    summary: "Numbers of the work and the intake",
    response: { 200: statsShape },
  };
  app.get("/api/v1/stats", { schema: stats }, async () => {
    const nowMs = deps.clock();
    const incidents = await incidentStats(deps.db, nowMs);
    return { at: new Date(nowMs).toISOString(), incidents, signals: await deps.signalStats() };
  });
}
