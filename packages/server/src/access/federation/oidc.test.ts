import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { sql } from "kysely";
import { systemChance } from "../../platform/chance.ts";
import type { Db } from "../../schema.ts";
import { saysNothingOf } from "../../testing/canaries.ts";
import { testOnDatabases } from "../../testing/databases.ts";
import {
  clientId,
  clientSecret,
  fakeProvider,
  realProvider,
  TestBrowser,
  type FakeProvider,
  type RealProvider,
} from "../../testing/identity-provider.ts";
import { testFields } from "../../testing/fields.ts";
import { testServer } from "../../testing/server.ts";
import type { PeopleDeps } from "../people/people-deps.ts";
import { personIdentifier } from "../people/person-session-http.ts";
import { publicPlace } from "../people/public-place.ts";
import { SessionWatch } from "../people/session-watch.ts";
import { readIdentityFile } from "./identity-file.ts";
import { readLogoutToken } from "./logout-token.ts";
import { decideSignIn, provenAnew, type KnownAccount } from "./oidc-account.ts";
import { federatedOrganisations, oidcRoutes } from "./oidc-http.ts";
import { backChannelLogoutRoutes } from "./oidc-logout-http.ts";
import { returnPath } from "./return-to.ts";
import { placesForTests } from "../../testing/places.ts";

test("N04 after signing in a browser goes to a page of ours, wherever it was asked to go", () => {
  const cases: readonly (readonly [string | undefined, string])[] = [
    ["/incidents/1?a=b#c", "/incidents/1?a=b#c"],
    [undefined, "/"],
    ["", "/"],
    ["https://evil.example", "/"],
    ["//evil.example", "/"],
    ["/\\evil.example", "/"],
    ["/\t/evil.example", "/"],
    ["incidents", "/"],
    [`/${"a".repeat(600)}`, "/"],
    ["javascript:alert(1)", "/"],
  ];
  for (const [asked, want] of cases) assert.equal(returnPath(asked), want, String(asked));
});

test("N04 a logout token says that it is one, about whom, and has no nonce", () => {
  const event = { "http://schemas.openid.net/event/backchannel-logout": {} };
  const good = { jti: "1", sub: "a", sid: "s", events: event };
  const cases = [
    { says: "as it should be", claims: good, want: "ok" },
    { says: "by session alone", claims: { ...good, sub: undefined }, want: "ok" },
    { says: "an ID token", claims: { ...good, nonce: "n" }, want: "has_nonce" },
    { says: "even an empty nonce", claims: { ...good, nonce: null }, want: "has_nonce" },
    { says: "no event", claims: { ...good, events: {} }, want: "no_event" },
    {
      says: "events as text",
      claims: { ...good, events: "http://schemas.openid.net/event/backchannel-logout" },
      want: "no_event",
    },
    {
      says: "an event that is no object",
      claims: { ...good, events: { [Object.keys(event)[0] ?? ""]: true } },
      want: "no_event",
    },
    { says: "about nobody", claims: { ...good, sub: "", sid: undefined }, want: "about_nobody" },
    { says: "without id", claims: { ...good, jti: 1 }, want: "no_jti" },
  ];
  for (const { says, claims, want } of cases) {
    const read = readLogoutToken(claims);
    assert.equal(read.ok ? "ok" : read.error.because, want, says);
  }
});

