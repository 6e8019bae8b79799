import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { sql } from "kysely";
import type { Db } from "../../schema.ts";
import { saysNothingOf } from "../../testing/canaries.ts";
import { testOnDatabases } from "../../testing/databases.ts";
import { scimHouse } from "../../testing/scim-house.ts";
import { insertSession } from "../people/person-session-store.ts";
import { equalTo, patchScim, readScim } from "./scim-schema.ts";
import { stateAfter } from "./scim-user-store.ts";

const userSchema = "urn:ietf:params:scim:schemas:core:2.0:User";
const patchSchema = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
const enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

const listOf = (value: unknown) => (value ?? []) as { value: string }[];

test("N04 the ways in which providers write a patch", async () => {
  const before = {
    schemas: [userSchema, enterprise],
    id: "1",
    userName: "ada",
    active: true,
    emails: [
      { value: "a@work.example", type: "work", primary: true },
      { value: "a@home.example", type: "home" },
    ],
    [enterprise]: { department: "LP" },
  };
  const cases: readonly {
    says: string;
    operations: readonly object[];
    want: (after: Record<string, unknown> | null) => unknown;
    is: unknown;
  }[] = [
    {
      says: "active as text",
      operations: [{ op: "Replace", path: "active", value: "False" }],
      want: (a) => a?.["active"],
      is: false,
    },
    {
      says: "active inside a value, another case",
      operations: [{ op: "replace", value: { Active: "false" } }],
      want: (a) => a?.["active"],
      is: false,
    },
    {
      says: "names in any case",
      operations: [{ Op: "replace", Path: "USERNAME", Value: "grace" }],
      want: (a) => a?.["userName"],
      is: "grace",
    },
    {
      says: "a value behind a filter",
      operations: [{ op: "replace", path: 'emails[type eq "work"].value', value: "new@work.example" }],
      want: (a) =>
        listOf(a?.["emails"])
          .map((one) => one.value)
          .sort(),
      is: ["a@home.example", "new@work.example"],
    },
    {
      says: "an attribute of an extension",
      operations: [{ op: "add", path: `${enterprise}:department`, value: "IT" }],
      want: (a) => (a?.[enterprise] as { department?: string } | undefined)?.department,
      is: "IT",
    },
    {
      says: "a whole extension",
      operations: [{ op: "remove", path: enterprise }],
      want: (a) => a?.[enterprise],
      is: undefined,
    },
    {
      says: "what is so already",
      operations: [{ op: "replace", path: "active", value: true }],
      want: (a) => a === null || a["active"],
      is: true,
    },
  ];
  for (const { says, operations, want, is } of cases) {
    const name = says.includes("case") ? "operations" : "Operations";
    assert.deepEqual(want(await patchScim("User", before, { schemas: [patchSchema], [name]: operations })), is, says);
  }
  const bad = [
    { schemas: [patchSchema] },
    { schemas: ["x"], Operations: [{ op: "replace", path: "active", value: false }] },
    { schemas: [patchSchema], Operations: [{ op: "explode", path: "active" }] },
    { schemas: [patchSchema], Operations: [{ op: "replace", path: "nothing.like.it", value: 1 }] },
    { schemas: [patchSchema], Operations: [{ op: "replace", path: "active", value: "perhaps" }] },
    { schemas: [patchSchema], Operations: [{ op: "replace", path: "__proto__", value: { active: false } }] },
    { schemas: [patchSchema], Operations: "active" },
    [],
    null,
    "x",
  ];
  for (const message of bad)
    await assert.rejects(patchScim("User", before, message), { name: "SCIMError" }, JSON.stringify(message));
});

test("N04 what nobody needs is not taken from a provider", () => {
  const taken = readScim("User", {
    schemas: [userSchema],
    userName: "ada",
    password: "hunter2",
    photos: [{ value: "https://x.example/p" }],
  });
  assert.ok(!JSON.stringify(taken).includes("hunter2"));
  assert.deepEqual([taken["password"], taken["photos"]], [undefined, undefined]);
  assert.throws(() => readScim("User", { schemas: [userSchema] }), { name: "SCIMError" });
  assert.throws(() => readScim("User", { schemas: [userSchema], userName: "a", active: "perhaps" }), {
    name: "SCIMError",
  });
});

