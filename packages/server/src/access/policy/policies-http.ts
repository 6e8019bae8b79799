import { setImmediate } from "node:timers/promises";
import type { FastifyPluginAsync } from "fastify";
import type { PolicyMatrix } from "@tillwatch/wire";
import type { Clock } from "../../platform/clock.ts";
import type { Access } from "../ask.ts";
import { matrixOf } from "./matrix.ts";

/** `GET /api/v1/policies/matrix`: which role may do what, each cell asked of the policies in force, and the policies themselves. */
export function policyRoutes({
  access,
  clock,
}: {
  readonly access: Access;
  readonly clock: Clock;
}): FastifyPluginAsync {
  // Thousands of questions: the answer holds as long as the policies, and a day because reviews fall due.
  let made: { readonly day: string; readonly matrix: Promise<PolicyMatrix> } | undefined;
  return async (app) => {
    const schema = {
      tags: ["access"],
      operationId: "readPolicyMatrix",
      summary: "Roles and actions, each cell as the policies answer it; and every policy with owner and review",
    };
    const config = { access: { action: "policy:read", on: "organisation" } } as const;
    app.get("/api/v1/policies/matrix", { schema, config }, async (): Promise<PolicyMatrix> => {
      const day = new Date(clock()).toISOString().slice(0, 10);
      if (made?.day !== day) made = { day, matrix: matrixOf(access.engine, day, setImmediate) };
      return made.matrix;
    });
  };
}
