import assert from "node:assert/strict";
import { test } from "node:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fastify from "fastify";
import { sql } from "kysely";
import { isPublic } from "./authenticate-http.ts";
import { requireAccess } from "./route-access.ts";
import type { Thing } from "./ask.ts";
import { isActionName, type ActionName } from "./actions.ts";
import { runningApp } from "../testing/running-app.ts";
import { testAccess, testPolicies } from "../testing/access.ts";
import { testOnDatabases } from "../testing/databases.ts";

/**
 * Every queue of jobs, and what it asks when it runs. A job that acts for somebody asks again, as he is then; what the installation does
 * by itself names why nobody needs to be asked. A queue that is not listed here fails the test.
 */
const queues: Readonly<Record<string, string>> = {
  packet_build: "stillMay packet:build, for whoever asked for the packet",
  record_export: "stillMay audit:export, for whoever asked for the export",
  webhook_deliver: "nobody's: an administrator named the endpoint, and what is sent holds tokens and codes only",
};

const source = new URL("..", import.meta.url).pathname;
const files = readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts") && !name.startsWith("testing/"))
  .map((name) => ({ name, text: readFileSync(join(source, name), "utf8") }));

test("N01 U03 every route of the whole application asks the policies for an action that they know, or is public by name", async (context) => {
  const app = await runningApp(context);
  const asked = new Set<string>();
  let open = 0;
  for (const { method, url, public: isOpen, access } of app.server.routeTable.all) {
    if (isPublic({ url, config: { public: isOpen } })) {
      assert.equal(access, null, `${method} ${url} is public and asks`);
      open++;
      continue;
    }
    assert.ok(access !== null && isActionName(access.action), `${method} ${url} asks nothing`);
    asked.add(access.action);
    const note = testPolicies().actions.get(access.action);
    const resource = { installation: "Platform", organisation: "Organisation", own: "Own", sites: "Site" }[
      access.on as string
    ];
    const kind = resource ?? access.on.charAt(0).toUpperCase() + access.on.slice(1);
    assert.ok(note?.resources.includes(kind), `${method} ${url}: the schema does not know ${access.action} on ${kind}`);
  }
  assert.ok(open > 0 && asked.size > 30, `${asked.size} actions`);
  // The stream of events filters by the scope that the hook granted.
  assert.ok(app.server.routeTable.all.some(({ url, access }) => url === "/api/v1/events" && access?.on === "sites"));
});

test("N01 a route that forgets to ask is refused when it is registered", () => {
  const app = fastify();
  app.addHook("onRoute", (route) => requireAccess(route, isPublic({ url: route.url, config: route.config ?? {} })));
  const forgets = () => app.get("/api/v1/forgotten", async () => "all of it");
  assert.throws(forgets, /neither config.access nor public/);
  const config = { public: true, access: { action: "stats:read", on: "sites" } } as const;
  assert.throws(() => app.get("/api/v1/both", { config }, async () => ""), /public and asks/);
});

test("N01 every queue of jobs is known with what it asks when it runs", () => {
  const named = files.flatMap(({ text }) => [...text.matchAll(/Queue = "([a-z_]+)"/g)].map(([, name]) => name ?? ""));
  assert.deepEqual([...new Set(named)].sort(), Object.keys(queues).sort());
  for (const { name, text } of files) {
    if (!/jobs\.define\((?!name)/.test(text)) continue;
    const acts = /(packetQueue|exportQueue)/.test(text);
    if (acts) assert.match(text, /stillMay\(/, `${name} acts for somebody and does not ask again`);
  }
});

test("N01 every topic that is taken from a device asks before it is stored", () => {
  const taking = files.filter(({ text }) => text.includes("takeMessage(") && !text.includes("function takeMessage"));
  assert.ok(taking.length > 0);
  for (const { name, text } of taking) {
    // The outside broker's client speaks for the installation: who may publish there is that broker's business.
    if (name === "signal/outside-broker-mqtt.ts") continue;
    assert.ok(text.indexOf("maySend()") >= 0 && text.lastIndexOf("maySend()") < text.indexOf("takeMessage(this"), name);
  }
});

testOnDatabases("N06 N07 what somebody asked for is asked again when the job runs, as he is then", async ({ db }) => {
  const access = testAccess(db);
  const may = async (token: string, thing: Thing, action: ActionName = "audit:export") => {
    const answer = await access.stillMay({ token, keyId: null }, action, thing);
    return answer.ok ? "yes" : answer.error;
  };
  const organisation = { kind: "organisation" } as const;
  assert.equal(await may("user:admin", organisation), "yes");
  assert.match(await may("user:nobody", organisation), /no account/);
  assert.match(await may("user:admin", { kind: "packet", id: "none" }, "packet:build"), /may not have it any more/);
});

testOnDatabases(
  "N10 N06 what a program asked for dies with the key that it asked with, whatever other keys it has",
  async ({ db }) => {
    const access = testAccess(db);
    await sql`insert into service_account (id, token, organisation_id, name, purpose, roles, scopes, state, because, created_at, created_by, updated_at)
      values (${serviceId}, ${`service:${serviceId}`}, 'home', 'Exporter', 'takes the record', '{counsel}', '{audit:export}', 'active', 'why', now(), 'user:admin', now())`.execute(
      db,
    );
    const answer = async (action: ActionName = "audit:export", keyId: string | null = "abcdefghijkl") => {
      const asker = { token: `service:${serviceId}`, keyId };
      const still = await access.stillMay(asker, action, { kind: "organisation" });
      return still.ok ? "yes" : still.error;
    };
    assert.match(await answer(), /revoked or has expired/, "without a key nobody asks in its name");
    await sql`insert into api_key (id, service_account_id, sha256, created_at, created_by, expires_at, because)
      values ('abcdefghijkl', ${serviceId}, ${"0".repeat(64)}, now(), 'user:admin', now() + interval '1 day', 'why'),
        ('otherkeyofit', ${serviceId}, ${"1".repeat(64)}, now(), 'user:admin', now() + interval '1 day', 'why')`.execute(
      db,
    );
    assert.equal(await answer(), "yes");
    assert.match(await answer("audit:export", null), /revoked or has expired/, "asked before keys were noted");
    assert.match(await answer("audit:export", "abcdefghijkz"), /revoked or has expired/, "a key that is not its own");
    assert.match(
      await answer("audit:read"),
      /the key was not given this action: audit:read/,
      "its role may, its scopes may not",
    );
    await sql`update api_key set expires_at = created_at where id = 'abcdefghijkl'`.execute(db);
    assert.match(await answer(), /revoked or has expired/);
    assert.equal(await answer("audit:export", "otherkeyofit"), "yes", "what the other key asked for goes on");
    await sql`update api_key set expires_at = created_at + interval '1 day', revoked_at = now() - interval '1 second'
      where id = 'abcdefghijkl'`.execute(db);
    assert.match(await answer(), /revoked or has expired/);
    assert.equal(await answer("audit:export", "otherkeyofit"), "yes");
    await sql`update api_key set revoked_at = null`.execute(db);
    await sql`update service_account set state = 'ended'`.execute(db);
    assert.match(await answer(), /was ended/);
  },
);

const serviceId = "5e5e5e5e-0000-4000-8000-000000000001";
