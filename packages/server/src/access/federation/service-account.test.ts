import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import fc from "fast-check";
import { sql } from "kysely";
import { typed } from "../../api/typed.ts";
import { systemChance } from "../../platform/chance.ts";
import type { Db } from "../../schema.ts";
import { testOnDatabases } from "../../testing/databases.ts";
import { bearer, testServer } from "../../testing/server.ts";
import { actorOf } from "../authenticate-http.ts";
import type { Principal } from "../principal.ts";
import { apiKeyBytes, makeApiKey, readApiKey } from "./api-key.ts";
import { apiKeyIdentifier } from "./api-key-http.ts";
import { RefusalMeter } from "./refusal-meter.ts";
import { asks } from "./route-config.ts";
import { beyondOwn, planKey } from "./service-account.ts";
import { serviceAccountRoutes } from "./service-account-http.ts";
import type { ApiKey } from "./service-account-tables.ts";
import { placesForTests } from "../../testing/places.ts";

const dayMs = 86_400_000;

test("N10 a key is read back as it was made, and nothing else is a key", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: apiKeyBytes, maxLength: apiKeyBytes }), (bytes) => {
      const made = makeApiKey(bytes);
      assert.deepEqual(readApiKey(made.text), { id: made.id, secret: made.secret });
      assert.equal(readApiKey(`${made.text}x`), null);
      assert.equal(readApiKey(made.text.slice(0, -1)), null);
    }),
  );
  for (const text of ["", "twk_", "twk__", `twk_ABCDEFGHIJKL_${"a".repeat(43)}`, `tw_${"a".repeat(43)}`]) {
    assert.equal(readApiKey(text), null, text);
  }
});

const nowMs = Date.parse("2026-11-20T10:00:00Z");
const keyOf = (id: string, more: Partial<ApiKey> = {}): ApiKey => ({
  id,
  serviceAccountId: "a",
  createdAt: new Date(nowMs - dayMs),
  createdBy: "user:admin",
  expiresAt: new Date(nowMs + 30 * dayMs),
  revokedAt: null,
  because: "test",
  lastUsedAt: null,
  ...more,
});

test("N10 two keys may live at once, and none longer than a year", () => {
  const soon = { expiresAtMs: nowMs + dayMs, oldEndsAtMs: null };
  const gone = [keyOf("r", { revokedAt: new Date(nowMs - 1) }), keyOf("x", { expiresAt: new Date(nowMs) })];
  const cases = [
    { says: "the first", asked: soon, keys: [], want: null },
    { says: "keys that ended do not count", asked: soon, keys: gone, want: null },
    {
      says: "the second replaces the first in a week",
      asked: soon,
      keys: [keyOf("a")],
      want: ["a", nowMs + 7 * dayMs],
    },
    {
      says: "at a chosen time",
      asked: { ...soon, oldEndsAtMs: nowMs + 5 },
      keys: [keyOf("a")],
      want: ["a", nowMs + 5],
    },
    {
      says: "never later than it would end by itself",
      asked: { ...soon, oldEndsAtMs: nowMs + 90 * dayMs },
      keys: [keyOf("a")],
      want: ["a", nowMs + 30 * dayMs],
    },
    { says: "a third", asked: soon, keys: [keyOf("a"), keyOf("b")], want: "api_key_too_many" },
    {
      says: "too long",
      asked: { ...soon, expiresAtMs: nowMs + 366 * dayMs },
      keys: [],
      want: "api_key_expiry_outside",
    },
    { says: "over already", asked: { ...soon, expiresAtMs: nowMs }, keys: [], want: "api_key_expiry_outside" },
    { says: "not a date", asked: { ...soon, expiresAtMs: Number.NaN }, keys: [], want: "api_key_expiry_outside" },
    {
      says: "old end past",
      asked: { ...soon, oldEndsAtMs: nowMs - 1 },
      keys: [keyOf("a")],
      want: "api_key_old_end_outside",
    },
  ] as const;
  for (const { says, asked, keys, want } of cases) {
    const plan = planKey(asked, keys, nowMs);
    if (typeof want === "string") assert.equal(plan.ok ? "planned" : plan.error.code, want, says);
    else {
      assert.ok(plan.ok, says);
      const { old } = plan.value;
      assert.deepEqual(old === null ? null : [old.id, old.endsAtMs], want, says);
    }
  }
});

test("N10 a key cannot hand on more than it has", () => {
  const giver = { kind: "service", scopes: ["incident:read", "service:write"], roles: ["analyst"] } as const;
  assert.deepEqual(beyondOwn(giver, { scopes: ["incident:read"], roles: ["analyst"] }), []);
  assert.deepEqual(beyondOwn(giver, { scopes: ["audit:read"], roles: ["administrator"] }), [
    "audit:read",
    "administrator",
  ]);
  assert.deepEqual(beyondOwn({ ...giver, scopes: null }, { scopes: ["audit:read"], roles: [] }), []);
});