test("N04 a filter for one value is known as such", () => {
  const cases = [
    ['userName eq "ada"', "ada"],
    ['USERNAME EQ "a\\"b"', 'a"b'],
    ['userName eq "ada" and active eq true', null],
    ['userName sw "ada"', null],
    ['name.userName eq "ada"', null],
    ["", null],
  ] as const;
  for (const [filter, want] of cases) assert.equal(equalTo(filter, "userName"), want, filter);
});

test("N04 whom people here suspended, a provider does not bring back", () => {
  const byProvider = "deactivated by the identity provider";
  const cases = [
    ["active", "x", false, "suspended"],
    ["suspended", byProvider, true, "active"],
    ["suspended", "under investigation", true, "suspended"],
    ["ended", "x", true, "ended"],
    ["ended", "x", false, "ended"],
  ] as const;
  for (const [state, because, active, want] of cases)
    assert.equal(stateAfter(state, because, active), want, `${state} ${because}`);
});

const mapping = `      - { groups: [LP North], roles: [investigator], regions: [north] }
      - { groups: [Bosses], roles: [administrator], sites: all }
      - { attributes: { department: Audit }, roles: [auditor], sites: all }
`;

async function house(context: TestContext, db: Db) {
  const at = await scimHouse(context, db, mapping);
  type More = { key?: string; headers?: Record<string, string> };
  // oxlint-disable-next-line max-params -- a request is read as one line
  const ask = async (
    method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
    path: string,
    payload?: object,
    more: More = {},
  ) => {
    const type = payload === undefined ? {} : { "content-type": "application/scim+json" };
    const headers = { authorization: `Bearer ${more.key ?? at.key}`, ...type, ...more.headers };
    const answer = await at.app.inject({
      method,
      url: `/scim/v2${path}`,
      headers,
      ...(payload === undefined ? {} : { payload: JSON.stringify(payload) }),
    });
    const body = answer.body === "" ? {} : answer.json<Record<string, unknown>>();
    return { status: answer.statusCode, body, headers: answer.headers, text: answer.body };
  };
  const person = async (userName: string, more: object = {}): Promise<string> => {
    const made = await ask("POST", "/Users", { schemas: [userSchema, enterprise], userName, ...more });
    assert.equal(made.status, 201, made.text);
    return String(made.body["id"]);
  };
  const patch = (path: string, ...operations: object[]) =>
    ask("PATCH", path, { schemas: [patchSchema], Operations: operations });
  const rolesOf = async (id: string) => {
    const { rows } = await sql<{ roles: string[]; state: string; regions: string[] | null }>`
      select roles, state, regions from account where id = ${id}::uuid`.execute(db);
    return rows[0];
  };
  const session = (id: string, accountId: string) =>
    insertSession(db, {
      id,
      sha256: id,
      accountId,
      way: "oidc",
      client: "x",
      nowMs: at.time.nowMs,
      expiresAtMs: at.time.nowMs + 3_600_000,
      proven: false,
    });
  const liveSessions = async () => {
    const { rows } = await sql`select from person_session where ended_at is null`.execute(db);
    return rows.length;
  };
  return { ...at, ask, person, patch, rolesOf, session, liveSessions };
}

