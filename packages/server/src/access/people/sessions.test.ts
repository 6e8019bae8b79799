import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { request as httpRequest } from "node:http";
import { openDatabase } from "../../platform/database/database.ts";
import type { Schema } from "../../schema.ts";
import { testOnDatabases, testOnPostgres, withFreshPostgres } from "../../testing/databases.ts";
import {
  administratorAnd,
  peopleHouse,
  setUpByPasskey,
  setUpByPassword,
  signInByPasskey,
  type PeopleHouse,
} from "../../testing/people-house.ts";
import { clientOf, sessionEnd, type SessionFacts } from "./session-state.ts";

const live: SessionFacts = {
  activeAtMs: 1_000,
  expiresAtMs: 100_000,
  endedBecause: null,
  accountState: "active",
  accountEndsAtMs: null,
  organisationEnded: false,
};
const states: readonly (readonly [string, Partial<SessionFacts>, number, string | null])[] = [
  ["lives until the last instant before it is idle", {}, 10_999, null],
  ["is idle from then on", {}, 11_000, "idle"],
  ["expires although somebody works in it", { activeAtMs: 99_999 }, 100_000, "expired"],
  ["ends with the account's end", { accountEndsAtMs: 5_000 }, 5_000, "ended"],
  ["not before it", { accountEndsAtMs: 5_000 }, 4_999, null],
  ["ends with a suspension", { accountState: "suspended" }, 1_000, "suspended"],
  ["is none for who was invited and did not come", { accountState: "invited" }, 1_000, "ended"],
  ["ends with the organisation", { organisationEnded: true }, 1_000, "organisation_ended"],
  ["keeps the first reason", { endedBecause: "revoked", accountState: "suspended" }, 200_000, "revoked"],
];
for (const [says, facts, nowMs, want] of states) {
  test(`N06 a session ${says}`, () => {
    assert.equal(sessionEnd({ ...live, ...facts }, { nowMs, idleMs: 10_000 }), want);
  });
}

test("N06 what a person knows a session by", () => {
  const cases = [
    [
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36 Edg/142.0",
      "Edge on Windows",
    ],
    ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"],
    ["Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1", "Safari on iPhone"],
    ["<script>alert(1)</script>", "A program"],
    [undefined, "A program"],
  ] as const;
  for (const [header, want] of cases) assert.equal(clientOf(header), want);
});

/** Opens the event stream of a browser over a real connection; `text` grows, `closed` resolves at its end. */
async function stream(house: PeopleHouse, cookie: string, context: TestContext) {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const { promise: open, resolve: opened, reject } = Promise.withResolvers<void>();
  const address = house.app.server.address();
  const url = typeof address === "object" && address !== null ? `http://127.0.0.1:${address.port}` : "";
  const seen = { text: "" };
  const asked = httpRequest(`${url}/api/v1/events`, { agent: false, headers: { cookie } }, (answer) => {
    answer.on("data", (chunk: Buffer) => {
      seen.text += chunk.toString("utf8");
      opened();
    });
    answer.on("end", () => resolve());
  });
  asked.on("error", reject);
  asked.end();
  context.after(() => asked.destroy());
  await open;
  return { seen, closed };
}

