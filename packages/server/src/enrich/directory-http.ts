import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import { homeOrganisation, isJsonObject, type JsonObject } from "@tillwatch/wire";
import { HttpProblem } from "../api/problem.ts";
import { appendAudit } from "../audit/audit-append.ts";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import type { Db, Tx } from "../schema.ts";
import { entryProblems, type DirectoryHolder } from "./directory-holder.ts";
import { directoryEntries, removeDirectoryEntry, saveDirectoryEntry, type DirectoryEntry } from "./directory-store.ts";
import { Directory, type DirectoryData, type SalePeriod } from "./directory.ts";

export type DirectoryRoutesDeps = {
  readonly db: Db;
  readonly holder: DirectoryHolder;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly actorOf: (request: FastifyRequest) => { readonly token: string; readonly organisationId: string };
  readonly sites?: SiteRules; // absent: all sites are the installation's own
  readonly onChanged: () => void; // waiting dead letters may now be known
};

export type SiteRules = {
  /** Why a site with this id cannot be the organisation's; null: it can. */
  readonly refuses: (siteId: string, organisationId: string) => string | null;
  /** Writes whose the sites are; answers what is wrong, and then nothing may commit. */
  readonly sync: (tx: Tx, directory: DirectoryData) => Promise<readonly string[]>;
  /** After the commit. */
  readonly refresh: () => Promise<void>;
};

type Params = { readonly siteId: string; readonly deviceId: string; readonly sku: string; readonly periodId: string };

/** PUT of sites, devices, products and periods of the trading calendar; the body has the form of an entry in directory.yaml. */
export function directoryRoutes(deps: DirectoryRoutesDeps): FastifyPluginAsync {
  return async (app) => {
    const writes = { access: { action: "directory:write", on: "organisation" } } as const;
    const reads = { access: { action: "taxonomy:read", on: "organisation" } } as const;
    app.put<{ Params: Params }>(
      "/api/v1/sites/:siteId",
      { schema: schemaOf("putSite", "Adds or replaces a site"), config: writes },
      (request) => put(deps, request, { kind: "site", siteId: "", id: request.params.siteId }),
    );
    app.put<{ Params: Params }>(
      "/api/v1/sites/:siteId/devices/:deviceId",
      { schema: schemaOf("putDevice", "Adds or replaces a device of a site"), config: writes },
      (request) => put(deps, request, { kind: "device", siteId: request.params.siteId, id: request.params.deviceId }),
    );
    app.put<{ Params: Params }>(
      "/api/v1/products/:sku",
      { schema: schemaOf("putProduct", "Adds or replaces a product"), config: writes },
      (request) => put(deps, request, { kind: "product", siteId: "", id: request.params.sku }),
    );
    const period = ({ params }: { params: Params }) => ({ kind: "period" as const, siteId: "", id: params.periodId });
    app.get(
      "/api/v1/calendar",
      { schema: schemaOf("listCalendar", "The trading calendar in force"), config: reads },
      async (request) => {
        const known = new Set(directoryFor(deps, request).data.sites.map(({ id }) => id));
        const items = deps.holder.current().data.calendar.map((one) => ({
          ...one,
          sites: one.sites.filter((id) => id === "*" || known.has(id)),
        }));
        return { items: items.filter(({ sites }) => sites.length > 0).map(periodView) };
      },
    );
    app.put<{ Params: Params }>(
      "/api/v1/calendar/:periodId",
      { schema: schemaOf("putCalendarPeriod", "Adds or replaces a period of the trading calendar"), config: writes },
      (request) => put(deps, request, period(request)),
    );
    app.delete<{ Params: Params }>(
      "/api/v1/calendar/:periodId",
      { schema: schemaOf("removeCalendarPeriod", "Removes a period that was set by API"), config: writes },
      async (request, reply) => {
        await remove(deps, request, period(request));
        return reply.code(204).send();
      },
    );
  };
}

/** The body is checked by `entryProblems`, which words its refusals for whoever wrote the entry; here it is described. */
function schemaOf(operationId: string, summary: string) {
  const description =
    "The body is one entry of directory.yaml as JSON, as in pack/retail/directory.yaml. The id (of a product: sku) may be left out: " +
    'the address names it. A device, for example: {"kind": "camera", "name": "Entrance camera", "zone": "entrance"}';
  return { tags: ["directory"], operationId, summary, description };
}

