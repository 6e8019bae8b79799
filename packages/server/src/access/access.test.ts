import assert from "node:assert/strict";
import { test } from "node:test";
import { testOnDatabases } from "../testing/databases.ts";
import { testServer, token } from "../testing/server.ts";
import { administratorCredential, credentialOf } from "./credential.ts";
import { cookieNamed } from "./cookie.ts";
import { crossSite, sameOrigin } from "./same-origin.ts";

test("N01 a token is known by its digest only", () => {
  const credential = administratorCredential("right");
  assert.ok(!JSON.stringify(credential).includes("right"));
  assert.equal(credentialOf([credential], "right"), credential);
  for (const wrong of ["", "righ", "rightt", "Right"]) assert.equal(credentialOf([credential], wrong), null);
  assert.equal(credentialOf([{ ...credential, sha256: "" }], ""), null);
});

test("N01 cookies are read as they are sent", () => {
  const cases: readonly (readonly [string | undefined, string | null])[] = [
    [undefined, null],
    ["a=1", null],
    ["x_s=1; s=2", "2"],
    ["s=2=3; s=4", "2=3"],
    [" s = 5 ", "5"],
    ["s", null],
  ];
  for (const [header, want] of cases) assert.equal(cookieNamed(header, "s"), want, header ?? "no header");
});

test("N01 whether a write comes from our own page", () => {
  const cases = [
    { headers: { "sec-fetch-site": "same-origin" }, own: true, cross: false },
    { headers: { "sec-fetch-site": "same-site" }, own: false, cross: true },
    { headers: { "sec-fetch-site": "cross-site", origin: "http://us:1", host: "us:1" }, own: false, cross: true },
    { headers: { "sec-fetch-site": "none" }, own: false, cross: false },
    { headers: { origin: "http://us:1", host: "us:1" }, own: true, cross: false },
    { headers: { origin: "http://us:2", host: "us:1" }, own: false, cross: true },
    { headers: { origin: "null", host: "us:1" }, own: false, cross: true },
    { headers: {}, own: false, cross: false },
  ];
  for (const c of cases) {
    assert.deepEqual([sameOrigin(c.headers), crossSite(c.headers)], [c.own, c.cross], JSON.stringify(c.headers));
  }
});

const own = { "sec-fetch-site": "same-origin" };

testOnDatabases(
  "N01 a browser's session: made with the token, writes from our pages only, ends",
  async ({ db }, context) => {
    const time = { nowMs: Date.parse("2026-11-20T10:00:00Z") };
    const { app } = await testServer(context, { db, clock: () => time.nowMs });
    const start = async (headers: Record<string, string> = own) =>
      app.inject({ method: "POST", url: "/api/v1/session", payload: { token }, headers });
    const wrong = await app.inject({
      method: "POST",
      url: "/api/v1/session",
      payload: { token: "guess" },
      headers: own,
    });
    assert.deepEqual([wrong.statusCode, wrong.json<{ code: string }>().code], [401, "token_refused"]);
    assert.equal((await start({ "sec-fetch-site": "cross-site" })).statusCode, 403);
    const made = await start();
    const header = String(made.headers["set-cookie"]);
    assert.match(header, /^tillwatch_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/);
    const cookie = header.split(";")[0] ?? "";
    const who = await app.inject({ url: "/api/v1/session", headers: { cookie } });
    assert.deepEqual(who.json<{ actor: string }>().actor, "user:admin");
    const write = (headers: Record<string, string>) =>
      app.inject({ method: "DELETE", url: "/api/v1/session", headers: { cookie, ...headers } });
    for (const headers of [{}, { "sec-fetch-site": "cross-site" }, { origin: "https://evil.example" }]) {
      const answer = await write(headers);
      assert.deepEqual([answer.statusCode, answer.json<{ code: string }>().code], [403, "origin_refused"]);
    }
    assert.equal((await write(own)).statusCode, 204);
    const after = await app.inject({ url: "/api/v1/session", headers: { cookie } });
    assert.deepEqual([after.statusCode, after.json<{ code: string }>().code], [401, "session_ended"]);
    const again = String((await start()).headers["set-cookie"]).split(";")[0] ?? "";
    time.nowMs += 12 * 3_600_000;
    assert.equal((await app.inject({ url: "/api/v1/session", headers: { cookie: again } })).statusCode, 401);
  },
);

testOnDatabases("N01 a session ends with the token that it was made with", async ({ db }, context) => {
  const { app } = await testServer(context, { db });
  const made = await app.inject({ method: "POST", url: "/api/v1/session", payload: { token }, headers: own });
  const cookie = String(made.headers["set-cookie"]).split(";")[0] ?? "";
  const { app: rotated } = await testServer(context, { db, credentials: [administratorCredential("another")] });
  assert.equal((await app.inject({ url: "/api/v1/session", headers: { cookie } })).statusCode, 200);
  assert.equal((await rotated.inject({ url: "/api/v1/session", headers: { cookie } })).statusCode, 401);
});

test("N01 wrong tokens are refused with a challenge", async (context) => {
  const { app } = await testServer(context);
  const cases = [
    { authorization: "Bearer nonsense", challenge: /error="invalid_token"/ },
    { authorization: `Basic ${token}`, challenge: /error="invalid_token"/ },
    { authorization: `Bearer ${token} more`, challenge: /error="invalid_token"/ },
    { authorization: "", challenge: /^Bearer realm/ },
  ];
  for (const { authorization, challenge } of cases) {
    const answer = await app.inject({ url: "/metrics", headers: { authorization } });
    assert.equal(answer.statusCode, 401, authorization);
    assert.match(String(answer.headers["www-authenticate"]), challenge);
  }
  for (const scheme of ["Bearer", "bearer"]) {
    assert.equal(
      (await app.inject({ url: "/metrics", headers: { authorization: `${scheme} ${token}` } })).statusCode,
      200,
    );
  }
});
