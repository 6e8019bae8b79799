import assert from "node:assert/strict";
import { sql } from "kysely";
import { saysNothingOf } from "../../testing/canaries.ts";
import { testOnDatabases } from "../../testing/databases.ts";
import {
  administratorAnd,
  peopleHouse,
  setUpByPasskey,
  setUpByPassword,
  signInByPasskey,
} from "../../testing/people-house.ts";
import { insertAccount } from "./account-store.ts";
import { makeDemoPeople } from "./demo-people.ts";

testOnDatabases(
  "N01 administrators invite, change, suspend, resume and end; the record has tokens only",
  async ({ db }, context) => {
    const house = await peopleHouse(context, db);
    const { administrator, invited, link } = await administratorAnd(house, ["guard"]);
    const { browser } = administrator;
    const { key } = await setUpByPasskey(house, link);
    const taken = await browser.post("/accounts", { name: "G", login: " GRACE@example.org", roles: ["guard"] });
    assert.deepEqual([taken.status, taken.body.code, taken.body.pointer], [409, "account_login_taken", "/login"]);
    const at = `/accounts/${invited.id}`;
    const patch = (body: object) => browser.ask(at, { method: "PATCH", body });
    assert.equal((await patch({ sites: ["S-1001"], regions: ["North"], because: "place_changed" })).status, 204);
    for (const [body, code, pointer] of [
      [{ sites: ["S-1001", "S-10001"] }, "site_unknown", "/sites/1"],
      [{ regions: ["Norht"] }, "region_unknown", "/regions/0"],
    ] as const) {
      const mistyped = await patch({ ...body, because: "place_changed" });
      assert.deepEqual([mistyped.status, mistyped.body.code, mistyped.body.pointer], [422, code, pointer]);
    }
    const { version } = (await browser.ask(at)).body as { version: number };
    const stale = await patch({ roles: ["auditor"], because: "role_changed", version: version - 1 });
    assert.deepEqual([stale.status, stale.body.code], [409, "account_changed_meanwhile"]);
    for (const [verb, because, state] of [
      ["suspend", "on_leave", "suspended"],
      ["resume", "back", "active"],
      ["end", "left", "ended"],
    ] as const) {
      assert.equal((await browser.post(`${at}/${verb}`, { because })).status, 204, verb);
      const { body } = await browser.ask(at);
      assert.deepEqual([body.state, body.because, body.name, body.sites], [state, because, "Grace", ["S-1001"]]);
    }
    assert.equal((await signInByPasskey(house, key)).answer.status, 401);
    const gone = await browser.post(`${at}/resume`, { because: "back" });
    assert.deepEqual([gone.status, gone.body.code], [409, "account_state_wrong"]);
    const { rows } = await sql<{ kind: string; text: string }>`
    select kind, kind || actor || because || body as text from audit_entry order by appended, id`.execute(db);
    const kinds = rows.map((row) => row.kind);
    for (const kind of [
      "account.invited",
      "account.set_up",
      "account.changed",
      "account.suspended",
      "account.resumed",
      "account.ended",
      "session.started",
    ]) {
      assert.ok(kinds.includes(kind), kind);
    }
    saysNothingOf(rows.map((row) => row.text).join("\n"), ["grace@", "ada@", "Laptop"]);
  },
);

testOnDatabases("N01 nobody raises the own rights, and the last administrator stays", async ({ db }, context) => {
  const house = await peopleHouse(context, db);
  const { administrator, invited, link } = await administratorAnd(house, ["administrator"]);
  const me = (await administrator.browser.ask("/me")).body as { id: string };
  const own = await administrator.browser.post(`/accounts/${me.id}/suspend`, { because: "mistake" });
  assert.deepEqual([own.status, own.body.code], [409, "account_own"]);
  const other = await setUpByPasskey(house, link);
  assert.equal((await other.browser.post(`/accounts/${me.id}/suspend`, { because: "on_leave" })).status, 204);
  // The installation's own token is nobody's account: it may, but not leave the organisation without anybody.
  const headers = { authorization: "Bearer test-token" };
  const asked = {
    method: "POST",
    headers,
    payload: { because: "left" },
    url: `/api/v1/accounts/${invited.id}/end`,
  } as const;
  const last = await house.app.inject(asked);
  assert.deepEqual([last.statusCode, last.json<{ code: string }>().code], [409, "account_last_administrator"]);
});