test("N04 who comes in, with what, and who does not", () => {
  const access = { roles: ["investigator"], sites: null, regions: ["north"] } as const;
  const account: KnownAccount = {
    id: "a",
    organisationId: "home",
    origin: "oidc",
    state: "active",
    endsAtMs: null,
    ...access,
  };
  const other = { ...access, roles: ["auditor"] } as const;
  const cases = [
    { says: "a new person", linked: null, sameLogin: null, mapped: access, want: "make" },
    { says: "a person whom no rule knows", linked: null, sameLogin: null, mapped: null, want: "refuse oidc_no_role" },
    {
      says: "the name of somebody else",
      linked: null,
      sameLogin: account,
      mapped: access,
      want: "refuse oidc_login_taken",
    },
    { says: "again, as before", linked: account, sameLogin: account, mapped: access, want: "enter" },
    { says: "again, with other groups", linked: account, sameLogin: null, mapped: other, want: "enter auditor" },
    {
      says: "again, without any group",
      linked: account,
      sameLogin: null,
      mapped: null,
      want: "refuse oidc_no_role strip",
    },
    {
      says: "suspended here",
      linked: { ...account, state: "suspended" },
      sameLogin: null,
      mapped: access,
      want: "refuse account_suspended",
    },
    {
      says: "ended here",
      linked: { ...account, state: "ended" },
      sameLogin: null,
      mapped: access,
      want: "refuse account_ended",
    },
    {
      says: "its time is over",
      linked: { ...account, endsAtMs: 5 },
      sameLogin: null,
      mapped: access,
      want: "refuse account_ended",
    },
    { says: "kept by SCIM", linked: { ...account, origin: "scim" }, sameLogin: null, mapped: other, want: "enter" },
    {
      says: "kept by SCIM, in no group",
      linked: { ...account, origin: "scim", roles: [] },
      sameLogin: null,
      mapped: other,
      want: "refuse oidc_no_role",
    },
  ] as const;
  for (const { says, want, ...given } of cases) {
    const decision = decideSignIn(given, 10);
    const told =
      decision.kind === "refuse"
        ? `refuse ${decision.code}${decision.strip === null ? "" : " strip"}`
        : decision.kind === "enter" && decision.change !== null
          ? `enter ${decision.change.roles.join()}`
          : decision.kind;
    assert.equal(told, want, says);
  }
});

test("N05 a step-up needs a proof that is younger than the asking, in the way that was asked for", () => {
  const sinceMs = 1_000_000_000;
  const at = sinceMs / 1000;
  const cases = [
    { claims: { auth_time: at + 5 }, acr: [], want: true },
    { claims: { auth_time: at - 30 }, acr: [], want: true }, // two clocks
    { claims: { auth_time: at - 61 }, acr: [], want: false },
    { claims: {}, acr: [], want: false },
    { claims: { auth_time: String(at + 5) }, acr: [], want: false },
    { claims: { auth_time: at, acr: "pwd" }, acr: ["phr"], want: false },
    { claims: { auth_time: at }, acr: ["phr"], want: false },
    { claims: { auth_time: at, acr: "phr" }, acr: ["phr", "phrh"], want: true },
  ];
  for (const { claims, acr, want } of cases)
    assert.equal(provenAnew(claims, { acr, sinceMs }), want, JSON.stringify(claims));
});

async function codeOf(response: Response | null): Promise<string> {
  if (response === null) return "none";
  return ((await response.json()) as { code: string }).code;
}

type House = Awaited<ReturnType<typeof house>>;

/** Our side, listening, whose organisation `home` signs in at `issuer`. */
async function house(context: TestContext, db: Db, issuer: string) {
  const place = { url: "http://127.0.0.1:1" };
  const vault = await testFields(db);
  const clock = () => Date.now();
  const watch = new SessionWatch({ db, clock, idleMs: 3_600_000 });
  const people: PeopleDeps = {
    db,
    clock,
    chance: systemChance,
    vault,
    place: () => publicPlace(place.url),
    sessions: { idleMs: 3_600_000, lifeMs: 12 * 3_600_000 },
    watch,
    places: placesForTests,
  };
  const file = readIdentityFile(
    `
version: 1
organisations:
  - id: home
    provider:
      name: Shop sign-in
      issuer: ${issuer}
      client_id: ${clientId}
      client_secret_file: secret
      scopes: [profile, groups]
      step_up_acr: [phr]
    mapping:
      - { groups: [lp], roles: [investigator], regions: [north] }
      - { groups: [boss], roles: [administrator], sites: all }
`,
    "identity.yaml",
    () => clientSecret,
  );
  assert.ok(file.ok);
  const deps = { ...people, identity: file.value };
  const organisations = federatedOrganisations(deps);
  const { app } = await testServer(context, {
    db,
    clock,
    identifiers: [personIdentifier(people)],
    routes: [oidcRoutes(deps, organisations), backChannelLogoutRoutes(deps, organisations)],
  });
  place.url = await app.listen({ port: 0, host: "127.0.0.1" });
  const start = `${place.url}/api/v1/sign-in/oidc/home/start`;
  return { url: place.url, start, base: `${place.url}/api/v1/sign-in/oidc/home`, vault, watch, app };
}

