import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fastify, { type FastifyInstance, type FastifyPluginAsync } from "fastify";
import { HttpProblem, problemBody } from "../api/problem.ts";
import type { AddTimeline, ExhibitDeps } from "../exhibit/exhibit-intake-store.ts";
import { systemChance } from "../platform/chance.ts";
import { openKeys, type Keys } from "../platform/keys.ts";
import { openFileObjectStore } from "../platform/object-store-file.ts";
import type { ObjectStore } from "../platform/object-store.ts";
import type { OpenDatabase } from "../schema.ts";

export const incidentId = "3f0c1a52-6f0e-4c57-9a3e-3b7f2f1d8e01";
export const incidentRef = "TW-2026-000123";

/** A folder with keys and objects, and the ports that the incident stage gives, for tests of exhibits, audit and packets. */
export type House = {
  readonly folder: string;
  readonly keys: Keys;
  readonly objects: ObjectStore;
  readonly deps: ExhibitDeps;
  readonly timeline: Parameters<AddTimeline>[1][];
};

export async function withHouse(
  database: OpenDatabase,
  run: (house: House) => Promise<void>,
  change: (deps: ExhibitDeps) => ExhibitDeps = (deps) => deps,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "prove-"));
  try {
    const keys = await openKeys(join(folder, "keys"));
    const objects = await openFileObjectStore(join(folder, "objects"));
    const timeline: House["timeline"] = [];
    const deps: ExhibitDeps = {
      db: database.db,
      vault: { objects, master: keys.master, chance: systemChance },
      clock: () => Date.now(),
      chance: systemChance,
      incidentRefOf: async (_db, id) => (id === incidentId ? incidentRef : null),
      addTimeline: async (_tx, line) => {
        timeline.push(line);
      },
      incidentChanged: () => {},
      exhibitBytesMax: 1024 ** 3,
    };
    await run({ folder, keys, objects, deps: change(deps), timeline });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** An HTTP server with `routes`, an administrator as the actor, and refusals as problem details; listens on a free port. */
export async function serve(routes: readonly FastifyPluginAsync[]): Promise<{ app: FastifyInstance; url: string }> {
  const app = fastify({ forceCloseConnections: true });
  app.decorateRequest("actor");
  app.addHook("onRequest", async (request) => {
    request.actor = { token: "user:ada", kind: "administrator" };
  });
  app.setErrorHandler(async (fault, request, reply) => {
    const known = fault instanceof HttpProblem;
    const refusal = known ? fault : new HttpProblem(500, "internal", String(fault));
    return reply.code(refusal.status).type("application/problem+json").send(problemBody(refusal, request.id));
  });
  for (const route of routes) await app.register(route);
  const url = await app.listen({ port: 0, host: "127.0.0.1" });
  return { app, url };
}
