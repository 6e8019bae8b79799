import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import { Type, type Static } from "typebox";
import { actorOf } from "../access/authenticate-http.ts";
import { idInPath } from "../access/route-access.ts";
import { askedOf } from "../access/ask-http.ts";
import { problem } from "../api/problem.ts";
import { typed } from "../api/typed.ts";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import type { Db, Tx } from "../schema.ts";
import { handlersAt, type ConflictPolicy } from "./conflict.ts";
import { colleagueRef, colleaguesAt, keepConflict, tokensOf } from "./conflict-store.ts";

export type ConflictDeps = {
  readonly db: Db;
  readonly fields: FieldVault;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly policy: ConflictPolicy;
};

const ref = Type.String({ pattern: "^[0-9a-f]{32}$" });
export const colleagueRefShape = ref;
export const choicesShape = Type.Object({
  items: Type.Array(Type.Object({ ref, name: Type.String(), roles: Type.Array(Type.String()) })),
  handlers: Type.Array(Type.String()),
});

/** What a report says about colleagues: those picked, and that there is one who could not be picked. */
export type AboutColleagues = { readonly refs: readonly string[]; readonly unlisted: boolean };

/** Takes a new case out of the hands of those whom it is about, in the transaction of its report. */
export type RouteConflict = (
  tx: Tx,
  of: {
    readonly request: FastifyRequest;
    readonly incidentId: string;
    readonly siteId: string;
    readonly subjects: readonly string[];
  },
) => Promise<void>;

type PickedColleagues = { readonly organisationId: string; readonly refs: readonly string[]; readonly pointer: string };

/** The accounts of the picked colleagues. Throws 422 for one who is not there. */
export async function pickedColleagues(
  deps: Pick<ConflictDeps, "db" | "fields">,
  { organisationId, refs, pointer }: PickedColleagues,
): Promise<readonly string[]> {
  const tokens = await tokensOf(deps.db, { organisationId, refs }, deps.fields);
  if (tokens.length === new Set(refs).size) return tokens;
  throw problem(422, "colleague_unknown", "there is no such colleague", {
    pointer,
    remedy:
      "GET /api/v1/sites/{id}/colleagues lists whom you may pick, and GET /api/v1/incidents/{id}/colleagues for a case.",
  });
}

export function routeConflict(deps: ConflictDeps): RouteConflict {
  return (tx, { request, incidentId, siteId, subjects }) => {
    const conflict = { incidentId, subjects, handlers: handlersAt(deps.policy, siteId) };
    return keepConflict(tx, { ...conflict, actor: actorOf(request).token, nowMs: deps.clock() }, deps.chance);
  };
}

/** Colleagues of a site, under names that lead to no token, and who handles a case about one. */
export async function choicesAt(
  deps: Pick<ConflictDeps, "db" | "fields" | "policy">,
  at: { readonly organisationId: string; readonly siteId: string; readonly region: string | null },
): Promise<Static<typeof choicesShape>> {
  const found = await colleaguesAt(deps.db, at);
  return {
    items: found.map(({ token, name, roles }) => ({ ref: colleagueRef(deps.fields, token), name, roles: [...roles] })),
    handlers: [...handlersAt(deps.policy, at.siteId)],
  };
}

/** Colleagues to pick from, under names that lead to no token. */
export function conflictRoutes(deps: ConflictDeps): FastifyPluginAsync {
  return async (instance) => {
    const app = typed(instance);
    const list = {
      tags: ["incidents"],
      operationId: "listColleagues",
      summary: "Colleagues of a site whom a report may be about, and who handles such a report",
      params: Type.Object({ id: Type.String({ maxLength: 128 }) }),
      response: {
        200: choicesShape,
      },
    };
    const config = { access: { action: "incident:report", on: "site", id: idInPath() } } as const;
    app.get("/api/v1/sites/:id/colleagues", { schema: list, config }, async (request, reply) => {
      const { facts } = askedOf(request);
      if (facts.kind !== "site") throw new Error("colleagues are asked about a site");
      const { id: siteId, organisationId, region } = facts.site;
      reply.header("cache-control", "no-store");
      return choicesAt(deps, { organisationId, siteId, region });
    });
  };
}
