import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { FastifyPluginAsync } from "fastify";
import { Type } from "typebox";
import { problem } from "./problem.ts";
import { typed } from "./typed.ts";
import { testServer, token } from "../testing/server.ts";

const authorization = `Bearer ${token}`;

const probes: FastifyPluginAsync = async (instance) => {
  const app = typed(instance);
  const config = { access: { action: "account:own", on: "own" } } as const;
  app.get("/api/v1/probe/broken", { config }, async () => {
    throw new Error("secret inner message");
  });
  app.get("/api/v1/probe/full", { config }, async () => {
    throw Object.assign(new Error("could not extend file base/5/1: No space left"), { code: "53100" });
  });
  app.get("/api/v1/probe/full-file", { config }, async () => {
    throw new Error("not kept", { cause: Object.assign(new Error("write"), { code: "ENOSPC" }) });
  });
  app.get("/api/v1/probe/away", { config }, async () => {
    throw Object.assign(new Error("terminating connection"), { code: "57P01" });
  });
  app.get("/api/v1/probe/busy", { config }, async () => {
    throw problem(429, "probe_busy", "later", { retryAfterSeconds: 1.2 });
  });
  const body = Type.Object(
    {
      n: Type.Integer({ minimum: 1 }),
      at: Type.Optional(Type.String({ format: "date-time" })),
      says: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    },
    { additionalProperties: false },
  );
  const querystring = Type.Object(
    { limit: Type.Optional(Type.Integer({ maximum: 10 })) },
    { additionalProperties: false },
  );
  app.post("/api/v1/probe", { schema: { body, querystring }, config }, async (request) => ({
    n: request.body.n,
    limit: request.query.limit ?? null,
  }));
};

test("S01 B11 a time that no clock or database holds is refused with its place", async (context) => {
  const { app } = await testServer(context, { routes: [probes] });
  const sent = async (at: string) => {
    const headers = { authorization, "content-type": "application/json" };
    const answer = await app.inject({ method: "POST", url: "/api/v1/probe", headers, payload: { n: 1, at } });
    return answer.statusCode === 200 ? "taken" : answer.json<{ pointer: string; detail: string }>();
  };
  for (const at of ["2026-11-20T08:15:00Z", "2024-02-29t23:59:59.123456789+14:00", "1900-01-01T00:00:00z"]) {
    assert.equal(await sent(at), "taken", at);
  }
  const refused = [
    "0031-02-24T20:16:08Z", // read back as another century
    "0000-01-01T00:00:00Z", // no such year
    "9999-12-31T23:59:59-23:59", // in the year 10000
    "2026-02-30T00:00:00Z",
    "2016-12-31T23:59:60Z", // a leap second, which no clock here has
    "2026-11-20T08:15:00Z[Europe/Berlin]", // RFC 9557
    "2026-11-20T08:15:00", // whose?
    "2026-11-20T25:15:00Z",
    "2026-11-20",
    "now",
  ];
  for (const at of refused) {
    const answer = await sent(at);
    assert.ok(answer !== "taken", at);
    assert.equal(answer.pointer, "/at", at);
    assert.match(answer.detail, /of the years 1900 to 9999/, at);
  }
});

