import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import { isJsonObject } from "@tillwatch/wire";
import { HttpProblem } from "../api/problem.ts";
import { appendAudit } from "../audit/audit-append.ts";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import type { Db } from "../schema.ts";
import { entryProblems, type DirectoryHolder } from "./directory-holder.ts";
import { directoryEntries, saveDirectoryEntry, type DirectoryEntry } from "./directory-store.ts";

export type DirectoryRoutesDeps = {
  readonly db: Db;
  readonly holder: DirectoryHolder;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly actorOf: (request: FastifyRequest) => { readonly token: string };
  readonly onChanged: () => void; // waiting dead letters may now be known
};

type Params = { readonly siteId: string; readonly deviceId: string; readonly sku: string };

/** PUT of sites, devices and products; the body has the form of an entry in directory.yaml. */
export function directoryRoutes(deps: DirectoryRoutesDeps): FastifyPluginAsync {
  return async (app) => {
    app.put<{ Params: Params }>(
      "/api/v1/sites/:siteId",
      { schema: schemaOf("putSite", "Adds or replaces a site") },
      (request) => put(deps, request, { kind: "site", siteId: "", id: request.params.siteId }),
    );
    app.put<{ Params: Params }>(
      "/api/v1/sites/:siteId/devices/:deviceId",
      { schema: schemaOf("putDevice", "Adds or replaces a device of a site") },
      (request) => put(deps, request, { kind: "device", siteId: request.params.siteId, id: request.params.deviceId }),
    );
    app.put<{ Params: Params }>(
      "/api/v1/products/:sku",
      { schema: schemaOf("putProduct", "Adds or replaces a product") },
      (request) => put(deps, request, { kind: "product", siteId: "", id: request.params.sku }),
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
  if (!isJsonObject(request.body)) {
    throw new HttpProblem(400, "directory_entry_invalid", "The body must be a JSON object", {
      remedy: "Send an entry as in directory.yaml",
    });
  }
  const named = key.kind === "product" ? { sku: key.id } : { id: key.id };
  const entry: DirectoryEntry = { ...key, body: { ...named, ...request.body } };
  const [first] = entryProblems(entry, holder.current());
  if (first !== undefined) {
    throw new HttpProblem(422, "directory_entry_invalid", first.message, {
      pointer: first.entry.startsWith("/") ? first.entry : "",
      remedy: "Send an entry as in directory.yaml",
    });
  }
  const actor = deps.actorOf(request).token;
  const atMs = clock();
  await db.transaction().execute(async (tx) => {
    await saveDirectoryEntry(tx, entry, { actor, atMs });
    const subject = { kind: entry.kind, id: entry.siteId === "" ? entry.id : `${entry.siteId}/${entry.id}` };
    const record = { kind: "directory.changed", actor, subject, because: "set by API", atMs, body: entry.body };
    await appendAudit(tx, [record], chance);
  });
  holder.replace(await directoryEntries(db));
  deps.onChanged();
  return entry.body;
}