async function whoAmI(at: House, browser: TestBrowser): Promise<{ status: number; code: string | undefined }> {
  const answer = await browser.get(`${at.url}/api/v1/session`);
  const body = (await answer.json()) as { code?: string };
  return { status: answer.status, code: body.code };
}

const ada = { id: "ada-1", name: "Ada Byron", login: "ada@shop.example", groups: ["lp", "cooks"] };

async function withRealProvider(context: TestContext, db: Db): Promise<{ at: House; provider: RealProvider }> {
  const provider = await realProvider(context);
  const at = await house(context, db, provider.issuer);
  await provider.start(at.url);
  provider.person = ada;
  return { at, provider };
}

async function signIn(at: House, browser: TestBrowser, returnTo = "/audit"): Promise<string> {
  const done = await browser.follow(`${at.start}?returnTo=${encodeURIComponent(returnTo)}`, `${at.url}${returnTo}`);
  return done.url;
}

const accountsIn = async (db: Db) => {
  const { rows } = await sql<{
    name: string;
    login: string;
    roles: string[];
    regions: string[] | null;
    origin: string;
    sites: string[] | null;
  }>`
    select name, login, roles, sites, regions, origin from account order by created_at`.execute(db);
  return rows;
};

testOnDatabases(
  "N04 a person of the provider comes in with the roles of its groups, and groups that change change them",
  async ({ db }, context) => {
    const { at, provider } = await withRealProvider(context, db);
    const browser = new TestBrowser();
    assert.equal(await signIn(at, browser), `${at.url}/audit`);
    assert.equal((await whoAmI(at, browser)).status, 200);
    const [account] = await accountsIn(db);
    assert.deepEqual(
      [account?.roles, account?.sites, account?.regions, account?.origin],
      [["investigator"], [], ["north"], "oidc"],
    );
    assert.equal(await at.vault.open(db, account?.name ?? ""), ada.name);
    saysNothingOf(JSON.stringify(account), [ada.name]);

    provider.person = { ...ada, name: "Ada King", groups: ["boss"] };
    await signIn(at, new TestBrowser());
    const again = await accountsIn(db);
    assert.deepEqual(
      again.map((one) => [one.roles, one.sites]),
      [[["administrator"], null]],
    );
    assert.equal(await at.vault.open(db, again[0]?.name ?? ""), "Ada King");

    provider.person = { ...ada, groups: ["cooks"] };
    const refused = await new TestBrowser().follow(at.start);
    assert.deepEqual([refused.response?.status, await codeOf(refused.response)], [403, "oidc_no_role"]);
    assert.deepEqual(
      (await accountsIn(db)).map((one) => one.roles),
      [[]],
    );
    assert.deepEqual(await whoAmI(at, browser), { status: 401, code: "session_ended" }, "what was open ends");

    provider.person = { ...ada, id: "eve-1", groups: ["lp"] };
    const taken = await new TestBrowser().follow(at.start);
    assert.deepEqual([taken.response?.status, await codeOf(taken.response)], [403, "oidc_login_taken"]);
    await sql`update organisation set ended_at = now() where id = 'home'`.execute(db);
    assert.equal(await codeOf((await new TestBrowser().follow(at.start)).response), "organisation_ended");
  },
);