testOnDatabases("N09 people of another organisation are not there", async ({ db }, context) => {
  const house = await peopleHouse(context, db);
  await sql`insert into organisation (id, name, kind, site_prefix, created_at) values ('police', 'Police', 'police', 'P-', now())`.execute(
    db,
  );
  const { administrator } = await administratorAnd(house, ["guard"]);
  const id = house.deps.chance.uuid();
  const officer = {
    id,
    organisationId: "police",
    name: "O",
    login: "grace@example.org",
    roles: ["partner_officer"] as const,
  };
  const rest = { sites: null, regions: null, state: "active", origin: "local", because: "joined" } as const;
  const given = { vault: house.deps.vault, nowMs: house.time.nowMs };
  assert.equal(await db.transaction().execute((tx) => insertAccount(tx, { ...officer, ...rest }, given)), true);
  const list = (await administrator.browser.ask("/accounts")).body.items as { login: string }[];
  assert.deepEqual(list.map(({ login }) => login).sort(), ["ada@example.org", "grace@example.org"]);
  const unknown = house.deps.chance.uuid();
  const answers = async (of: string) => [
    await administrator.browser.ask(`/accounts/${of}`),
    await administrator.browser.post(`/accounts/${of}/suspend`, { because: "left" }),
    await administrator.browser.post(`/accounts/${of}/link`, { because: "lost_device" }),
    await administrator.browser.ask(`/accounts/${of}/sessions`),
    await administrator.browser.ask(`/accounts/${of}/sessions`, { method: "DELETE" }),
  ];
  const told = (all: Awaited<ReturnType<typeof answers>>) =>
    all.map(({ status, body }) => [status, body.code, body.detail]);
  assert.deepEqual(told(await answers(id)), told(await answers(unknown)));
  assert.ok((await answers(id)).every(({ status }) => status === 404));
});

testOnDatabases(
  "N05 a person who lost the phone gets a link; what was lost opens nothing any more",
  async ({ db }, context) => {
    const house = await peopleHouse(context, db);
    const { administrator, invited, link } = await administratorAnd(house, ["guard"]);
    const { browser, key } = await setUpByPasskey(house, link);
    const made = await administrator.browser.post(`/accounts/${invited.id}/link`, { because: "lost_device" });
    assert.equal(made.status, 201);
    assert.equal((await signInByPasskey(house, key)).answer.status, 200, "until the link is used nothing changes");
    const recovery = String(made.body.link).split("#")[1] ?? "";
    const again = await setUpByPassword(house, recovery);
    assert.equal(again.answer.status, 200);
    assert.equal((await signInByPasskey(house, key)).answer.status, 401);
    assert.equal((await browser.ask("/me")).status, 401);
    assert.deepEqual((await again.browser.ask("/me")).body.passkeys, []);
  },
);

testOnDatabases("N06 an administrator sees and ends a person's sessions", async ({ db }, context) => {
  const house = await peopleHouse(context, db);
  const { administrator, invited, link } = await administratorAnd(house, ["guard"]);
  const { browser, key } = await setUpByPasskey(house, link);
  const other = (await signInByPasskey(house, key)).browser;
  const at = `/accounts/${invited.id}/sessions`;
  const items = (await administrator.browser.ask(at)).body.items as { id: string; client: string }[];
  assert.equal(items.length, 2);
  assert.equal((await administrator.browser.ask(`${at}/${items[0]?.id}`, { method: "DELETE" })).status, 204);
  assert.equal((await administrator.browser.ask(`${at}/${items[0]?.id}`, { method: "DELETE" })).status, 404);
  assert.equal((await administrator.browser.ask(at, { method: "DELETE" })).status, 204);
  for (const one of [browser, other]) assert.equal((await one.ask("/me")).status, 401);
});