testOnDatabases("N04 groups of the provider give roles at once, and take them", async ({ db }, context) => {
  const at = await house(context, db);
  const ada = await at.person("ada@shop.example", {
    displayName: "Ada Byron",
    externalId: "e-1",
    emails: [{ value: "ada@shop.example", primary: "True" }],
  });
  assert.deepEqual(await at.rolesOf(ada), { roles: [], state: "active", regions: [] });
  const dump = JSON.stringify(
    (
      await sql`select name, login, login_index::text, attributes from account join scim_user on account_id = id`.execute(
        db,
      )
    ).rows,
  );
  saysNothingOf(dump, ["Ada Byron", "ada@shop", "shop.example"]);
  const group = await at.ask("POST", "/Groups", {
    schemas: ["urn:ietf:params:scim:schemas:core:2.0:Group"],
    displayName: "LP North",
    members: [{ value: ada }],
  });
  assert.equal(group.status, 201, group.text);
  assert.deepEqual(await at.rolesOf(ada), { roles: ["investigator"], state: "active", regions: ["north"] });
  const read = await at.ask("GET", `/Users/${ada}`);
  assert.deepEqual(
    (read.body["groups"] as { display: string }[]).map((one) => one.display),
    ["LP North"],
  );
  assert.equal((read.body["meta"] as { location: string }).location, `http://127.0.0.1:1/scim/v2/Users/${ada}`);

  await at.session("00000000-0000-4000-8000-000000000001", ada);
  await at.patch(`/Users/${ada}`, { op: "add", path: `${enterprise}:department`, value: "Audit" });
  assert.deepEqual((await at.rolesOf(ada))?.roles, ["auditor", "investigator"]);
  const path = `/Groups/${String(group.body["id"])}`;
  await at.patch(path, { op: "remove", path: `members[value eq "${ada}"]` });
  assert.deepEqual((await at.rolesOf(ada))?.roles, ["auditor"]);
  assert.equal(await at.liveSessions(), 1, "who still has a role goes on");
  await at.patch(`/Users/${ada}`, { op: "remove", path: `${enterprise}:department` });
  assert.deepEqual([(await at.rolesOf(ada))?.roles, await at.liveSessions()], [[], 0]);
  await at.patch(
    path,
    { op: "replace", path: "displayName", value: "Bosses" },
    { op: "add", path: "members", value: [{ value: ada }] },
  );
  assert.deepEqual((await at.rolesOf(ada))?.roles, ["administrator"]);
  assert.equal((await at.ask("DELETE", path)).status, 204);
  assert.deepEqual((await at.rolesOf(ada))?.roles, []);
  const { rows } = await sql<{ entry: string }>`select body || kind as entry from audit_entry`.execute(db);
  assert.ok(rows.length > 5);
  saysNothingOf(JSON.stringify(rows), ["Ada Byron", "ada@shop", "shop.example"]);
});

testOnDatabases(
  "N04 N06 deactivation ends sessions at once; removal ends the account and frees its login",
  async ({ db }, context) => {
    const at = await house(context, db);
    const ada = await at.person("ada", { externalId: "e-1" });
    await at.session("00000000-0000-4000-8000-000000000001", ada);
    const told: string[] = [];
    at.watch.follow(
      { sessionId: "00000000-0000-4000-8000-000000000001", organisationId: "home", roles: [], sites: [], regions: [] },
      {
        ended: (because) => told.push(because),
        changed: () => told.push("changed"),
      },
    );
    const off = await at.patch(`/Users/${ada}`, { op: "Replace", path: "active", value: "False" });
    assert.deepEqual([off.status, off.body["active"], (await at.rolesOf(ada))?.state], [200, false, "suspended"]);
    assert.deepEqual([await at.liveSessions(), told], [0, ["suspended"]]);
    const on = await at.patch(`/Users/${ada}`, { op: "replace", value: { active: true } });
    assert.deepEqual([on.body["active"], (await at.rolesOf(ada))?.state], [true, "active"]);
    await sql`update account set state = 'suspended', because = 'under investigation' where id = ${ada}::uuid`.execute(
      db,
    );
    const held = await at.patch(
      `/Users/${ada}`,
      { op: "replace", path: "userName", value: "ada2" },
      { op: "replace", path: "active", value: "True" },
    );
    assert.deepEqual([held.body["active"], (await at.rolesOf(ada))?.state], [false, "suspended"]);
    assert.equal((await at.ask("DELETE", `/Users/${ada}`)).status, 204);
    assert.deepEqual([(await at.rolesOf(ada))?.state, (await at.ask("GET", `/Users/${ada}`)).status], ["ended", 404]);
    assert.notEqual(await at.person("ada2", { externalId: "e-1" }), ada);
  },
);