testOnDatabases(
  "N04 a code, a state and a browser are good for one sign-in, and only together",
  async ({ db }, context) => {
    const { at, provider } = await withRealProvider(context, db);
    const callback = `${at.base}/callback`;
    const codeOfAnswer = async (url: string, browser: TestBrowser) => {
      const answer = await browser.get(url);
      if (answer.status === 303) return "in";
      return ((await answer.json()) as { code: string }).code;
    };
    const wayBack = async () => {
      const browser = new TestBrowser();
      return { browser, url: (await browser.follow(at.start, callback)).url };
    };
    const changed = (url: string, name: string, value: string | null) => {
      const next = new URL(url);
      if (value === null) next.searchParams.delete(name);
      else next.searchParams.set(name, value);
      return next.href;
    };
    const first = await wayBack();
    const cookies = first.browser.cookies(at.url);
    assert.match(cookies, /^tillwatch_oidc=/);
    assert.equal(await codeOfAnswer(first.url, first.browser), "in");
    const replay = await fetch(first.url, { headers: { cookie: cookies } });
    assert.deepEqual([replay.status, ((await replay.json()) as { code: string }).code], [400, "oidc_state_unknown"]);

    // The code of one sign-in, brought by an attacker into another's that was really started.
    const [victim, attacker] = [await wayBack(), await wayBack()];
    const injected = changed(victim.url, "code", new URL(attacker.url).searchParams.get("code"));
    assert.equal(
      await codeOfAnswer(injected, victim.browser),
      "oidc_answer_refused",
      "PKCE binds the code to its sign-in",
    );
    const cases = [
      {
        says: "wrong state",
        url: (url: string) => changed(url, "state", "guess"),
        own: true,
        want: "oidc_state_unknown",
      },
      { says: "no state", url: (url: string) => changed(url, "state", null), own: true, want: "oidc_state_unknown" },
      { says: "another's browser", url: (url: string) => url, own: false, want: "oidc_state_unknown" },
      {
        says: "mix-up",
        url: (url: string) => changed(url, "iss", "https://evil.example"),
        own: true,
        want: "oidc_answer_refused",
      },
      {
        says: "no iss from a provider that says it",
        url: (url: string) => changed(url, "iss", null),
        own: true,
        want: "oidc_answer_refused",
      },
      {
        says: "another's code",
        url: (url: string) => changed(url, "code", "guess"),
        own: true,
        want: "oidc_answer_refused",
      },
      { says: "two codes", url: (url: string) => `${url}&code=second`, own: true, want: "oidc_answer_refused" },
    ];
    for (const { says, url, own, want } of cases) {
      const way = await wayBack();
      assert.equal(await codeOfAnswer(url(way.url), own ? way.browser : new TestBrowser()), want, says);
    }
    provider.person = null;
    const declined = await wayBack();
    assert.equal(await codeOfAnswer(declined.url, declined.browser), "oidc_answer_refused", "the provider said no");
    const page = await wayBack();
    const answer = await page.browser.get(page.url, { headers: { accept: "text/html" } });
    assert.deepEqual([answer.status, answer.headers.get("location")], [303, "/sign-in?problem=oidc_answer_refused"]);
    assert.equal((await accountsIn(db)).length, 1, "nobody else came in");
  },
);

testOnDatabases(
  "N04 N06 the provider ends sessions by itself, at once, and its token works once",
  async ({ db }, context) => {
    const { at, provider } = await withRealProvider(context, db);
    const [one, two] = [new TestBrowser(), new TestBrowser()];
    await signIn(at, one);
    await signIn(at, two);
    const { rows } = await sql<{ id: string }>`select session_id as id from oidc_session order by started_at`.execute(
      db,
    );
    const told: string[] = [];
    at.watch.follow(
      {
        sessionId: rows[0]?.id ?? null,
        organisationId: "home",
        roles: ["investigator"],
        sites: [],
        regions: ["north"],
      },
      { ended: (because) => told.push(because), changed: () => told.push("changed") },
    );

    const out = await one.get(`${at.url}/api/v1/sign-in/oidc/sign-out`);
    const { url } = (await out.json()) as { url: string };
    assert.ok(url.startsWith(provider.issuer), url);
    const form = await (await one.get(url)).text();
    const [, action = ""] = /action="([^"]+)"/.exec(form) ?? [];
    const [, xsrf = ""] = /name="xsrf" value="([^"]+)"/.exec(form) ?? [];
    const ended = await one.get(action, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ xsrf, logout: "yes" }).toString(),
    });
    assert.equal(ended.headers.get("location"), `${at.url}/sign-in`);
    assert.deepEqual(await whoAmI(at, one), { status: 401, code: "session_ended" });
    assert.equal((await whoAmI(at, two)).status, 200, "another session of the provider goes on");
    assert.deepEqual(told, ["identity_provider"]);
  },
);

