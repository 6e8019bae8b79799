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
    app.put<{ Params: Params }>("/api/v1/sites/:siteId", (request) =>
      put(deps, request, { kind: "site", siteId: "", id: request.params.siteId }),
    );
    app.put<{ Params: Params }>("/api/v1/sites/:siteId/devices/:deviceId", (request) =>
      put(deps, request, { kind: "device", siteId: request.params.siteId, id: request.params.deviceId }),
    );
    app.put<{ Params: Params }>("/api/v1/products/:sku", (request) =>
      put(deps, request, { kind: "product", siteId: "", id: request.params.sku }),
    );
  };
}

async function put(deps: DirectoryRoutesDeps, request: FastifyRequest, key: Omit<DirectoryEntry, "body">) {
  const { db, holder, clock, chance } = deps;
  if (!isJsonObject(request.body)) {
    throw new HttpProblem(400, "directory_entry_invalid", "The body must be a JSON object", {
      remedy: "Send an entry as in directory.yaml",
    });
  }
  const entry: DirectoryEntry = { ...key, body: request.body };
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
