import type { RouteOptions } from "fastify";
import type { RouteAccess } from "../access/route-access.ts";

export type KnownRoute = {
  readonly method: string;
  readonly url: string; // as registered: /api/v1/incidents/:id
  readonly public: boolean; // by its own config; prefixes are the business of access/
  readonly access: RouteAccess | null; // what it asks; null: it is public
};

/** Every route as registered, and which methods a path would have answered. */
export class RouteTable {
  readonly #routes: (KnownRoute & { readonly pattern: RegExp })[] = [];

  add(route: RouteOptions): void {
    const pattern = patternOf(route.url);
    for (const method of [route.method].flat()) {
      const { public: open = false, access = null } = route.config ?? {};
      this.#routes.push({ method, url: route.url, public: open, access, pattern });
    }
  }

  get all(): readonly KnownRoute[] {
    return this.#routes;
  }

  /**
   * Methods that exist for a path, in alphabetical order; the wildcard of the web application does not count. Where the path stands
   * literally, routes that would take its last part for an id do not count either: /webhooks/deliveries is no webhook to delete.
   */
  methodsFor(path: string): readonly string[] {
    const fitting = this.#routes.filter((route) => route.url !== "/*" && route.pattern.test(path));
    const literal = fitting.filter((route) => route.url === path);
    const here = literal.length > 0 ? literal : fitting;
    return [...new Set(here.map((route) => route.method))].sort();
  }
}

function patternOf(url: string): RegExp {
  const parts = url.split("/").map((part) => {
    if (part === "*") return ".*";
    if (part.includes(":")) return "[^/]+";
    return part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  });
  return new RegExp(`^${parts.join("/")}$`);
}