test("S01 every refusal is problem details with a code, an instance and no inner message", async (context) => {
  const { app, lines } = await testServer(context, { routes: [probes] });
  const post = (payload: string, contentType = "application/json") => ({
    method: "POST" as const,
    url: "/api/v1/probe",
    headers: { authorization, "content-type": contentType },
    payload,
  });
  const probe = (name: string) => ({ url: `/api/v1/probe/${name}`, headers: { authorization } });
  const cases = [
    { says: "unknown path", ask: { url: "/api/v1/nothing" }, status: 404, code: "not_found" },
    { says: "wrong method", ask: { method: "PUT" as const, url: "/healthz" }, status: 405, code: "method_not_allowed" },
    { says: "QUERY", ask: { method: "QUERY" as "GET", url: "/healthz" }, status: 415, code: "media_type_unsupported" },
    { says: "no token", ask: { url: "/metrics" }, status: 401, code: "authentication_required" },
    { says: "broken JSON", ask: post("{"), status: 400, code: "body_malformed" },
    { says: "empty body", ask: post(""), status: 400, code: "body_malformed" },
    { says: "other media type", ask: post("a,b", "text/csv"), status: 415, code: "media_type_unsupported" },
    { says: "too large", ask: post(`{"n":"${"x".repeat(1_100_000)}"}`), status: 413, code: "body_too_large" },
    { says: "number in quotes", ask: post('{"n":"1"}'), status: 400, code: "request_invalid", pointer: "/n" },
    { says: "missing member", ask: post("{}"), status: 400, code: "request_invalid", pointer: "/n" },
    { says: "unknown member", ask: post('{"n":1,"m":2}'), status: 400, code: "request_invalid", pointer: "/m" },
    {
      says: "NUL",
      ask: post('{"n":1,"says":{"a/b":["\\u0000"]}}'),
      status: 400,
      code: "request_invalid",
      pointer: "/says/a~1b/0",
    },
    {
      says: "half a pair",
      ask: post('{"n":1,"says":{"\\ud800":1}}'),
      status: 400,
      code: "request_invalid",
      pointer: "/says",
    },
    { says: "prototype member", ask: post('{"n":1,"__proto__":{}}'), status: 400, code: "body_malformed" },
    { says: "malformed escape", ask: { url: "/api/v1/%E0%A4%A" }, status: 400, code: "url_malformed" },
    {
      says: "fault",
      ask: { url: "/api/v1/probe/broken", headers: { authorization } },
      status: 500,
      code: "internal_error",
    },
    { says: "full disk", ask: probe("full"), status: 503, code: "disk_full" },
    { says: "full disk below", ask: probe("full-file"), status: 503, code: "disk_full" },
    { says: "database away", ask: probe("away"), status: 503, code: "database_unavailable" },
    { says: "busy", ask: { url: "/api/v1/probe/busy", headers: { authorization } }, status: 429, code: "probe_busy" },
  ];
  for (const c of cases) {
    const answer = await app.inject(c.ask);
    const body = answer.json<Record<string, unknown>>();
    assert.equal(answer.statusCode, c.status, c.says);
    assert.equal(body["code"], c.code, c.says);
    assert.equal(body["status"], c.status, c.says);
    assert.equal(body["type"], `https://tillwatch.org/errors#${c.code}`, c.says);
    assert.match(String(answer.headers["content-type"]), /^application\/problem\+json/, c.says);
    if ("pointer" in c) assert.equal(body["pointer"], c.pointer, c.says);
    assert.ok(
      lines.some((line) => line.includes(String(body["instance"]))),
      `${c.says}: the instance is logged`,
    );
    assert.ok(!answer.body.includes("secret inner"), c.says);
    assert.ok(
      typeof body["remedy"] === "string" && body["remedy"].length > 5,
      `${c.says}: nobody is left with a code alone`,
    );
  }
  assert.equal((await app.inject(probe("full"))).headers["retry-after"], "60");
  const busy = await app.inject({ url: "/api/v1/probe/busy", headers: { authorization } });
  assert.equal(busy.headers["retry-after"], "2");
  const wrong = await app.inject({ method: "PUT", url: "/healthz" });
  assert.equal(wrong.headers["allow"], "GET, HEAD");
  assert.ok(
    lines.some((line) => line.includes("secret inner message")),
    "the log has the fault",
  );
});

test("S01 query parts are converted, bodies are not", async (context) => {
  const { app } = await testServer(context, { routes: [probes] });
  const ask = (url: string) => app.inject({ method: "POST", url, headers: { authorization }, payload: { n: 3 } });
  assert.deepEqual((await ask("/api/v1/probe?limit=7")).json(), { n: 3, limit: 7 });
  assert.equal((await ask("/api/v1/probe?limit=70")).statusCode, 400);
  assert.equal((await ask("/api/v1/probe?limit=x")).statusCode, 400);
  assert.equal((await ask("/api/v1/probe?other=1")).statusCode, 400);
});

