import type { RouteOptions } from "fastify";

export type KnownRoute = {
  readonly method: string;
  readonly url: string; // as registered: /api/v1/incidents/:id
  readonly public: boolean; // by its own config; prefixes are the business of access/
};

/** Every route as registered, and which methods a path would have answered. */
export class RouteTable {
  readonly #routes: (KnownRoute & { readonly pattern: RegExp })[] = [];

  add(route: RouteOptions): void {
    const pattern = patternOf(route.url);
    for (const method of [route.method].flat()) {
      this.#routes.push({ method, url: route.url, public: route.config?.public === true, pattern });
    }
  }

  get all(): readonly KnownRoute[] {
    return this.#routes;
  }

  /** Methods that exist for a path, in alphabetical order; the wildcard of the web application does not count. */
  methodsFor(path: string): readonly string[] {
    const here = this.#routes.filter((route) => route.url !== "/*" && route.pattern.test(path));
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
