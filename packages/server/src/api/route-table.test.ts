import assert from "node:assert/strict";
import { test } from "node:test";
import type { RouteOptions } from "fastify";
import { RouteTable } from "./route-table.ts";

test("S01 methods of a path: a literal route hides those that would take its last part for an id", () => {
  const table = new RouteTable();
  const routes = [
    ["GET", "/hooks/deliveries"],
    ["DELETE", "/hooks/:id"],
    ["PUT", "/hooks/:id"],
    ["GET", "/*"],
  ] as const;
  for (const [method, url] of routes) table.add({ method, url } as unknown as RouteOptions);
  const cases = [
    ["/hooks/deliveries", ["GET"]],
    ["/hooks/7", ["DELETE", "PUT"]],
    ["/else", []],
  ] as const;
  for (const [path, methods] of cases) assert.deepEqual(table.methodsFor(path), methods, path);
});
