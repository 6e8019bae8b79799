import type { FastifyPluginAsync } from "fastify";
import type { LiveEvent } from "@tillwatch/wire";
import { conflictRoutes, pickedColleagues, routeConflict, type RouteConflict } from "../conflict/conflict-http.ts";
import { namingRoutes, type NamingDeps } from "../conflict/naming-http.ts";
import { tillOperatorRoutes, type TillOperatorDeps } from "../conflict/till-operators-http.ts";
import { wallsOf } from "../conflict/conflict-store.ts";
import type { Audience } from "../platform/live-feed.ts";
import type { Db } from "../schema.ts";

/** Reports about colleagues: who is picked, and into whose hands they go. */
export function openConflicts(deps: NamingDeps & TillOperatorDeps): {
  readonly routes: readonly FastifyPluginAsync[];
  readonly colleagues: {
    readonly picked: (organisationId: string, refs: readonly string[]) => Promise<readonly string[]>;
    readonly route: RouteConflict;
  };
} {
  return {
    routes: [conflictRoutes(deps), namingRoutes(deps), tillOperatorRoutes(deps)],
    colleagues: {
      picked: (organisationId, refs) => pickedColleagues(deps, { organisationId, refs, pointer: "/aboutColleagues" }),
      route: routeConflict(deps),
    },
  };
}

/** Who of an audience is not told of a case: asked for every batch of events, in one question. */
export function audiencesBy(db: Db) {
  return async (
    sent: readonly { readonly event: LiveEvent; readonly to: Audience }[],
  ): Promise<readonly Audience[]> => {
    const ids = sent.map(({ event }) => incidentOf(event));
    const walls = await wallsOf(db, [...new Set(ids.filter((id) => id !== null))]);
    return sent.map(({ to }, at) => {
      const wall = walls.get(ids[at] ?? "");
      return wall === undefined ? to : { ...to, wall };
    });
  };
}

function incidentOf(event: LiveEvent): string | null {
  if (event.kind === "incident") return event.id;
  return event.kind === "packet" || event.kind === "drafts" ? event.incidentId : null;
}