async function put(deps: DirectoryRoutesDeps, request: FastifyRequest, key: Omit<DirectoryEntry, "body">) {
  const { db, holder, clock, chance } = deps;
  refuseShared(deps, request, key.kind);
  if (!isJsonObject(request.body)) {
    throw new HttpProblem(400, "directory_entry_invalid", "The body must be a JSON object", {
      remedy: "Send an entry as in directory.yaml",
    });
  }
  const named = key.kind === "product" ? { sku: key.id } : key.kind === "period" ? {} : { id: key.id };
  const whose = key.kind === "site" ? { organisation: organisationFor(deps, request, key.id) } : {};
  const entry: DirectoryEntry = { ...key, body: { ...named, ...request.body, ...whose } };
  const [first] = entryProblems(entry, directoryFor(deps, request));
  if (first !== undefined) {
    throw new HttpProblem(422, "directory_entry_invalid", first.message, {
      pointer: first.entry.startsWith("/") ? first.entry : "",
      remedy: "Send an entry as in directory.yaml",
    });
  }
  const actor = deps.actorOf(request).token;
  const atMs = clock();
  const organisationId = whose.organisation ?? deps.actorOf(request).organisationId;
  // Not in the asker's scope: a site that is being added is in nobody's yet. What may be written was checked above.
  await db.transaction().execute(async (tx) => {
    await saveDirectoryEntry(tx, entry, { actor, atMs, organisationId });
    const subject = { kind: entry.kind, id: entry.siteId === "" ? entry.id : `${entry.siteId}/${entry.id}` };
    const record = { kind: "directory.changed", actor, subject, because: reasonOf(entry), atMs, body: entry.body };
    await appendAudit(tx, [{ ...record, organisationId }], chance);
    if (entry.kind !== "site") return;
    const problems = await deps.sites?.sync(tx, holder.with(await directoryEntries(tx)).data);
    if (problems?.[0] !== undefined) throw refusedEntry(problems[0], "/organisation");
  });
  await deps.sites?.refresh();
  holder.replace(await directoryEntries(db));
  deps.onChanged();
  return entry.body;
}

/** Why a period is there says its note; for the rest nobody is asked. */
function reasonOf({ kind, body }: DirectoryEntry): string {
  const note = kind === "period" ? body["note"] : null;
  return typeof note === "string" && note.trim() !== "" ? note : "set by API";
}

/** Products and the calendar hold for all organisations: only the installation's own changes them. */
function refuseShared(deps: DirectoryRoutesDeps, request: FastifyRequest, kind: DirectoryEntry["kind"]): void {
  const shared = kind === "product" || kind === "period";
  if (!shared || deps.actorOf(request).organisationId === homeOrganisation) return;
  throw new HttpProblem(403, "access_refused", "products and the calendar are the installation's own", {
    remedy: "Ask whoever runs the installation.",
  });
}

/** Whose a site is that somebody sets: the asker's own, or, of the installation's administrator, the one that he names. */
function organisationFor(deps: DirectoryRoutesDeps, request: FastifyRequest, siteId: string): string {
  const own = deps.actorOf(request).organisationId;
  const named = (request.body as { readonly organisation?: unknown }).organisation;
  if (named !== undefined && named !== own && own !== homeOrganisation) {
    throw refusedEntry("a site that you set is your own organisation's", "/organisation");
  }
  const wanted = typeof named === "string" ? named : (deps.holder.current().site(siteId)?.organisation ?? own);
  const organisationId = own === homeOrganisation ? wanted : own;
  const problem = deps.sites?.refuses(siteId, organisationId) ?? null;
  if (problem !== null) throw refusedEntry(problem, "/id");
  return organisationId;
}

/** The directory without other organisations' sites: a device of one of theirs is refused as at a site that nobody has. */
function directoryFor(deps: DirectoryRoutesDeps, request: FastifyRequest): Directory {
  const { data } = deps.holder.current();
  const own = deps.actorOf(request).organisationId;
  if (own === homeOrganisation) return deps.holder.current();
  return new Directory({ ...data, sites: data.sites.filter(({ organisation }) => organisation === own) });
}

function refusedEntry(message: string, pointer: string): HttpProblem {
  return new HttpProblem(422, "directory_entry_invalid", message, {
    pointer,
    remedy: "Send an entry as in directory.yaml",
  });
}

async function remove(deps: DirectoryRoutesDeps, request: FastifyRequest, key: Omit<DirectoryEntry, "body">) {
  const { db, holder, clock, chance } = deps;
  refuseShared(deps, request, key.kind);
  const actor = deps.actorOf(request).token;
  const removed = await db.transaction().execute(async (tx) => {
    if (!(await removeDirectoryEntry(tx, key))) return false;
    const subject = { kind: key.kind, id: key.id };
    const record = { kind: "directory.removed", actor, subject, because: "by API", atMs: clock(), body: {} };
    await appendAudit(tx, [record], chance);
    return true;
  });
  if (!removed) {
    throw new HttpProblem(404, "directory_entry_unknown", "Nothing was set by API under this id", {
      remedy: "GET /api/v1/calendar lists the ids; a period without one stands in the pack's directory.yaml",
    });
  }
  holder.replace(await directoryEntries(db));
}

function periodView({ id, name, fromMs, toMs, sites, note }: SalePeriod): JsonObject {
  return { id, name, from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString(), sites: [...sites], note };
}
