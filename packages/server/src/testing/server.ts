import type { TestContext } from "node:test";
import type { FastifyInstance } from "fastify";
import { administratorCredential } from "../access/credential.ts";
import { buildServer, type ServerDeps } from "../api/server.ts";
import { systemChance } from "../platform/chance.ts";
import { LiveFeed } from "../platform/live-feed.ts";
import { jsonLog } from "../platform/log.ts";
import type { Db } from "../schema.ts";
import { testAccess } from "./access.ts";
import { freshPglite } from "./databases.ts";
import { testFields } from "./fields.ts";

export const token = "test-token";
export const bearer = { authorization: `Bearer ${token}` };

/** A whole server for `inject`, closed after the test; `lines` is what it logged. Without `db` a fresh PGlite is opened. */
export async function testServer(context: TestContext, overrides: Partial<ServerDeps> = {}) {
  const lines: string[] = [];
  const live = overrides.live ?? new LiveFeed({ epoch: "test" });
  const db = overrides.db ?? (await ownDatabase(context));
  const clock = overrides.clock ?? (() => Date.parse("2026-11-20T10:00:00.000Z"));
  const app: FastifyInstance = await buildServer({
    access: testAccess(db, { clock }),
    clock,
    chance: systemChance,
    log: jsonLog((line) => lines.push(line), clock),
    live,
    version: "0.0.0-test",
    webFolder: null,
    routes: [],
    credentials: [administratorCredential(token)],
    ready: async () => [],
    metrics: { contentType: "text/plain; version=0.0.4", metrics: async () => "probe_total 1\n" },
    texts: { db, fields: await testFields(db) },
    ...overrides,
    db,
  });
  context.after(() => app.close());
  return { app, live, lines, db };
}

async function ownDatabase(context: TestContext): Promise<Db> {
  const database = await freshPglite();
  context.after(() => database.close());
  return database.db;
}
