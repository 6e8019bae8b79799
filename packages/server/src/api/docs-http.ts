import type { FastifyPluginAsync } from "fastify";
import { docsPage, docsScript } from "./docs-page.ts";

/** `/openapi.json`, and `/docs`: a page that lists its operations with nothing fetched from outside. */
export function docsRoutes(): FastifyPluginAsync {
  return async (app) => {
    const options = { config: { public: true }, schema: { hide: true } };
    app.get("/openapi.json", options, async (_request, reply) => reply.type("application/json").send(app.swagger()));
    app.get("/docs", options, async (_request, reply) => {
      return reply.type("text/html; charset=utf-8").serializer(String).send(docsPage);
    });
    app.get("/docs/docs.js", options, async (_request, reply) => {
      return reply.type("text/javascript; charset=utf-8").serializer(String).send(docsScript);
    });
  };
}
