import assert from "node:assert/strict";
import { sql } from "kysely";
import type { SoftAuthenticator } from "../../testing/soft-authenticator.ts";
import { testOnDatabases } from "../../testing/databases.ts";
import {
  administratorAnd,
  goodPassword,
  peopleHouse,
  setUpByPasskey,
  setUpByPassword,
  signInByPasskey,
} from "../../testing/people-house.ts";

const names = { name: "Ada Lovelace", login: "Ada@Example.org" };

testOnDatabases("N01 N05 the first administrator comes by a link, once, within a day", async ({ db }, context) => {
  const house = await peopleHouse(context, db);
  const link = await house.firstLink();
  assert.equal(await house.firstLink(), "", "only at the first start");
  const read = await house.browser().post("/links/read", { link });
  assert.deepEqual([read.status, read.body.use], [200, "set_up"]);
  const { browser, answer } = await setUpByPasskey(house, link, names);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.match(browser.cookie(), /^tillwatch_session=[\w-]{43}$/);
  const me = await browser.ask("/me");
  assert.deepEqual(
    [me.body.name, me.body.login, me.body.roles],
    ["Ada Lovelace", "Ada@Example.org", ["administrator"]],
  );
  for (const path of ["/links/read", "/links/totp"]) {
    const again = await house.browser().post(path, { link });
    assert.deepEqual([again.status, again.body.code], [403, "link_refused"]);
  }
  const guessed = await house.browser().post("/links/read", { link: "x".repeat(43) });
  assert.deepEqual([guessed.status, guessed.body.code], [403, "link_refused"]);
});