testOnDatabases(
  "N05 a person of the provider proves anew who it is, as strongly as the organisation asks",
  async ({ db }, context) => {
    const { at, provider } = await withRealProvider(context, db);
    const browser = new TestBrowser();
    await signIn(at, browser);
    const steppedUp = async () => {
      const { rows } = await sql<{
        at: Date | null;
      }>`select stepped_up_at as at from person_session order by created_at`.execute(db);
      return rows.map((row) => row.at !== null);
    };
    assert.deepEqual(await steppedUp(), [false]);
    const stepUp = `${at.url}/api/v1/sign-in/oidc/step-up?returnTo=/audit`;
    const weak = await browser.follow(stepUp, `${at.url}/audit`);
    assert.equal(await codeOf(weak.response), "oidc_step_up_refused");
    provider.acr = "phr";
    browser.forget(provider.issuer);
    provider.person = { ...ada, id: "other", login: "other@shop.example" };
    const other = await browser.follow(stepUp, `${at.url}/audit`);
    assert.equal(await codeOf(other.response), "oidc_step_up_refused", "somebody else");
    browser.forget(provider.issuer);
    provider.person = ada;
    const strong = await browser.follow(stepUp, `${at.url}/audit`);
    assert.equal(strong.url, `${at.url}/audit`);
    assert.deepEqual(await steppedUp(), [true]);
    assert.equal((await fetch(stepUp, { redirect: "manual" })).status, 401, "there must be a session to step up");
  },
);

async function throughFake(
  at: House,
  provider: FakeProvider,
  token: (nonce: string) => Promise<string>,
): Promise<string> {
  const browser = new TestBrowser();
  const sent = new URL((await browser.get(at.start)).headers.get("location") ?? "");
  assert.equal(sent.searchParams.get("code_challenge_method"), "S256");
  provider.answer = () => token(sent.searchParams.get("nonce") ?? "");
  const back = `${at.base}/callback?code=c&state=${sent.searchParams.get("state")}`;
  const answer = await browser.get(back);
  if (answer.status === 303) return "in";
  return ((await answer.json()) as { code: string }).code;
}

testOnDatabases("N04 ID tokens that do not hold bring nobody in", async ({ db }, context) => {
  const provider = await fakeProvider(context);
  const at = await house(context, db, provider.issuer);
  const now = Math.floor(Date.now() / 1000);
  const claims = (nonce: string) => ({
    iss: provider.issuer,
    aud: clientId,
    sub: "ada-1",
    iat: now,
    exp: now + 300,
    nonce,
    preferred_username: "ada",
    groups: ["lp"],
  });
  const unsigned = (body: object) =>
    `${Buffer.from('{"alg":"none"}').toString("base64url")}.${Buffer.from(JSON.stringify(body)).toString("base64url")}.`;
  const cases: readonly { says: string; token: (nonce: string) => Promise<string>; want: string }[] = [
    { says: "as it should be", token: (nonce) => provider.sign(claims(nonce)), want: "in" },
    { says: "wrong nonce", token: () => provider.sign(claims("guess")), want: "oidc_answer_refused" },
    {
      says: "no nonce",
      token: (nonce) => provider.sign({ ...claims(nonce), nonce: undefined }),
      want: "oidc_answer_refused",
    },
    {
      says: "for another client",
      token: (nonce) => provider.sign({ ...claims(nonce), aud: "other" }),
      want: "oidc_answer_refused",
    },
    {
      says: "for two, by nobody",
      token: (nonce) => provider.sign({ ...claims(nonce), aud: [clientId, "other"] }),
      want: "oidc_answer_refused",
    },
    {
      says: "of another issuer",
      token: (nonce) => provider.sign({ ...claims(nonce), iss: `${provider.issuer}/` }),
      want: "oidc_answer_refused",
    },
    {
      says: "expired",
      token: (nonce) => provider.sign({ ...claims(nonce), iat: now - 900, exp: now - 600 }),
      want: "oidc_answer_refused",
    },
    { says: "alg none", token: async (nonce) => unsigned(claims(nonce)), want: "oidc_answer_refused" },
    {
      says: "signed with the client's secret",
      token: (nonce) => provider.sign(claims(nonce), { alg: "HS256" }),
      want: "oidc_answer_refused",
    },
    {
      says: "one letter changed",
      token: async (nonce) => {
        const [header, body, signature = ""] = (await provider.sign(claims(nonce))).split(".");
        return `${header}.${body}.${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`;
      },
      want: "oidc_answer_refused",
    },
    { says: "no token", token: async () => "", want: "oidc_answer_refused" },
  ];
  for (const { says, token, want } of cases) assert.equal(await throughFake(at, provider, token), want, says);
  assert.equal((await accountsIn(db)).length, 1);
  const { rows } = await sql`select because from audit_entry where kind = 'session.refused'`.execute(db);
  assert.equal(rows.length, cases.length - 1);
  saysNothingOf(JSON.stringify(rows), ["eyJhbG", "eyJ0eX"]);
});