testOnDatabases("N06 a suspension ends requests and open streams at once, with the reason", async ({ db }, context) => {
  const house = await peopleHouse(context, db);
  const { administrator, invited, link } = await administratorAnd(house, ["guard"]);
  const { browser } = await setUpByPasskey(house, link);
  await house.app.listen({ port: 0, host: "127.0.0.1" });
  const tab = await stream(house, browser.cookie(), context);
  const bystander = await stream(house, administrator.browser.cookie(), context);
  assert.equal((await browser.ask("/me")).status, 200);
  await administrator.browser.post(`/accounts/${invited.id}/suspend`, { because: "misuse_suspected" });
  await tab.closed;
  assert.match(tab.seen.text, /event: session_ended\ndata: \{.*"says":"Your account was suspended\."/);
  const after = await browser.ask("/me");
  assert.deepEqual(
    [after.status, after.body.code, after.body.detail],
    [401, "session_ended", "Your account was suspended."],
  );
  assert.doesNotMatch(bystander.seen.text, /session_ended/);
  assert.equal((await administrator.browser.ask("/me")).status, 200);
});

testOnDatabases("N06 other rights hold at once, and the stream is opened anew under them", async ({ db }, context) => {
  const house = await peopleHouse(context, db);
  const { administrator, invited, link } = await administratorAnd(house, ["guard"]);
  const { browser } = await setUpByPasskey(house, link);
  await house.app.listen({ port: 0, host: "127.0.0.1" });
  const tab = await stream(house, browser.cookie(), context);
  await house.deps.watch.check();
  const change = { roles: ["investigator"], sites: ["S-1001"], because: "role_changed" };
  const changed = await administrator.browser.ask(`/accounts/${invited.id}`, { method: "PATCH", body: change });
  assert.equal(changed.status, 204, JSON.stringify(changed.body));
  await tab.closed;
  assert.match(tab.seen.text, /event: session_changed/);
  assert.deepEqual((await browser.ask("/session")).body.roles, ["investigator"]);
});

testOnDatabases(
  "N06 my sessions: seen, ended one by one or all others; another person's are not mine",
  async ({ db }, context) => {
    const house = await peopleHouse(context, db);
    const { administrator, link } = await administratorAnd(house, ["guard"]);
    const first = await setUpByPasskey(house, link);
    const second = (await signInByPasskey(house, first.key)).browser;
    const third = (await signInByPasskey(house, first.key)).browser;
    const list = (await second.ask("/me/sessions")).body.items as { id: string; mine: boolean; way: string }[];
    assert.deepEqual([list.length, list.filter(({ mine }) => mine).length], [3, 1]);
    const theirs = (await administrator.browser.ask("/me/sessions")).body.items[0].id as string;
    const foreign = await second.ask(`/me/sessions/${theirs}`, { method: "DELETE" });
    assert.deepEqual([foreign.status, foreign.body.code], [404, "session_unknown"]);
    const own = (await third.ask("/me/sessions")).body.items.find(({ mine }: { mine: boolean }) => mine).id as string;
    assert.equal((await second.ask(`/me/sessions/${own}`, { method: "DELETE" })).status, 204);
    assert.equal((await third.ask("/me")).status, 401);
    assert.equal((await second.ask("/me/sessions", { method: "DELETE" })).status, 204);
    assert.equal((await first.browser.ask("/me")).body.detail, "You ended this session from another one.");
    assert.equal((await second.ask("/me")).status, 200);
    assert.equal((await second.ask("/session", { method: "DELETE" })).status, 204);
    assert.equal((await second.ask("/me")).status, 401);
  },
);

testOnDatabases(
  "N06 a session that only keeps itself up to date ends as idle; a person's doing keeps it",
  async ({ db }, context) => {
    const house = await peopleHouse(context, db, { idleMs: 600_000 });
    const { browser } = await setUpByPasskey(house, await house.firstLink(), { name: "Ada", login: "ada" });
    for (let at = 0; at < 3; at += 1) {
      house.time.nowMs += 590_000;
      assert.equal((await browser.post("/session/active")).status, 204);
    }
    house.time.nowMs += 590_000;
    assert.equal((await browser.ask("/me")).status, 200);
    house.time.nowMs += 10_000;
    const { status, body } = await browser.ask("/me");
    assert.deepEqual([status, body.detail], [401, "Nobody did anything here for too long."]);
  },
);

testOnDatabases(
  "N06 signing in again ends the browser's earlier session: a planted cookie is worth nothing",
  async ({ db }, context) => {
    const house = await peopleHouse(context, db);
    const { browser, key } = await setUpByPasskey(house, await house.firstLink(), { name: "Ada", login: "ada" });
    const planted = browser.cookie();
    const options = await browser.post("/sign-in/passkey-options");
    assert.equal((await browser.post("/sign-in/passkey", { response: key.get(options.body) })).status, 200);
    assert.notEqual(browser.cookie(), planted);
    const old = await house.app.inject({ url: "/api/v1/me", headers: { cookie: planted } });
    assert.equal(old.statusCode, 401);
  },
);

testOnDatabases(
  "N05 N06 another way to sign in needs a fresh proof, and ends the other sessions",
  async ({ db }, context) => {
    const house = await peopleHouse(context, db);
    const { administrator, link } = await administratorAnd(house, ["guard"]);
    const { browser, key } = await setUpByPasskey(house, link);
    const other = (await signInByPasskey(house, key)).browser;
    assert.ok(administrator);
    house.time.nowMs += 10 * 60_000;
    const refused = await browser.post("/me/totp");
    assert.deepEqual([refused.status, refused.body.code], [403, "step_up_required"]);
    const ways = (await browser.post("/session/step-up/options")).body;
    assert.equal(ways.code, false);
    const wrong = await browser.post("/session/step-up", { response: house.authenticator().get(ways.passkey) });
    assert.deepEqual([wrong.status, wrong.body.code], [422, "step_up_refused"]);
    const signInChallenge = (await browser.post("/sign-in/passkey-options")).body;
    assert.equal((await browser.post("/session/step-up", { response: key.get(signInChallenge) })).status, 422);
    assert.equal((await browser.post("/session/step-up", { response: key.get(ways.passkey) })).status, 200);
    const { secret } = (await browser.post("/me/totp")).body as { secret: string };
    const body = { password: "a quiet river runs deep", code: house.codeNow(secret) };
    const set = await browser.ask("/me/password", { method: "PUT", body });
    assert.equal(set.body.recoveryCodes.length, 10);
    assert.match((await other.ask("/me")).body.detail, /The way you sign in was changed/);
    house.time.nowMs += 10 * 60_000;
    assert.equal((await browser.post("/session/step-up", { code: house.codeNow(secret) })).status, 200);
    assert.equal(
      (await browser.post("/session/step-up", { code: house.codeNow(secret) })).status,
      422,
      "a code serves once",
    );
    const [passkey] = (await browser.ask("/me")).body.passkeys as { id: string }[];
    assert.equal((await browser.ask(`/me/passkeys/${passkey?.id}`, { method: "DELETE" })).status, 204);
    const last = await browser.ask("/me/password", { method: "DELETE" });
    assert.deepEqual([last.status, last.body.code], [409, "last_way_to_sign_in"]);
  },
);

testOnDatabases("N05 codes for a step-up are counted like a sign-in", async ({ db }, context) => {
  const house = await peopleHouse(context, db);
  const { browser } = await setUpByPassword(house, await house.firstLink(), { name: "Ada", login: "ada" });
  const statuses: number[] = [];
  for (let at = 0; at < 6; at += 1) statuses.push((await browser.post("/session/step-up", { code: "000000" })).status);
  assert.deepEqual(statuses, [422, 422, 422, 422, 422, 429]);
});

testOnPostgres("N06 a session that one process ends dies in the streams of another", async (server, context) => {
  await withFreshPostgres(server, async ({ db }, url) => {
    const second = await openDatabase<Schema>(url);
    try {
      const here = await peopleHouse(context, db);
      const there = await peopleHouse(context, second.db);
      const { administrator, invited, link } = await administratorAnd(here, ["guard"]);
      const { browser } = await setUpByPasskey(here, link);
      await there.app.listen({ port: 0, host: "127.0.0.1" });
      const tab = await stream(there, browser.cookie(), context);
      await there.deps.watch.check();
      assert.equal(there.deps.watch.watched, 1);
      await administrator.browser.ask(`/accounts/${invited.id}/sessions`, { method: "DELETE" });
      await there.deps.watch.check(); // what the timer of app/people.ts does every second
      await tab.closed;
      assert.match(tab.seen.text, /An administrator ended this session/);
      await there.app.close();
      await here.app.close();
    } finally {
      await second.close();
    }
  });
});
