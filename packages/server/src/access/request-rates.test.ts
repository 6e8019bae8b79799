import assert from "node:assert/strict";
import { test } from "node:test";
import { testServer, bearer } from "../testing/server.ts";
import { administratorCredential, digestOf } from "./credential.ts";
import { installationPrincipal } from "./principal.ts";
import { addressOf } from "./request-rates.ts";

const rates = { perAddress: 18, perIdentity: 24 }; // 3 and 4 in ten seconds
const person = { ...installationPrincipal, token: "user:p", kind: "person" as const };
const credentials = [administratorCredential("test-token"), { sha256: digestOf("persons"), principal: person }];

test("B18 N06 an address without identity is counted, one wrong credential stops itself only, and who is known goes on", async (context) => {
  const { app } = await testServer(context, { requestRates: rates, credentials });
  const ask = async (headers: Record<string, string>, remoteAddress = "192.0.2.1") => {
    const answer = await app.inject({ url: "/metrics", headers, remoteAddress });
    return answer.statusCode === 429 ? `429 ${answer.json<{ code: string }>().code}` : answer.statusCode;
  };
  const times = async (count: number, headers: Record<string, string>, from?: string) => {
    const seen = [];
    for (let i = 0; i < count; i++) seen.push(await ask(headers, from));
    return seen;
  };
  const full = "429 too_many_requests";
  assert.deepEqual(await times(5, { authorization: "Bearer broken-device" }), [401, 401, 401, full, full]);
  assert.deepEqual(await times(4, {}), [401, 401, 401, full], "nothing shown is counted by itself");
  assert.deepEqual(await times(2, bearer), [200, 200], "the same address with what holds");
  assert.deepEqual(await times(1, {}, "192.0.2.2"), [401], "another address");
  assert.deepEqual(await times(5, { authorization: "Bearer persons" }), [200, 200, 200, 200, full]);
  assert.deepEqual(await times(1, { authorization: "Bearer persons" }, "192.0.2.9"), [full], "wherever he calls from");
});

test("B18 N06 a session goes on where a stranger at its address was stopped, with the cookie of http and that of https", async (context) => {
  for (const secure of [false, true]) {
    const { app } = await testServer(context, { requestRates: rates, secureCookies: () => secure });
    const own = { "sec-fetch-site": "same-origin" };
    const payload = { token: "test-token" };
    const made = await app.inject({ method: "POST", url: "/api/v1/session", payload, headers: own });
    const cookie = String(made.headers["set-cookie"]).split(";")[0] ?? "";
    assert.equal(cookie.startsWith("__Host-"), secure);
    const ask = async (headers: Record<string, string>) =>
      (await app.inject({ url: "/api/v1/session", headers })).statusCode;
    assert.equal(await ask({ cookie }), 200);
    const stranger = [];
    for (let i = 0; i < 4; i++) stranger.push(await ask({}));
    assert.equal(stranger.at(-1), 429);
    assert.equal(await ask({ cookie }), 200);
  }
});

test("B18 inventing a new credential each time runs into the address's limit, health still answers", async (context) => {
  const { app } = await testServer(context, { requestRates: rates, credentials });
  const from = { remoteAddress: "192.0.2.1" };
  await app.inject({ url: "/metrics", headers: bearer, ...from });
  const seen = [];
  for (let i = 0; i < 17; i++) {
    const headers = { authorization: `Bearer guess-${i}` };
    seen.push((await app.inject({ url: "/metrics", headers, ...from })).statusCode);
  }
  assert.deepEqual(seen, [...Array.from({ length: 15 }, () => 401), 429, 429]);
  assert.equal((await app.inject({ url: "/metrics", headers: bearer, ...from })).statusCode, 200, "it held before");
  const health = await Promise.all(Array.from({ length: 9 }, () => app.inject({ url: "/healthz", ...from })));
  assert.ok(health.every((answer) => answer.statusCode === 200));
  const refused = await app.inject({ url: "/metrics", headers: { authorization: "Bearer guess-99" }, ...from });
  assert.match(String(refused.headers["retry-after"]), /^\d+$/);
});

test("B18 a refusal is slow, and whoever opens more connections than may wait is cut", async (context) => {
  const { app } = await testServer(context, { requestRates: rates });
  const url = `${await app.listen({ host: "127.0.0.1", port: 0 })}/metrics`;
  const ask = async () => {
    const answer = await fetch(url);
    await answer.arrayBuffer();
    return answer.status;
  };
  for (let i = 0; i < 3; i++) assert.equal(await ask(), 401);
  const startedMs = performance.now();
  const outcomes = await Promise.allSettled(Array.from({ length: 130 }, ask));
  assert.ok(performance.now() - startedMs >= 990, "nobody is answered at once");
  const answered = outcomes.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  assert.deepEqual([new Set(answered), outcomes.length - answered.length], [new Set([429]), 30]);
  assert.equal((await app.inject({ url: "/metrics", remoteAddress: "192.0.2.2" })).statusCode, 401);
});

test("B18 behind a trusted proxy the client's address counts, and nobody else may claim one", async (context) => {
  for (const [trustedProxies, want] of [
    [["192.0.2.7"], [401, 401, 401, 401]],
    [[], [401, 401, 401, 429]],
  ] as const) {
    const { app } = await testServer(context, { requestRates: rates, trustedProxies });
    const seen = [];
    for (let i = 0; i < 4; i++) {
      const headers = { "x-forwarded-for": `203.0.113.${i}` };
      seen.push((await app.inject({ url: "/metrics", headers, remoteAddress: "192.0.2.7" })).statusCode);
    }
    assert.deepEqual(seen, want);
  }
});

test("B18 an address is what one customer holds", () => {
  const cases = [
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8:1:2::9", "2001:db8:1:2::/64"],
    ["2001:0db8:0001::", "2001:db8:1:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ] as const;
  for (const [ip, want] of cases) assert.equal(addressOf(ip), want, ip);
});
