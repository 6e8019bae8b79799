import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import type { FastifyPluginAsync } from "fastify";
import { problem } from "../api/problem.ts";
import { systemChance } from "../platform/chance.ts";
import { silentLog } from "../platform/log.ts";
import { freshPglite } from "../testing/databases.ts";
import { bearer, testServer } from "../testing/server.ts";
import { recordRefusals } from "./refusals-append.ts";

test("O08 N01 a refusal of somebody known is an entry, at most thirty a minute; a stranger's is none", async (context) => {
  const database = await freshPglite();
  context.after(() => database.close());
  const { db } = database;
  const door: FastifyPluginAsync = async (app) => {
    app.get("/api/v1/door", { config: { access: { action: "audit:read", on: "organisation" } } }, async () => {
      throw problem(403, "access_refused", "no");
    });
  };
  const clock = () => Date.parse("2026-11-20T10:00:00.000Z");
  const refusals = recordRefusals({ db, clock, chance: systemChance, log: silentLog });
  const { app } = await testServer(context, { db, clock, routes: [refusals, door] });
  assert.equal((await app.inject({ url: "/api/v1/door" })).statusCode, 401);
  for (let n = 0; n < 35; n += 1)
    assert.equal((await app.inject({ url: "/api/v1/door", headers: bearer })).statusCode, 403);
  await new Promise((resolve) => setTimeout(resolve, 200));
  const { rows } = await sql<{ kind: string; subject: string; n: number }>`
    select kind, subject_id as subject, count(*) as n from audit_entry group by 1, 2`.execute(db);
  assert.deepEqual(rows, [{ kind: "access.refused", subject: "audit:read", n: 30 }]);
});
