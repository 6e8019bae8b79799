import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join, normalize } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import { problem } from "./problem.ts";
import type { RouteTable } from "./route-table.ts";

// These belong to programs: an unknown path below them is an error, never the web application.
const programPaths = ["/api/", "/log/"];

/**
 * Serves the built web application: its files, and index.html for every other path, which the application's own router reads.
 * Files under /assets/ carry their digest in the name and may be kept for ever; index.html is asked for each time.
 */
export function webRoutes(folder: string): FastifyPluginAsync {
  return async (app) => {
    await app.register(fastifyStatic, { root: folder, serve: false, cacheControl: false });
    app.get("/*", { config: { public: true }, schema: { hide: true } }, async (request, reply) => {
      const path = pathOf(request);
      if (programPaths.some((prefix) => path.startsWith(prefix))) throw notFound(path);
      const file = await fileAt(folder, path);
      if (file === null && /\.[a-z0-9]+$/i.test(path)) throw notFound(path);
      if (file === null && !existsSync(join(folder, "index.html"))) throw notFound(path);
      const kept = file?.startsWith("assets/") === true ? "public, max-age=31536000, immutable" : "no-cache";
      reply.header("cache-control", kept);
      return reply.sendFile(file ?? "index.html");
    });
  };
}

async function fileAt(folder: string, path: string): Promise<string | null> {
  const inside = normalize(path).replace(/^\/+/, "");
  if (inside === "" || inside.startsWith("..") || inside.includes("\0")) return null;
  const found = await stat(join(folder, inside)).catch(() => null);
  return found?.isFile() === true ? inside : null;
}

/** 405 with `Allow` where the path exists for other methods, else 404. */
export function notFoundHandler(routeTable: RouteTable) {
  return (request: FastifyRequest, reply: FastifyReply): never => {
    const path = pathOf(request);
    const methods = routeTable.methodsFor(path);
    if (methods.length === 0) throw notFound(path);
    reply.header("allow", methods.join(", "));
    throw problem(405, "method_not_allowed", `${request.method} is not possible here; possible: ${methods.join(", ")}`);
  };
}

function pathOf(request: FastifyRequest): string {
  const [path = "/"] = request.url.split("?");
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function notFound(path: string) {
  return problem(404, "not_found", `there is nothing at ${path.slice(0, 200)}`, {
    remedy: "/docs lists every operation.",
  });
}
