import type { FastifyRequest } from "fastify";
import { actorOf } from "../access/authenticate-http.ts";
import { problem } from "../api/problem.ts";

/** The token of the administrator who asks; refuses everybody else. */
export function administrator(request: FastifyRequest): string {
  const { token, kind } = actorOf(request);
  if (kind === "administrator") return token;
  throw problem(403, "webhook_administrator_needed", "only the administrator may change who is told by webhook");
}