testOnDatabases("N04 logout tokens that do not hold end nothing", async ({ db }, context) => {
  const provider = await fakeProvider(context);
  const at = await house(context, db, provider.issuer);
  const now = Math.floor(Date.now() / 1000);
  const signedIn = (nonce: string) =>
    provider.sign({
      iss: provider.issuer,
      aud: clientId,
      sub: "ada-1",
      iat: now,
      exp: now + 300,
      nonce,
      sid: "s-1",
      groups: ["lp"],
    });
  assert.equal(await throughFake(at, provider, signedIn), "in");
  const logout = (jti: string) => ({
    iss: provider.issuer,
    aud: clientId,
    iat: now,
    exp: now + 120,
    jti,
    sub: "ada-1",
    sid: "s-1",
    events: { "http://schemas.openid.net/event/backchannel-logout": {} },
  });
  const send = async (token: string) => {
    const answer = await fetch(`${at.base}/back-channel-logout`, {
      method: "POST",
      body: new URLSearchParams({ logout_token: token }),
    });
    return answer.status;
  };
  const typ = "logout+jwt";
  const live = async () => {
    const { rows } = await sql`select from person_session where ended_at is null`.execute(db);
    return rows.length;
  };
  const bad = [
    { says: "for another client", token: await provider.sign({ ...logout("1"), aud: "other" }, { typ }) },
    { says: "of another issuer", token: await provider.sign({ ...logout("2"), iss: "https://evil.example" }, { typ }) },
    { says: "old", token: await provider.sign({ ...logout("3"), iat: now - 3_600, exp: now + 120 }, { typ }) },
    { says: "with a nonce", token: await provider.sign({ ...logout("4"), nonce: "n" }, { typ }) },
    { says: "another type", token: await provider.sign(logout("5"), { typ: "at+jwt" }) },
    { says: "with the client's secret", token: await provider.sign(logout("6"), { typ, alg: "HS256" }) },
    { says: "no token at all", token: "x" },
    { says: "no id", token: await provider.sign({ ...logout("7"), jti: undefined as unknown as string }, { typ }) },
  ];
  for (const { says, token } of bad) assert.equal(await send(token), 400, says);
  assert.equal(await live(), 1);
  assert.equal(await send(await provider.sign({ ...logout("8"), sid: "s-2" }, { typ })), 200);
  assert.equal(await live(), 1, "another session of the same person goes on");
  const good = await provider.sign(logout("9"), { typ });
  assert.equal(await send(good), 200);
  assert.equal(await live(), 0);
  assert.equal(await send(good), 400, "replayed");
});

testOnDatabases(
  "N04 a provider that calls itself otherwise, or does not answer, signs nobody in",
  async ({ db }, context) => {
    const provider = await fakeProvider(context);
    const at = await house(context, db, provider.issuer);
    provider.metadata = { issuer: `${provider.issuer}/` };
    const other = await fetch(at.start, { redirect: "manual" });
    assert.deepEqual(
      [other.status, ((await other.json()) as { code: string }).code],
      [502, "oidc_provider_unreachable"],
    );
    provider.metadata = {};
    assert.equal((await fetch(at.start, { redirect: "manual" })).status, 303, "asked again, once it is itself");
    const unknown = await fetch(at.start.replace("home", "nowhere"));
    assert.deepEqual([unknown.status, ((await unknown.json()) as { code: string }).code], [404, "oidc_unknown"]);
  },
);
