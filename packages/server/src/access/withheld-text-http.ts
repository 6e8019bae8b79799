import type { FastifyRequest } from "fastify";
import { askedOf, mayAlso } from "./ask-http.ts";
import { isPublic } from "./authenticate-http.ts";

/**
 * Whether sealed text in the answer to this request stays closed, and the word that stands in its place; null: it is opened. A second wall behind
 * the routes that leave personal parts out: of a case whose words the policies keep from the asker none is opened, wherever it stands.
 */
export function withheldText(request: FastifyRequest): string | null {
  if (isPublic(request.routeOptions)) return "withheld";
  const { action } = askedOf(request).access;
  return action === "incident:read" && mayAlso(request, "incident:open").kind !== "allowed" ? "withheld" : null;
}