testOnDatabases("N01 who is no administrator sees and changes nobody", async ({ db }, context) => {
  const house = await peopleHouse(context, db);
  const { administrator, invited, link } = await administratorAnd(house, ["guard"]);
  const { browser } = await setUpByPasskey(house, link);
  for (const [method, path] of [
    ["GET", "/accounts"],
    ["POST", `/accounts/${invited.id}/suspend`],
    ["GET", `/accounts/${invited.id}/sessions`],
  ] as const) {
    const body = method === "POST" ? { because: "mistake" } : undefined;
    const answer = await browser.ask(path, { method, ...(body === undefined ? {} : { body }) });
    assert.deepEqual([answer.status, answer.body.code], [403, "access_refused"], path);
  }
  const setUp = await administrator.browser.post("/setup-link");
  assert.deepEqual([setUp.status, setUp.body.code], [403, "access_refused"], "the operator's, not an administrator's");
});

testOnDatabases(
  "N01 N09 people of a demo sign in by their links, each in the own organisation",
  async ({ db }, context) => {
    const house = await peopleHouse(context, db);
    await sql`insert into organisation (id, name, kind, created_at) values ('police', 'Police', 'police', now())`.execute(
      db,
    );
    const people = await makeDemoPeople(house.deps);
    assert.ok(new Set(people.flatMap(({ roles }) => roles)).size >= 6);
    for (const name of ["Priya Raman", "Lena Brandt"]) {
      const { secret = "", roles } = people.find((person) => person.name === name) ?? {};
      const browser = house.browser();
      assert.equal((await browser.post("/links/sign-in", { link: secret })).status, 200);
      const { body } = await browser.ask("/session");
      assert.deepEqual([body.roles, body.organisationId], [roles, name === "Lena Brandt" ? "police" : "home"]);
      assert.equal((await browser.post("/links/sign-in", { link: secret })).body.code, "link_refused", "once");
    }
    const again = await makeDemoPeople(house.deps);
    assert.equal(again.length, people.length);
    const { rows } = await sql`select from account`.execute(db);
    assert.equal(rows.length, people.length, "made once, with new links each time");
    const link = people.find(({ name }) => name === "Emil Novak")?.secret ?? "";
    assert.equal((await house.browser().post("/links/sign-in", { link })).status, 403, "earlier links are gone");
  },
);

testOnDatabases("N05 a link of a real person never signs in by itself", async ({ db }, context) => {
  const house = await peopleHouse(context, db);
  const { link } = await administratorAnd(house, ["guard"]);
  const answer = await house.browser().post("/links/sign-in", { link });
  assert.deepEqual([answer.status, answer.body.code], [403, "link_refused"]);
  assert.equal((await setUpByPasskey(house, link)).answer.status, 200, "and is not spent by the attempt");
});

testOnDatabases(
  "F05 who learns the name behind a token stands in the record, once a look; nobody else learns it",
  async ({ db }, context) => {
    const house = await peopleHouse(context, db);
    const { administrator, invited, link } = await administratorAnd(house, ["investigator"]);
    const investigator = await setUpByPasskey(house, link);
    assert.equal((await investigator.browser.ask(`/accounts/${invited.id}`)).status, 403);
    assert.equal((await investigator.browser.ask("/accounts")).status, 403);
    const looks = async () => {
      const { rows } = await sql<{ kind: string; subject: string }>`
        select kind, subject_id as subject from audit_entry where kind in ('account.named', 'account.listed')
        order by appended, id`.execute(db);
      return rows.map(({ kind, subject }) => `${kind} ${subject}`);
    };
    const before = (await looks()).length;
    for (let again = 0; again < 3; again += 1) {
      assert.equal((await administrator.browser.ask(`/accounts/${invited.id}`)).body.name, "Grace");
    }
    assert.deepEqual((await looks()).slice(before), [`account.named ${invited.id}`]);
    house.time.nowMs += 11 * 60_000;
    await administrator.browser.ask(`/accounts/${invited.id}`);
    await administrator.browser.ask("/accounts");
    assert.deepEqual((await looks()).slice(before + 1), [`account.named ${invited.id}`, "account.listed home"]);
  },
);
