import type { FastifyRequest } from "fastify";
import { isActionName, type ActionName } from "./actions.ts";

/** What a route is about when it is about one thing. A finder for each stands in the Access that app.ts builds. */
export type ObjectKind = "site" | "incident" | "exhibit" | "packet" | "account" | "grant";

/**
 * What a route asks before it does anything. `installation`: the program as a whole. `organisation`: the asker's own.
 * `own`: what belongs to the asker. `sites`: any number of sites; granted if one is, and the handler filters by `request.scope`.
 * Of an object, the id comes from the path, or (`at: "body"`) from the checked body, and then it is asked once that was read.
 * An object that is unknown and one that is hidden get the same answer.
 */
export type RouteAccess =
  | { readonly action: ActionName; readonly on: "installation" | "organisation" | "own" | "sites" }
  | {
      readonly action: ActionName;
      readonly on: ObjectKind;
      readonly id: (request: FastifyRequest) => string;
      readonly at?: "body";
    };

declare module "fastify" {
  interface FastifyContextConfig {
    access?: RouteAccess;
  }
}

type Registered = {
  readonly url: string;
  readonly method: string | readonly string[];
  readonly config?: { readonly public?: boolean; readonly access?: RouteAccess } | undefined;
};

/** Throws at registration: a route that forgot to ask never answers anybody. */
export function requireAccess(route: Registered, open: boolean): void {
  const access = route.config?.access;
  const name = `${[route.method].flat().join(",")} ${route.url}`;
  if (open) {
    if (access !== undefined) throw new Error(`${name} is public and asks: it must be one of both`);
    return;
  }
  if (access === undefined) throw new Error(`${name} has neither config.access nor public: it would never ask`);
  if (!isActionName(access.action)) {
    throw new Error(`${name} asks for ${String(access.action)}, which is not in access/actions.ts`);
  }
}

/** The id in the path, for `id` of a RouteAccess. */
export function idInPath(name = "id"): (request: FastifyRequest) => string {
  return (request) => (request.params as Readonly<Record<string, string>>)[name] ?? "";
}

/** The id in the checked body, for `id` of a RouteAccess with `at: "body"`. */
export function idInBody(name: string): (request: FastifyRequest) => string {
  return (request) => {
    const value = (request.body as Readonly<Record<string, unknown>> | null)?.[name];
    return typeof value === "string" ? value : "";
  };
}