test("N10 refusals are recorded once a while, with the number between, and nobody can fill the memory", () => {
  const meter = new RefusalMeter();
  assert.deepEqual(meter.note("a", 0), { record: true, since: 0 });
  for (let i = 1; i <= 5; i++) assert.equal(meter.note("a", i).record, false);
  assert.deepEqual(meter.note("a", 600_000), { record: true, since: 5 });
  let recorded = 0;
  for (let i = 0; i < 5_000; i++) if (meter.note(`key ${i}`, 600_001).record) recorded++;
  assert.ok(recorded <= 1_001, String(recorded));
});

type House = Awaited<ReturnType<typeof house>>;

/** A server with the routes of service accounts and one that tells who asked. */
async function house(context: TestContext, db: Db, time: { nowMs: number }) {
  const deps = { db, clock: () => time.nowMs, chance: systemChance, places: placesForTests };
  const who: Parameters<typeof testServer>[1] = {
    db,
    clock: deps.clock,
    identifiers: [apiKeyIdentifier(deps)],
    routes: [
      serviceAccountRoutes(deps),
      async (app) => {
        typed(app).get("/who", { schema: { hide: true }, config: asks("account:own") }, async (request) =>
          actorOf(request),
        );
      },
    ],
  };
  const { app } = await testServer(context, who);
  const post = async (url: string, payload: object) => {
    const answer = await app.inject({ method: "POST", url, payload, headers: bearer });
    return { status: answer.statusCode, body: answer.body === "" ? {} : answer.json<Record<string, string>>() };
  };
  const ask = async (key: string) => {
    const answer = await app.inject({ url: "/who", headers: { authorization: `Bearer ${key}` } });
    const body = answer.json<Principal & { code?: string }>();
    return {
      status: answer.statusCode,
      code: body.code,
      principal: body,
      challenge: answer.headers["www-authenticate"],
    };
  };
  return { app, post, ask };
}

async function account({ post }: House, name: string): Promise<string> {
  const made = await post("/api/v1/service-accounts", {
    name,
    purpose: "reads the queue for the wall screen",
    roles: ["analyst"],
    scopes: ["incident:read", "account:own"],
    sites: ["S-1"],
  });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  return made.body["id"] ?? "";
}

testOnDatabases("N10 a program is not bound to a mistyped site", async ({ db }, context) => {
  const at = await house(context, db, { nowMs });
  const body = { name: "screen", purpose: "numbers", roles: ["analyst"], scopes: ["incident:read"], sites: ["S-l"] };
  const made = await at.post("/api/v1/service-accounts", body);
  assert.deepEqual([made.status, made.body["code"], made.body["pointer"]], [422, "site_unknown", "/sites/0"]);
});

const kindsOf = async (db: Db) => {
  const { rows } = await sql<{ kind: string }>`select kind from audit_entry order by at, kind`.execute(db);
  return rows.map((row) => row.kind);
};

testOnDatabases("N10 a key is shown once, opens as its account, is rotated and revoked", async ({ db }, context) => {
  const time = { nowMs };
  const at = await house(context, db, time);
  const id = await account(at, "wall screen");
  const inDays = (days: number) => new Date(time.nowMs + days * dayMs).toISOString();
  const first = await at.post(`/api/v1/service-accounts/${id}/keys`, { expiresAt: inDays(30), because: "first" });
  assert.equal(first.status, 201);
  const firstKey = first.body["key"] ?? "";

  const opened = await at.ask(firstKey);
  assert.equal(opened.status, 200);
  const { token, kind, roles, scopes, sites, organisationId } = opened.principal;
  assert.deepEqual(
    [token, kind, roles, scopes, sites, organisationId],
    [`service:${id}`, "service", ["analyst"], ["account:own", "incident:read"], ["S-1"], "home"],
  );
  const dump = JSON.stringify((await sql`select * from api_key`.execute(db)).rows);
  assert.ok(!dump.includes(firstKey.slice(-43)), "the secret is not kept");

  const second = await at.post(`/api/v1/service-accounts/${id}/keys`, {
    expiresAt: inDays(60),
    oldEndsAt: inDays(2),
    because: "every month",
  });
  const secondKey = second.body["key"] ?? "";
  assert.deepEqual([(await at.ask(firstKey)).status, (await at.ask(secondKey)).status], [200, 200]);
  const third = await at.post(`/api/v1/service-accounts/${id}/keys`, { expiresAt: inDays(60), because: "too many" });
  assert.deepEqual([third.status, third.body["code"]], [422, "api_key_too_many"]);

  time.nowMs += 2 * dayMs;
  const late = await at.ask(firstKey);
  assert.deepEqual([late.status, late.code], [401, "api_key_expired"]);
  assert.match(String(late.challenge), /^Bearer/);
  assert.equal((await at.ask(secondKey)).status, 200);
  const revoked = await at.post(`/api/v1/api-keys/${second.body["id"]}/revoke`, { because: "left on a bus" });
  assert.equal(revoked.status, 204);
  const after = await at.ask(secondKey);
  assert.deepEqual([after.status, after.code], [401, "api_key_revoked"]);
  assert.deepEqual(await kindsOf(db), [
    "api_key.added",
    "api_key.rotated",
    "service_account.added",
    "api_key.refused",
    "api_key.refused",
    "api_key.revoked",
  ]);
});

