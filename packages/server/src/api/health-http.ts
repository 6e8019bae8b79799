import type { FastifyPluginAsync } from "fastify";
import { Type } from "typebox";
import { typed } from "./typed.ts";

/**
 * One thing that must work before requests make sense, unless `stopsRequests` is false: then it is only stated. `says` is for the
 * operator: no secret.
 */
export type ReadyCheck = {
  readonly name: string;
  readonly ok: boolean;
  readonly says: string;
  readonly stopsRequests?: false;
};

export type HealthDeps = {
  readonly ready: () => Promise<readonly ReadyCheck[]>;
  /** prom-client's `Registry` fits. */
  readonly metrics: { readonly contentType: string; readonly metrics: () => Promise<string> };
};

/** `/healthz`: the process answers. `/readyz`: what it needs works. `/metrics`: numbers for Prometheus, with a token. */
export function healthRoutes(deps: HealthDeps): FastifyPluginAsync {
  return async (instance) => {
    const app = typed(instance);
    const config = { public: true };
    const tags = ["operation"];
    const alive = Type.Object({ ok: Type.Boolean() });
    const check = Type.Object({ name: Type.String(), ok: Type.Boolean(), says: Type.String() });
    const readiness = Type.Object({ ok: Type.Boolean(), checks: Type.Array(check) });
    const health = {
      tags,
      operationId: "health",
      summary: "The process answers",
      security: [],
      response: { 200: alive },
    };
    app.get("/healthz", { config, schema: health }, async () => ({ ok: true }));
    const ready = {
      tags,
      operationId: "readiness",
      summary: "What the server needs works",
      security: [],
      response: { 200: readiness, 503: readiness },
    };
    app.get("/readyz", { config, schema: ready }, async (_request, reply) => {
      const found = await deps.ready();
      const ok = found.every((one) => one.ok || one.stopsRequests === false);
      const checks = found.map(({ name, ok: works, says }) => ({ name, ok: works, says }));
      return reply.code(ok ? 200 : 503).send({ ok, checks });
    });
    const metrics = {
      tags,
      operationId: "metrics",
      summary: "Numbers in the Prometheus text format",
      response: { 200: { description: "metrics", content: { "text/plain": { schema: Type.String() } } } },
    };
    app.get(
      "/metrics",
      { schema: metrics, config: { access: { action: "metrics:read", on: "installation" } } },
      async (_request, reply) => {
        return reply
          .type(deps.metrics.contentType)
          .serializer(String)
          .send(await deps.metrics.metrics());
      },
    );
  };
}