testOnDatabases("N05 a link that is a day old opens nothing; the operator makes another", async ({ db }, context) => {
  const house = await peopleHouse(context, db);
  const link = await house.firstLink();
  house.time.nowMs += 24 * 3_600_000;
  assert.equal((await house.browser().post("/links/read", { link })).body.code, "link_refused");
  const headers = { authorization: "Bearer test-token" };
  const made = await house.app.inject({ method: "POST", url: "/api/v1/setup-link", headers });
  const { link: url } = made.json<{ link: string }>();
  assert.match(url, /^http:\/\/localhost:8080\/set-up#[\w-]{43}$/);
  const { answer } = await setUpByPasskey(house, url.split("#")[1] ?? "", names);
  assert.equal(answer.status, 200);
  const other = await setUpByPasskey(house, link, names);
  assert.equal(other.answer.status, 403);
});

testOnDatabases("N05 one of two who use a link at the same moment gets in", async ({ db }, context) => {
  const house = await peopleHouse(context, db);
  const link = await house.firstLink();
  const both = await Promise.all([setUpByPasskey(house, link, names), setUpByPasskey(house, link, names)]);
  const statuses = both.map(({ answer }) => answer.status);
  assert.deepEqual(
    statuses.sort((a, b) => a - b),
    [200, 403],
  );
});

testOnDatabases("N05 a passkey signs in; what does not hold is refused, always alike", async ({ db }, context) => {
  const house = await peopleHouse(context, db);
  const { key } = await setUpByPasskey(house, await house.firstLink(), names);
  const { browser, answer } = await signInByPasskey(house, key);
  assert.equal(answer.status, 200);
  assert.equal((await browser.ask("/session")).body.kind, "person");

  const refusedWith = async (spoil: (options: { challenge: string }) => unknown) => {
    const guest = house.browser();
    const options = (await guest.post("/sign-in/passkey-options")).body;
    const { status, body } = await guest.post("/sign-in/passkey", { response: spoil(options) });
    return `${status} ${body.code}`;
  };
  const refused = "401 sign_in_refused";
  const cases: readonly (readonly [string, (options: { challenge: string }) => unknown])[] = [
    ["a key that nobody registered", (options) => house.authenticator().get(options)],
    ["a challenge of our own making", () => key.get({ challenge: Buffer.alloc(38).toString("base64url") })],
    ["a counter that did not grow", (options) => key.get(options, 1)],
    ["another page", (options) => lying(key, { origin: "https://evil.example" }, options)],
    ["another site", (options) => lying(key, { rpId: "evil.example" }, options)],
    ["without PIN or finger", (options) => lying(key, { verified: false }, options)],
    ["somebody else's handle", (options) => lying(key, { userHandle: "AAAAAAAAAAAAAAAAAAAAAA" }, options)],
    ["a broken signature", (options) => broken(key.get(options))],
    [
      "hostile bytes",
      (options) => ({ ...key.get(options), response: { clientDataJSON: "x", authenticatorData: "", signature: "" } }),
    ],
  ];
  for (const [says, spoil] of cases) assert.equal(await refusedWith(spoil), refused, says);
  const used = (await house.browser().post("/sign-in/passkey-options")).body;
  const response = key.get(used);
  assert.equal((await house.browser().post("/sign-in/passkey", { response })).status, 200);
  assert.equal((await house.browser().post("/sign-in/passkey", { response })).body.code, "sign_in_refused", "a replay");
  const late = (await house.browser().post("/sign-in/passkey-options")).body;
  house.time.nowMs += 5 * 60_000;
  assert.equal((await house.browser().post("/sign-in/passkey", { response: key.get(late) })).status, 401, "too late");
});

function lying(key: SoftAuthenticator, lie: Partial<SoftAuthenticator>, options: { challenge: string }) {
  const { origin, rpId, verified, userHandle } = key;
  Object.assign(key, lie);
  const answer = key.get(options);
  Object.assign(key, { origin, rpId, verified, userHandle });
  return answer;
}

function broken<T extends { response: { signature: string } }>(answer: T): T {
  const signature = Buffer.from(answer.response.signature, "base64url");
  signature[10] = (signature[10] ?? 0) ^ 1;
  return { ...answer, response: { ...answer.response, signature: signature.toString("base64url") } };
}

testOnDatabases(
  "N05 a password needs its code; neither a code nor a recovery code serves twice",
  async ({ db }, context) => {
    const house = await peopleHouse(context, db);
    const { secret, recoveryCodes, answer } = await setUpByPassword(house, await house.firstLink(), names);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.equal(new Set(recoveryCodes).size, 10);
    const sign = async (over: object) => {
      const { status } = await house
        .browser()
        .post("/sign-in/password", { login: "ada@example.org", password: goodPassword, code: "000000", ...over });
      return status;
    };
    assert.equal(await sign({ code: house.codeNow(secret) }), 401, "the code of the set-up is spent");
    house.time.nowMs += 30_000;
    const code = house.codeNow(secret);
    assert.equal(await sign({ code, login: " ADA@example.org " }), 200);
    assert.equal(await sign({ code }), 401, "a replay within its half minute");
    const [first = ""] = recoveryCodes;
    assert.equal(await sign({ code: first.toLowerCase() }), 200);
    assert.equal(await sign({ code: first }), 401);
    house.time.nowMs += 30_000;
    assert.equal(await sign({ code: house.codeNow(secret), password: `${goodPassword} ` }), 401);
  },
);

testOnDatabases("N05 a wrong login, password, code, state: one answer", async ({ db }, context) => {
  const house = await peopleHouse(context, db);
  const { administrator, invited, link } = await administratorAnd(house, ["guard"]);
  const { secret } = await setUpByPassword(house, link);
  const answerOf = async (over: object) => {
    house.time.nowMs += 3_600_000; // beyond every wait
    const code = house.codeNow(secret);
    const { status, body } = await house
      .browser()
      .post("/sign-in/password", { login: "grace@example.org", password: goodPassword, code, ...over });
    const { instance: _, ...rest } = body;
    return JSON.stringify([status, rest]);
  };
  const unknown = await answerOf({ login: "nobody@example.org" });
  assert.match(unknown, /^\[401,.*sign_in_refused/);
  assert.equal(await answerOf({ password: "another long password" }), unknown);
  assert.equal(await answerOf({ code: "000000" }), unknown);
  assert.equal(await answerOf({ login: "ada@example.org" }), unknown, "an account without a password");
  const suspend = `/accounts/${invited.id}/suspend`;
  const fresh = await signInByPasskey(house, administrator.key);
  assert.equal((await fresh.browser.post(suspend, { because: "on_leave" })).status, 204);
  assert.equal(await answerOf({}), unknown, "a suspended one");
});

testOnDatabases(
  "N05 guessing is slowed down by account and by address; a passkey never waits for others",
  async ({ db }, context) => {
    const house = await peopleHouse(context, db);
    const { administrator, link } = await administratorAnd(house, ["guard"]);
    const { secret } = await setUpByPassword(house, link);
    house.time.nowMs += 60_000;
    const guess = async (login: string, password = "wrong password") => {
      const code = house.codeNow(secret);
      const { status, headers } = await house.browser().post("/sign-in/password", { login, password, code });
      return [status, headers["retry-after"] ?? null];
    };
    for (const login of ["grace@example.org", "nobody@example.org"]) {
      for (let at = 0; at < 5; at += 1) assert.deepEqual(await guess(login), [401, null]);
      assert.deepEqual(await guess(login), [429, "2"], "the same for a login that nobody has");
    }
    assert.deepEqual(await guess("grace@example.org", goodPassword), [429, "2"], "also with the right password");
    house.time.nowMs += 2_000;
    assert.deepEqual(await guess("grace@example.org"), [401, null]);
    assert.deepEqual(await guess("grace@example.org"), [429, "4"]);
    house.time.nowMs += 4_000;
    assert.deepEqual(await guess("grace@example.org", goodPassword), [200, null]);
    for (let at = 0; at < 40; at += 1) await guess(`list-${at}@example.org`);
    assert.equal((await guess("list-41@example.org"))[0], 429);
    assert.equal((await signInByPasskey(house, administrator.key)).answer.status, 200);
  },
);

testOnDatabases("N05 a hundred guesses at once are not a hundred free ones", async ({ db }, context) => {
  const house = await peopleHouse(context, db);
  await administratorAnd(house, ["guard"]);
  const guesses = Array.from({ length: 20 }, () =>
    house.browser().post("/sign-in/password", { login: "ada@example.org", password: "guess guess", code: "000000" }),
  );
  const statuses = (await Promise.all(guesses)).map(({ status }) => status);
  assert.equal(statuses.filter((status) => status === 401).length, 5);
  assert.equal(statuses.filter((status) => status === 429).length, 15);
});

testOnDatabases("N05 a weak password is refused with the rule that it breaks", async ({ db }, context) => {
  const house = await peopleHouse(context, db);
  const link = await house.firstLink();
  await house.browser().post("/links/totp", { link });
  for (const [password, code] of [
    ["short", "password_too_short"],
    ["sunshine2026!", "password_common"],
    ["AdaLovelace-1815", "password_context"],
  ]) {
    const { status, body } = await house
      .browser()
      .post("/links/password", { link, password, code: "123456", ...names });
    assert.deepEqual([status, body.code, body.pointer], [422, code, "/password"]);
  }
  const wrong = await house.browser().post("/links/password", { link, password: goodPassword, code: "000000" });
  assert.deepEqual([wrong.status, wrong.body.code], [422, "code_refused"]);
  assert.equal((await house.browser().post("/links/read", { link })).status, 200, "the link is still good");
});

testOnDatabases(
  "N05 J09 the database holds no name, login, secret, cookie or link in clear; the log neither",
  async ({ db }, context) => {
    const house = await peopleHouse(context, db);
    const { link } = await administratorAnd(house, ["guard"]);
    const { browser, secret, recoveryCodes } = await setUpByPassword(house, link);
    await house
      .browser()
      .post("/sign-in/password", { login: "grace@example.org", password: "wrong password", code: "1" });
    const cookie = browser.cookie().split("=")[1] ?? "";
    const tables = [
      "account",
      "passkey",
      "account_password",
      "account_totp",
      "recovery_code",
      "one_time_link",
      "person_session",
    ];
    const more = ["audit_entry", "sign_in_attempt", "totp_enrolment", "spent_challenge"];
    let dump = house.lines.join("\n");
    for (const table of [...tables, ...more]) {
      const { rows } = await sql<{
        text: string;
      }>`select row_to_json(t)::text as text from ${sql.table(table)} t`.execute(db);
      dump += rows.map((row) => row.text).join("\n");
    }
    const hex = (text: string) => Buffer.from(text).toString("hex");
    for (const clear of [
      "Grace",
      "grace@example.org",
      "Laptop",
      goodPassword,
      secret,
      cookie,
      link,
      ...recoveryCodes,
    ]) {
      assert.ok(!dump.includes(clear) && !dump.includes(hex(clear)), clear);
      assert.ok(!dump.includes(clear.replaceAll("-", "")), clear);
    }
    assert.ok(dump.includes("session.refused") && dump.includes("$argon2id$"), "the dump is one");
  },
);

testOnDatabases(
  "N05 browsers refuse passkeys at an IP address or without https, and it is said before",
  async ({ db }, context) => {
    for (const [url, because] of [
      ["http://127.0.0.1:8080", "needs_name"],
      ["https://[2001:db8::1]", "needs_name"],
      ["http://shop.example", "needs_https"],
    ] as const) {
      const house = await peopleHouse(context, db, { url });
      const { body } = await house.browser().ask("/sign-in-ways");
      assert.deepEqual(body.passkeys, { kind: "impossible", because });
      const asked = await house.browser().post("/sign-in/passkey-options");
      assert.deepEqual([asked.status, asked.body.code], [409, "passkey_impossible"]);
    }
  },
);

testOnDatabases("N06 over https the cookie is bound to this host", async ({ db }, context) => {
  const house = await peopleHouse(context, db, { url: "https://tillwatch.example" });
  const { browser, answer } = await setUpByPasskey(house, await house.firstLink(), names);
  const header = String(answer.headers["set-cookie"]);
  assert.match(
    header,
    /^__Host-tillwatch_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200; Secure$/,
  );
  assert.equal((await browser.ask("/session")).status, 200);
  const plain = browser.cookie().replace("__Host-", "");
  assert.equal((await house.app.inject({ url: "/api/v1/session", headers: { cookie: plain } })).statusCode, 401);
});