testOnDatabases("N10 keys that do not hold are refused, and on the record once", async ({ db }, context) => {
  const time = { nowMs };
  const at = await house(context, db, time);
  const id = await account(at, "sender");
  const made = await at.post(`/api/v1/service-accounts/${id}/keys`, {
    expiresAt: new Date(nowMs + dayMs).toISOString(),
    because: "first",
  });
  const key = made.body["key"] ?? "";
  const flipped = key.slice(0, -1) + (key.endsWith("A") ? "B" : "A");
  const unknown = makeApiKey(systemChance.bytes(apiKeyBytes)).text;
  for (const wrong of [flipped, unknown, `${key}x`, "twk_", flipped, flipped, unknown]) {
    const answer = await at.ask(wrong);
    assert.deepEqual([answer.status, answer.code], [401, "token_refused"], wrong);
  }
  const { rows } = await sql<{ id: string; body: string }>`
    select subject_id as id, body from audit_entry where kind = 'api_key.refused' order by 1`.execute(db);
  assert.deepEqual(rows.map((row) => row.id).sort(), [String(made.body["id"]), "unknown"].sort());
  assert.ok(!JSON.stringify(rows).includes(key.slice(17)), "what was shown is not recorded");
  const ended = await at.post(`/api/v1/service-accounts/${id}/end`, { because: "the project ended" });
  assert.equal(ended.status, 204);
  assert.deepEqual((await at.ask(key)).code, "api_key_revoked");
  const more = await at.post(`/api/v1/service-accounts/${id}/keys`, {
    expiresAt: new Date(nowMs + dayMs).toISOString(),
    because: "again",
  });
  assert.deepEqual([more.status, more.body["code"]], [409, "service_account_ended"]);
});

testOnDatabases("N10 the last use is noted, at most once a minute", async ({ db }, context) => {
  const time = { nowMs };
  const at = await house(context, db, time);
  const id = await account(at, "till");
  const made = await at.post(`/api/v1/service-accounts/${id}/keys`, {
    expiresAt: new Date(nowMs + dayMs).toISOString(),
    because: "first",
  });
  const used: (string | undefined)[] = [];
  for (const stepMs of [0, 30_000, 30_000]) {
    time.nowMs += stepMs;
    await at.ask(made.body["key"] ?? "");
    const answer = await at.app.inject({ url: `/api/v1/service-accounts/${id}`, headers: bearer });
    used.push(answer.json<{ keys: { lastUsedAt: string }[] }>().keys[0]?.lastUsedAt);
  }
  const start = new Date(nowMs).toISOString();
  assert.deepEqual(used, [start, start, new Date(nowMs + 60_000).toISOString()]);
});

testOnDatabases(
  "N10 a name is taken while its account is active, and an unknown account is not found",
  async ({ db }, context) => {
    const at = await house(context, db, { nowMs });
    const id = await account(at, "Screen");
    const again = { name: "screen", purpose: "x", roles: [], scopes: ["incident:read"] };
    assert.deepEqual((await at.post("/api/v1/service-accounts", again)).body["code"], "service_account_name_taken");
    await at.post(`/api/v1/service-accounts/${id}/end`, { because: "over" });
    assert.equal((await at.post("/api/v1/service-accounts", again)).status, 201);
    const nobody = "00000000-0000-4000-8000-000000000000";
    const unknown = await at.post(`/api/v1/service-accounts/${nobody}/end`, { because: "over" });
    assert.deepEqual([unknown.status, unknown.body["code"]], [404, "service_account_unknown"]);
    const key = await at.post("/api/v1/api-keys/aaaaaaaaaaaa/revoke", { because: "over" });
    assert.deepEqual([key.status, key.body["code"]], [404, "api_key_unknown"]);
    await sql`insert into organisation (id, name, kind, created_at, site_prefix) values ('other', 'O', 'police', now(), 'x-')`.execute(
      db,
    );
    await sql`update service_account set organisation_id = 'other'`.execute(db);
    const answer = await at.app.inject({ url: "/api/v1/service-accounts", headers: bearer });
    assert.deepEqual(answer.json(), { items: [] });
  },
);