test("N01 every registered route refuses without authentication unless it is exempt", async (context) => {
  const { app } = await testServer(context, { routes: [probes] });
  const exempt = new Set([
    "/healthz",
    "/readyz",
    "/openapi.json",
    "/docs",
    "/docs/docs.js",
    "POST /api/v1/session",
    "/*",
  ]);
  assert.ok(app.routeTable.all.length > 10);
  for (const route of app.routeTable.all) {
    const key = exempt.has(`${route.method} ${route.url}`) ? `${route.method} ${route.url}` : route.url;
    const url = route.url.replaceAll(/:\w+/g, "x").replace("/*", "/index.html");
    const answer = await app.inject({ method: route.method as "GET", url });
    if (exempt.has(key) || route.url.startsWith("/log/"))
      assert.notEqual(answer.statusCode, 401, `${route.method} ${url}`);
    else assert.equal(answer.statusCode, 401, `${route.method} ${url} answers without authentication`);
  }
});

test("S01 every answer carries the security headers; scripts come from files only", async (context) => {
  const { app } = await testServer(context);
  for (const url of ["/", "/docs", "/healthz", "/api/v1/nothing"]) {
    const { headers } = await app.inject({ url });
    assert.match(String(headers["content-security-policy"]), /script-src 'self'(;|$)/, url);
    assert.equal(headers["x-content-type-options"], "nosniff", url);
    assert.match(String(headers["x-request-id"]), /^[0-9a-f-]{36}$/, url);
  }
  assert.doesNotMatch((await app.inject({ url: "/docs" })).body, /<script(?![^>]* src=)/);
});

test("S01 openapi.json is 3.1, lists the operations, and each can answer problem details", async (context) => {
  const { app } = await testServer(context, { routes: [probes] });
  const answer = await app.inject({ url: "/openapi.json" });
  type Operation = { responses: Record<string, unknown>; security?: unknown; "x-tillwatch-action"?: string };
  const document = answer.json<{ openapi: string; paths: Record<string, Record<string, Operation>> }>();
  assert.equal(document.openapi, "3.1.0");
  assert.ok(document.paths["/api/v1/events"]?.["get"]);
  assert.ok(document.paths["/*"] === undefined && document.paths["/docs"] === undefined);
  for (const item of Object.values(document.paths)) {
    for (const operation of Object.values(item)) assert.ok(operation.responses["default"]);
  }
  assert.deepEqual(document.paths["/healthz"]?.["get"]?.security, []);
  assert.equal(document.paths["/healthz"]?.["get"]?.["x-tillwatch-action"], undefined);
  assert.equal(document.paths["/api/v1/probe/broken"]?.["get"]?.["x-tillwatch-action"], "account:own");
});

test("S01 readyz says what is missing; metrics need the token", async (context) => {
  const down = { name: "database", ok: false, says: "no answer" };
  const { app } = await testServer(context, { ready: async () => [down] });
  const answer = await app.inject({ url: "/readyz" });
  assert.equal(answer.statusCode, 503);
  assert.deepEqual(answer.json(), { ok: false, checks: [down] });
  const away = { name: "mqtt broker", ok: false, says: "away" };
  const stated = await testServer(context, { ready: async () => [{ ...away, stopsRequests: false }] });
  const going = await stated.app.inject({ url: "/readyz" });
  assert.equal(going.statusCode, 200, "a broker that is away stops no request");
  assert.deepEqual(going.json(), { ok: true, checks: [away] });
  const metrics = await app.inject({ url: "/metrics", headers: { authorization } });
  assert.equal(metrics.statusCode, 200);
  assert.match(metrics.body, /^probe_total 1/);
});

