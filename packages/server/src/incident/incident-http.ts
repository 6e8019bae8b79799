import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import type { IncidentRecord } from "@tillwatch/wire";
import { mayAlso, mayWithIt } from "../access/ask-http.ts";
import { idInPath } from "../access/route-access.ts";
import { actorOf } from "../access/authenticate-http.ts";
import { callersDb } from "../access/callers-db.ts";
import { problem } from "../api/problem.ts";
import { typed, type TypedApp } from "../api/typed.ts";
import type { IncidentFilter } from "./incident-filter.ts";
import { withClipTokens } from "../privacy/redact/clip-token.ts";
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
import type { Scope } from "../platform/database/scoped.ts";
import type { SummaryNeeds } from "./incident-summary.ts";
import { withoutPersonalParts } from "./personal-parts.ts";
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
const unsaid = { code: "access_refused", says: "no policy allows it" };
const lists = { access: { action: "incident:list", on: "sites" } } as const;

function readRoutes(app: TypedApp, deps: IncidentHttpDeps): void {
  const list = {
    tags,
    operationId: "listIncidents",
    summary: "The queue: highest risk (severity times the harm of its level), then newest",
    querystring: listQuery,
    response: { 200: pageShape },
  };
  app.get("/api/v1/incidents", { schema: list, config: lists }, async (request) => {
    const needs = deps.needs();
    const { q } = request.query;
    if (q !== undefined && q.trim() !== "") await deps.looks.searched(request, q);
    const filter = withinSites(filterOf(request.query, needs, deps.fields), request.scope);
    return incidentPage(callersDb(deps.db, request), filter, needs);
  });
  const read = {
    tags,
    operationId: "readIncident",
    summary: "The whole record",
    params: idParams,
    response: { 200: recordShape },
  };
  app.get(
    "/api/v1/incidents/:id",
    { schema: read, config: { access: { action: "incident:read", on: "incident", id: idInPath() } } },
    async (request, reply) => {
      const id = incidentIdOf(request.params.id);
      const found = await incidentRecord(callersDb(deps.db, request), id, { ...deps.needs(), ports: deps.ports });
      if (found === null) throw unknownIncident();
      await deps.looks.openedIncident(request, id);
      const shown = shownTo(request, withClipTokens(found, deps.fields));
      return reply.header("etag", `"${found.version}"`).header("cache-control", "no-store").send(shown);
    },
  );
  const history = {
    tags,
    operationId: "readIncidentHistory",
    summary: "Every change of every field; with `at`, all fields as they were then",
    params: idParams,
    querystring: historyQuery,
    response: { 200: historyShape },
  };
  app.get(
    "/api/v1/incidents/:id/history",
    { schema: history, config: { access: { action: "incident:open", on: "incident", id: idInPath() } } },
    async (request) => {
      const id = incidentIdOf(request.params.id);
      const db = callersDb(deps.db, request);
      const row = await incidentRow(db, id);
      if (row === null) throw unknownIncident();
      await deps.looks.openedIncident(request, id);
      const all = await historyOf(db, id);
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
    },
  );
}

/** The record with its personal parts where policy opens them, else without and with the reason. */
function shownTo(request: FastifyRequest, record: IncidentRecord): IncidentRecord {
  const personal = mayAlso(request, "incident:open");
  const whole = { ...record, may: mayWithIt(request) };
  if (personal.kind === "allowed") return whole;
  return withoutPersonalParts(
    whole,
    personal.kind === "hidden" ? unsaid : { code: personal.code, says: personal.says },
  );
}

/** What forms and filters choose from, and numbers. */
function worldRoutes(app: TypedApp, deps: IncidentHttpDeps): void {
  const taxonomy = {
    tags: ["directory"],
    operationId: "readTaxonomy",
    summary: "The categories of incidents, current version",
    response: { 200: taxonomyShape },
  };
  app.get(
    "/api/v1/taxonomy",
    { schema: taxonomy, config: { access: { action: "taxonomy:read", on: "organisation" } } },
    async () => deps.needs().taxonomies.current,
  );
  const sites = {
    tags: ["directory"],
    operationId: "listSites",
    summary: "Sites with zones and devices",
    response: { 200: sitesShape },
  };
  app.get(
    "/api/v1/sites",
    { schema: sites, config: { access: { action: "site:list", on: "sites" } } },
    async (request) => ({
      items: sitesIn(deps.needs(), request.scope).map((site) => ({
        id: site.id,
        name: site.name,
        kind: site.kind,
        region: site.region,
        timezone: site.timezone,
        currency: site.currency,
        zones: site.zones.map(({ id, name, kind }) => ({ id, name, kind })),
        devices: site.devices.map(({ id, name, kind, owner, criticality }) => ({ id, name, kind, owner, criticality })),
      })),
    }),
  );
  const stats = {
    tags,
    operationId: "readStats",
    summary: "Numbers of the work and the intake",
    response: { 200: statsShape },
  };
  app.get(
    "/api/v1/stats",
    { schema: stats, config: { access: { action: "stats:read", on: "sites" } } },
    async (request) => {
      const nowMs = deps.clock();
      const incidents = await incidentStats(callersDb(deps.db, request), nowMs);
      const signals = await deps.signalStats(actorOf(request).organisationId);
      return { at: new Date(nowMs).toISOString(), incidents, signals };
    },
  );
}

/** Asks for no more than the database would show: named sites are found by an index, which row-level security alone would not use. */
function withinSites(filter: IncidentFilter, { all, everySite, sites }: Scope): IncidentFilter {
  if (all || everySite === true) return filter;
  const within = new Set(sites);
  return { ...filter, siteIds: filter.siteIds === null ? sites : filter.siteIds.filter((id) => within.has(id)) };
}

// The directory is of all organisations.
function sitesIn(needs: SummaryNeeds, { all, sites }: Scope) {
  const within = new Set(sites);
  return needs.places.data.sites.filter(({ id }) => all || within.has(id));
}
