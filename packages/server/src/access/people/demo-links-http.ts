import type { FastifyPluginAsync } from "fastify";
import { Type } from "typebox";
import { typed } from "../../api/typed.ts";
import { linkAnswer } from "./accounts-http.ts";
import { makeDemoPeople } from "./demo-people.ts";
import { recoverAccounts } from "./people-access.ts";
import type { PeopleDeps } from "./people-deps.ts";

/** New sign-in links for the people of a demo, for the operator. Only a demo has this route. */
export function demoLinksRoute(deps: PeopleDeps): FastifyPluginAsync {
  return async (instance) => {
    const person = Type.Object({
      organisation: Type.String(),
      name: Type.String(),
      roles: Type.Array(Type.String()),
      site: Type.Union([Type.String(), Type.Null()]),
      link: Type.String(),
    });
    const schema = {
      tags: ["accounts"],
      operationId: "makeDemoLinks",
      summary: "New sign-in links for the people of the demo",
      response: { 201: Type.Object({ items: Type.Array(person) }) },
    };
    typed(instance).post("/api/v1/demo-links", { schema, config: recoverAccounts }, async (_request, reply) => {
      const people = await makeDemoPeople(deps);
      const items = people.map(({ secret, ...rest }) => ({
        ...rest,
        link: linkAnswer({ secret, expiresAtMs: 0 }, deps).link,
      }));
      return reply.code(201).send({ items });
    });
  };
}