test("S01 the web application: files, its own router's paths, nothing outside its folder", async (context) => {
  const folder = await mkdtemp(join(tmpdir(), "tillwatch-web-"));
  context.after(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, "web/assets"), { recursive: true });
  await writeFile(join(folder, "secret.txt"), "outside");
  await writeFile(join(folder, "web/index.html"), "<!doctype html><title>web</title>");
  await writeFile(join(folder, "web/assets/app-1a2b.js"), "export {};");
  const { app } = await testServer(context, { webFolder: join(folder, "web") });
  const page = await app.inject({ url: "/incidents/7" });
  assert.match(page.body, /<title>web/);
  assert.equal(page.headers["cache-control"], "no-cache");
  const script = await app.inject({ url: "/assets/app-1a2b.js" });
  assert.match(String(script.headers["cache-control"]), /immutable/);
  assert.equal((await app.inject({ url: "/assets/gone.js" })).statusCode, 404);
  assert.equal((await app.inject({ url: "/api/v1/gone" })).json<{ code: string }>().code, "not_found");
  for (const url of ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/assets/..%2f..%2fsecret.txt"]) {
    assert.ok(!(await app.inject({ url })).body.includes("outside"), url);
  }
});

test("S01 closing ends open event streams at once", async (context) => {
  const { app, live } = await testServer(context);
  const address = await app.listen({ port: 0, host: "127.0.0.1" });
  const ended = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  const asked = httpRequest(`${address}/api/v1/events`, { headers: { authorization } }, (answer) => {
    answer.on("data", () => opened.resolve());
    answer.on("end", () => ended.resolve());
  });
  asked.end();
  await opened.promise;
  assert.equal(live.readers, 1);
  await app.close();
  await ended.promise;
  assert.equal(live.readers, 0);
});

test("S01 over https browsers stay there, and what is no page is kept in no cache", async (context) => {
  const { app } = await testServer(context, { trustedProxies: ["127.0.0.1"] });
  const headersOf = async (url: string, forwarded: Record<string, string>) =>
    (await app.inject({ url, headers: forwarded })).headers;
  const https = { "x-forwarded-proto": "https" };
  assert.match(String((await headersOf("/healthz", https))["strict-transport-security"]), /^max-age=31536000/);
  assert.equal((await headersOf("/healthz", {}))["strict-transport-security"], undefined);
  for (const url of ["/api/v1/session", "/metrics"]) {
    assert.equal((await headersOf(url, {}))["cache-control"], "no-store", url);
  }
  assert.equal((await headersOf("/docs", {}))["cache-control"], undefined);
});

test("N14 what is no HTTP gets a problem like every other refusal, and the connection ends", async (context) => {
  const { app } = await testServer(context, { routes: [probes] });
  await app.listen({ host: "127.0.0.1", port: 0 });
  const address = app.server.address();
  assert.ok(address !== null && typeof address === "object");
  const said = (bytes: string) =>
    new Promise<string>((resolve, reject) => {
      let text = "";
      const socket = connect(address.port, "127.0.0.1", () => socket.write(bytes));
      socket.on("data", (chunk) => (text += chunk.toString("utf8")));
      socket.on("error", reject);
      socket.on("close", () => resolve(text));
    });
  for (const [bytes, status, code] of [
    ["no http at all\r\n\r\n", 400, "request_malformed"],
    ["GET / HTTP/1.1\r\nhost: x\r\nbad header\r\n\r\n", 400, "request_malformed"],
    [`GET / HTTP/1.1\r\nhost: x\r\nx-long: ${"y".repeat(20_000)}\r\n\r\n`, 431, "request_headers_too_large"],
  ] as const) {
    const answer = await said(bytes);
    assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `));
    assert.match(answer, /content-type: application\/problem\+json/);
    assert.equal(JSON.parse(answer.slice(answer.indexOf("\r\n\r\n"))).code, code);
  }
});
