import type { FastifyPluginAsync } from "fastify";
import { Type } from "typebox";
import { typed } from "../../api/typed.ts";
import { actorOf } from "../authenticate-http.ts";
import { linkAnswer } from "./accounts-http.ts";
import { makeSetUpLink } from "./first-administrator.ts";
import { recoverAccounts } from "./people-access.ts";
import type { PeopleDeps } from "./people-deps.ts";

/** What `tillwatch account setup-link` asks of a running server. Policy lets only the installation's own token. */
export function setUpLinkRoute(deps: PeopleDeps): FastifyPluginAsync {
  return async (instance) => {
    const schema = {
      tags: ["accounts"],
      operationId: "makeSetUpLink",
      summary: "A new link for an administrator who has none; for the operator at the machine",
      response: { 201: Type.Object({ link: Type.String(), expiresAt: Type.String({ format: "date-time" }) }) },
    };
    typed(instance).post("/api/v1/setup-link", { schema, config: recoverAccounts }, async (request, reply) => {
      const actor = actorOf(request);
      return reply.code(201).send(linkAnswer(await makeSetUpLink(deps, actor.token), deps));
    });
  };
}