testOnDatabases(
  "N04 lists: pages, filters, one of each login, and nothing of another organisation",
  async ({ db }, context) => {
    const at = await house(context, db);
    for (const name of ["ada", "grace", "alan", "edsger"])
      await at.person(name, { title: name.startsWith("a") ? "A" : "B", externalId: `x-${name}` });
    const names = (answer: { body: Record<string, unknown> }) =>
      (answer.body["Resources"] as { userName: string }[]).map((one) => one.userName);
    const second = await at.ask("GET", "/Users?startIndex=2&count=2");
    assert.deepEqual(
      [names(second).length, second.body["totalResults"], second.body["startIndex"], second.body["itemsPerPage"]],
      [2, 4, 2, 2],
    );
    const none = await at.ask("GET", "/Users?count=0");
    assert.deepEqual([names(none), none.body["totalResults"]], [[], 4]);
    const cases = [
      ['userName eq "ADA"', ["ada"]],
      ['externalId eq "x-grace"', ["grace"]],
      ['title eq "A"', ["ada", "alan"]],
      ['userName sw "a" and not (userName eq "ada")', ["alan"]],
      ['userName eq "nobody"', []],
    ] as const;
    for (const [filter, want] of cases) {
      assert.deepEqual(names(await at.ask("GET", `/Users?filter=${encodeURIComponent(filter)}`)).sort(), want, filter);
    }
    const bad = await at.ask("GET", `/Users?filter=${encodeURIComponent('userName zz "x"')}`);
    assert.deepEqual([bad.status, bad.body["scimType"]], [400, "invalidFilter"]);
    const twice = await at.ask("POST", "/Users", { schemas: [userSchema], userName: "Ada" });
    assert.deepEqual([twice.status, twice.body["scimType"]], [409, "uniqueness"]);

    await sql`insert into organisation (id, name, kind, created_at, site_prefix) values ('other', 'O', 'retailer', now(), 'x-')`.execute(
      db,
    );
    const key = await at.keyOf("other");
    const id = String(((await at.ask("GET", "/Users?count=1")).body["Resources"] as { id: string }[])[0]?.id);
    assert.equal((await at.ask("GET", "/Users", undefined, { key })).body["totalResults"], 0);
    for (const [method, body] of [["GET"], ["DELETE"], ["PUT", { schemas: [userSchema], userName: "eve" }]] as const) {
      assert.equal((await at.ask(method, `/Users/${id}`, body, { key })).status, 404, method);
    }
    const stolen = await at.ask(
      "POST",
      "/Groups",
      { schemas: ["urn:ietf:params:scim:schemas:core:2.0:Group"], displayName: "LP North", members: [{ value: id }] },
      { key },
    );
    assert.deepEqual(
      [stolen.status, stolen.body["members"]],
      [201, undefined],
      "another organisation's person is nobody",
    );
    assert.equal((await at.ask("POST", "/Users", { schemas: [userSchema], userName: "ada" }, { key })).status, 201);
  },
);

testOnDatabases("N04 versions, and refusals in SCIM's words", async ({ db }, context) => {
  const at = await house(context, db);
  const ada = await at.person("ada");
  const read = await at.ask("GET", `/Users/${ada}`);
  const etag = String(read.headers["etag"]);
  assert.equal((await at.ask("GET", `/Users/${ada}`, undefined, { headers: { "if-none-match": etag } })).status, 304);
  const change = { schemas: [userSchema], userName: "ada", title: "Countess" };
  assert.equal((await at.ask("PUT", `/Users/${ada}`, change, { headers: { "if-match": etag } })).status, 200);
  assert.equal((await at.ask("PUT", `/Users/${ada}`, change, { headers: { "if-match": etag } })).status, 412);
  const refusals = [
    { ask: () => at.ask("GET", "/Users", undefined, { key: "twk_nonsense" }), status: 401 },
    { ask: () => at.ask("GET", "/Users/not-an-id"), status: 404 },
    { ask: () => at.ask("GET", "/Nothing"), status: 404 },
    { ask: () => at.ask("POST", "/Schemas", {}), status: 405 },
    { ask: () => at.ask("GET", "/Users?startIndex=x"), status: 400 },
    { ask: () => at.ask("POST", "/Users", { schemas: ["urn:x"], userName: "x" }), status: 400 },
    { ask: () => at.ask("POST", "/Users", { schemas: [userSchema], userName: "x".repeat(300) }), status: 400 },
    {
      ask: () =>
        at.ask("POST", "/Groups", {
          schemas: ["urn:ietf:params:scim:schemas:core:2.0:Group"],
          displayName: "x",
          members: [{ value: "no-id" }],
        }),
      status: 400,
    },
  ];
  for (const { ask, status } of refusals) {
    const answer = await ask();
    assert.deepEqual([answer.status, answer.body["status"]], [status, String(status)], answer.text);
    assert.match(String(answer.headers["content-type"]), /^application\/scim\+json/);
    assert.deepEqual(answer.body["schemas"], ["urn:ietf:params:scim:api:messages:2.0:Error"]);
  }
  const headers = { authorization: `Bearer ${at.key}`, "content-type": "application/scim+json" };
  for (const payload of ["{", '{"__proto__":{"x":1},"schemas":[]}', ""]) {
    const answer = await at.app.inject({ method: "POST", url: "/scim/v2/Users", headers, payload });
    assert.equal(answer.statusCode, 400, payload);
  }
});
