import type { FastifyRequest } from "fastify";
import { askedOf } from "./ask-http.ts";
import { actorOf } from "./authenticate-http.ts";

/** Why something opened to whoever asked, as the record says it where he wrote no reason of his own. */
export type OpenedBecause = {
  /** The stated ground; else that it was an emergency, or the installation's token; else that nothing is known. Never somebody's words. */
  readonly because: string;
  /** What was stated for this case and is in force; null: nothing. */
  readonly stated: { readonly purpose: string; readonly ground: string } | null;
};

/** What holds for the thing that was asked about. Throws on a public route. */
export function openedBecause(request: FastifyRequest): OpenedBecause {
  const { purpose, ground, breakGlass } = askedOf(request).circumstances;
  if (purpose !== null && ground !== null) return { because: ground, stated: { purpose, ground } };
  if (breakGlass) return { because: "an emergency", stated: null };
  return {
    because: actorOf(request).kind === "administrator" ? "installation token" : "no reason given",
    stated: null,
  };
}
