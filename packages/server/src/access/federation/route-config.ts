import type { FastifyContextConfig } from "fastify";
import type { ActionName } from "../actions.ts";

/** What a route of this folder asks: an action about the caller's own organisation, or about what is his own. */
export function asks(action: ActionName): FastifyContextConfig {
  return { access: { action, on: action === "account:own" ? "own" : "organisation" } };
}
