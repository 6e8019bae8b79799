import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { sql } from "kysely";
import { typed } from "../../api/typed.ts";
import { systemChance } from "../../platform/chance.ts";
import type { Db } from "../../schema.ts";
import { testOnDatabases } from "../../testing/databases.ts";
import { testFields } from "../../testing/fields.ts";
import { bearer, testServer } from "../../testing/server.ts";
import { actorOf } from "../authenticate-http.ts";
import { digestOf } from "../credential.ts";
import { insertAccount } from "../people/account-store.ts";
import { personIdentifier } from "../people/person-session-http.ts";
import { insertSession } from "../people/person-session-store.ts";
import { publicPlace } from "../people/public-place.ts";
import { SessionWatch } from "../people/session-watch.ts";
import type { Principal, Role } from "../principal.ts";
import { periodOf, proposalOf, reviewState } from "./access-review.ts";
import { reviewRoutes } from "./access-review-http.ts";
import { startDueReviews } from "./access-review-store.ts";
import { asks } from "./route-config.ts";
import { insertServiceAccount } from "./service-account-store.ts";
import { checkVendorAccess, vendorState, type VendorAccess } from "./vendor-access.ts";
import { vendorGate } from "./vendor-gate-http.ts";
import { vendorRoutes } from "./vendor-http.ts";
import { placesForTests } from "../../testing/places.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const nowMs = Date.parse("2026-11-20T10:00:00Z");
const rules = { longestMs: 8 * hourMs, aheadMs: 14 * dayMs };

test("N12 a vendor's time has an end, and is as short as the settings say", () => {
  const cases = [
    { says: "eight hours from now", from: 0, to: 8 * hourMs, want: "ok" },
    { says: "a minute more", from: 0, to: 8 * hourMs + 60_000, want: "vendor_time_outside" },
    { says: "begun before, ends after now", from: -hourMs, to: hourMs, want: "ok" },
    { says: "over already", from: -2 * hourMs, to: -hourMs, want: "vendor_time_outside" },
    { says: "ends before it begins", from: hourMs, to: hourMs, want: "vendor_time_outside" },
    { says: "the last hour that one can ask for", from: 14 * dayMs - hourMs, to: 14 * dayMs, want: "ok" },
    { says: "too far ahead", from: 14 * dayMs, to: 14 * dayMs + hourMs, want: "vendor_time_outside" },
    { says: "no date", from: Number.NaN, to: hourMs, want: "vendor_time_outside" },
  ];
  for (const { says, from, to, want } of cases) {
    const asked = { startsAtMs: nowMs + from, endsAtMs: nowMs + to, scopes: ["stats:read"] };
    const checked = checkVendorAccess(asked, rules, nowMs);
    assert.equal(checked.ok ? "ok" : checked.error.code, want, says);
  }
  const asked = { startsAtMs: nowMs, endsAtMs: nowMs + hourMs };
  for (const scope of ["event:read", "vendor:approve", "service:write", "scim:provision"]) {
    const checked = checkVendorAccess({ ...asked, scopes: ["stats:read", scope] }, rules, nowMs);
    assert.equal(checked.ok ? "ok" : checked.error.code, "vendor_scope_refused", scope);
  }
});

test("N12 what becomes of a vendor's access", () => {
  const asked: VendorAccess = {
    id: "v",
    organisationId: "home",
    accountToken: "user:v",
    ticket: "T-1",
    purpose: "p",
    roles: [],
    scopes: [],
    sites: null,
    startsAt: new Date(nowMs),
    endsAt: new Date(nowMs + hourMs),
    requestedBy: "user:a",
    requestedAt: new Date(nowMs - hourMs),
    approvedBy: null,
    approvedAt: null,
    endedBy: null,
    endedAt: null,
    because: "p",
  };
  const approved = { ...asked, approvedBy: "user:b", approvedAt: new Date(nowMs - 1) };
  const ended = { endedBy: "user:b", endedAt: new Date(nowMs) };
  const cases = [
    [asked, 0, "requested"],
    [asked, hourMs, "over"],
    [{ ...asked, ...ended }, 0, "refused"],
    [approved, -1, "planned"],
    [approved, 0, "open"],
    [approved, hourMs - 1, "open"],
    [approved, hourMs, "over"],
    [{ ...approved, ...ended }, 0, "revoked"],
  ] as const;
  for (const [access, later, want] of cases) assert.equal(vendorState(access, nowMs + later), want);
});

test("N11 quarters, proposals and what is overdue", () => {
  const quarters = [
    ["2026-01-01T00:00:00Z", "2026-Q1"],
    ["2026-03-31T23:59:59Z", "2026-Q1"],
    ["2026-04-01T00:00:00Z", "2026-Q2"],
    ["2026-12-31T23:59:59Z", "2026-Q4"],
  ] as const;
  for (const [at, want] of quarters) assert.equal(periodOf(Date.parse(at)), want);
  const proposals = [
    { granted: 200, used: 10, want: "keep" },
    { granted: 200, used: 90, want: "remove" },
    { granted: 200, used: 89.9, want: "keep" },
    { granted: 89, used: null, want: "keep" },
    { granted: 91, used: null, want: "remove" },
  ] as const;
  for (const { granted, used, want } of proposals) {
    const lastUsedAtMs = used === null ? null : nowMs - used * dayMs;
    const holder = { grantedAtMs: nowMs - granted * dayMs, lastUsedAtMs };
    assert.equal(proposalOf(holder, { nowMs, unusedAfterDays: 90 }), want, JSON.stringify([granted, used]));
  }
  const review = { dueAt: new Date(nowMs), closedAt: null };
  assert.deepEqual(
    [
      reviewState(review, nowMs - 1),
      reviewState(review, nowMs),
      reviewState({ ...review, closedAt: new Date() }, nowMs),
    ],
    ["open", "overdue", "closed"],
  );
});

const ids = {
  ada: "00000000-0000-4000-8000-00000000000a",
  bob: "00000000-0000-4000-8000-00000000000b",
  vera: "00000000-0000-4000-8000-00000000000c",
} as const;

/** Two administrators at home, a technician of a vendor, each signed in; and a route that tells who asks. */
async function house(context: TestContext, db: Db) {
  const time = { nowMs };
  const vault = await testFields(db);
  const clock = () => time.nowMs;
  const people = {
    db,
    clock,
    chance: systemChance,
    vault,
    place: () => publicPlace("http://localhost:1"),
    sessions: { idleMs: dayMs, lifeMs: 30 * dayMs },
    watch: new SessionWatch({ db, clock, idleMs: dayMs }),
    places: placesForTests,
  };
  await sql`insert into organisation (id, name, kind, created_at, site_prefix) values ('tills', 'Till Makers', 'vendor', now(), 't-')`.execute(
    db,
  );
  const add = async (id: string, organisationId: string, roles: readonly Role[]) => {
    const account = { id, organisationId, name: `Name ${id}`, login: id, roles, sites: null, regions: null };
    await db
      .transaction()
      .execute((tx) =>
        insertAccount(
          tx,
          { ...account, state: "active", origin: "local", because: "test" },
          { vault, nowMs: nowMs - 100 * dayMs },
        ),
      );
    const session = { id, sha256: digestOf(id), accountId: id, way: "passkey" as const, client: "x", proven: true };
    await insertSession(db, { ...session, nowMs, expiresAtMs: nowMs + 30 * dayMs });
  };
  await add(ids.ada, "home", ["administrator"]);
  await add(ids.bob, "home", ["administrator"]);
  await add(ids.vera, "tills", []);
  const { app } = await testServer(context, {
    db,
    clock,
    identifiers: [vendorGate(personIdentifier(people), people)],
    routes: [
      vendorRoutes({ ...people, vendorRules: rules }),
      reviewRoutes({ ...people, unusedAfterDays: 90 }),
      async (instance) => {
        typed(instance).get("/who", { schema: { hide: true }, config: asks("account:own") }, async (request) =>
          actorOf(request),
        );
      },
    ],
  });
  const as = (id: string) => ({ cookie: `tillwatch_session=${id}`, "sec-fetch-site": "same-origin" });
  const post = async (id: string | null, url: string, payload: object) => {
    const answer = await app.inject({ method: "POST", url, payload, headers: id === null ? bearer : as(id) });
    const body = answer.body === "" ? {} : answer.json<Record<string, string>>();
    return { status: answer.statusCode, code: body["code"], body };
  };
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller says what the answer is
  const get = async <T>(id: string | null, url: string) => {
    const answer = await app.inject({ url, headers: id === null ? bearer : as(id) });
    return { status: answer.statusCode, body: answer.json<T>() };
  };
  return { time, post, get, people };
}

testOnDatabases(
  "N12 a vendor comes in for a ticket, on two people's word, and is out at once when it ends",
  async ({ db }, context) => {
    const at = await house(context, db);
    const wanted = {
      accountToken: `user:${ids.vera}`,
      ticket: "T-4711",
      purpose: "the tills' clocks are wrong",
      roles: ["administrator"],
      scopes: ["account:own", "vendor:read"],
      startsAt: new Date(nowMs).toISOString(),
      endsAt: new Date(nowMs + 4 * hourMs).toISOString(),
    };
    const who = async () => (await at.get<Principal>(ids.vera, "/who")).body;
    const insider = await at.post(ids.ada, "/api/v1/vendor-access", { ...wanted, accountToken: `user:${ids.bob}` });
    assert.deepEqual([insider.status, insider.code], [422, "vendor_account_unknown"]);
    const long = await at.post(ids.ada, "/api/v1/vendor-access", {
      ...wanted,
      endsAt: new Date(nowMs + 9 * hourMs).toISOString(),
    });
    assert.deepEqual([long.status, long.code], [422, "vendor_time_outside"]);
    const asked = await at.post(ids.ada, "/api/v1/vendor-access", wanted);
    assert.equal(asked.status, 201);
    const path = `/api/v1/vendor-access/${asked.body["id"]}`;
    assert.equal((await who()).organisationId, "tills", "asking opens nothing");
    const alone = await at.post(ids.ada, `${path}/approve`, { because: "go" });
    assert.deepEqual([alone.status, alone.code], [403, "vendor_second_person_needed"]);
    assert.equal((await at.post(ids.vera, `${path}/approve`, { because: "go" })).status, 403);
    assert.equal((await at.post(ids.bob, `${path}/approve`, { because: "agreed with the till team" })).status, 204);
    const inside = await who();
    assert.deepEqual(
      [inside.organisationId, inside.roles, inside.scopes],
      ["home", ["administrator"], ["account:own", "vendor:read"]],
    );
    assert.equal((await at.get(ids.vera, "/api/v1/vendor-access")).status, 200);
    assert.equal((await at.get(ids.vera, "/api/v1/access-reviews")).status, 403, "the role would, the scope does not");
    const second = await at.post(ids.ada, "/api/v1/vendor-access", wanted);
    const overlap = await at.post(ids.bob, `/api/v1/vendor-access/${second.body["id"]}/approve`, { because: "go" });
    assert.deepEqual([overlap.status, overlap.code], [409, "vendor_access_state"]);

    const { rows } = await sql<{ organisation: string; body: string }>`
    select organisation_id as organisation, body from audit_entry where kind = 'vendor.request'`.execute(db);
    assert.equal(rows.length, 3, "each request is on the record, also the refused one");
    assert.ok(
      rows.every((row) => row.organisation === "home" && /"ticket":"tw1\./.test(row.body)),
      "sealed, as whoever types a number may type a name",
    );
    assert.equal((await at.post(ids.ada, `${path}/end`, { because: "done early" })).status, 204);
    assert.equal((await who()).organisationId, "tills", "at once");
    const again = await at.post(ids.bob, `${path}/approve`, { because: "go" });
    assert.deepEqual([again.status, again.code], [409, "vendor_access_state"]);
    assert.equal(
      (await at.post(ids.bob, `/api/v1/vendor-access/${second.body["id"]}/approve`, { because: "go" })).status,
      204,
    );
    at.time.nowMs += 4 * hourMs;
    assert.equal((await who()).organisationId, "tills", "its time is over");
    const unknown = await at.post(ids.ada, "/api/v1/vendor-access/00000000-0000-4000-8000-000000000000/end", {
      because: "x",
    });
    assert.deepEqual([unknown.status, unknown.code], [404, "vendor_access_unknown"]);
  },
);

type Review = {
  id: string;
  state: string;
  items: number;
  decided: number;
  lines: { id: string; holderToken: string; name: string; proposal: string }[];
};

testOnDatabases(
  "N11 every quarter a list is made once; each line is decided by somebody else, and what is removed is gone",
  async ({ db }, context) => {
    const at = await house(context, db);
    const serviceId = "00000000-0000-4000-8000-0000000000ff";
    await db.transaction().execute((tx) =>
      insertServiceAccount(tx, {
        id: serviceId,
        token: `service:${serviceId}`,
        organisationId: "home",
        name: "wall screen",
        purpose: "x",
        roles: ["analyst"],
        scopes: ["stats:read"],
        sites: null,
        regions: null,
        state: "active",
        because: "added",
        createdAt: new Date(nowMs - dayMs),
        createdBy: "user:admin",
      }),
    );
    await sql`update account set last_seen_at = ${new Date(nowMs - dayMs)}::timestamptz where id = ${ids.ada}::uuid`.execute(
      db,
    );
    const due = { nowMs, unusedAfterDays: 90 };
    assert.equal(await startDueReviews(db, due, systemChance), 1);
    assert.equal(await startDueReviews(db, due, systemChance), 0, "once a quarter");
    assert.equal((await at.post(ids.ada, "/api/v1/access-reviews", {})).code, "review_exists");
    const [listed] = (await at.get<{ items: Review[] }>(ids.ada, "/api/v1/access-reviews")).body.items;
    const path = `/api/v1/access-reviews/${listed?.id}`;
    const read = async () => (await at.get<Review>(ids.ada, path)).body;
    const { lines } = await read();
    assert.deepEqual(
      lines.map((line) => [line.holderToken, line.name, line.proposal]),
      [
        [`user:${ids.bob}`, `Name ${ids.bob}`, "remove"],
        [`user:${ids.ada}`, `Name ${ids.ada}`, "keep"],
        [`service:${serviceId}`, "wall screen", "keep"],
      ],
      "the vendor's technician has nothing here, and is not on the list",
    );
    const lineOf = (token: string) => `${path}/lines/${lines.find((line) => line.holderToken === token)?.id}/decide`;
    const own = await at.post(ids.ada, lineOf(`user:${ids.ada}`), { decision: "keep", because: "I need it" });
    assert.deepEqual([own.status, own.code], [403, "review_own_access"]);
    assert.equal(
      (await at.post(ids.ada, lineOf(`service:${serviceId}`), { decision: "remove", because: "no screen" })).status,
      204,
    );
    assert.equal(
      (await at.post(ids.bob, lineOf(`user:${ids.ada}`), { decision: "keep", because: "runs the place" })).status,
      204,
    );
    assert.equal((await read()).state, "open");
    assert.equal(
      (await at.post(ids.ada, lineOf(`user:${ids.bob}`), { decision: "remove", because: "left" })).status,
      204,
    );
    assert.equal((await at.get(ids.bob, "/who")).status, 401, "sessions end with it");
    assert.deepEqual([(await read()).state, (await read()).decided], ["closed", 3]);
    const twice = await at.post(ids.ada, lineOf(`user:${ids.bob}`), { decision: "keep", because: "came back" });
    assert.deepEqual([twice.status, twice.code], [409, "review_decided"]);
    const { rows } = await sql<{ state: string }>`
    select state from account where id = ${ids.bob}::uuid union all select state from service_account`.execute(db);
    assert.deepEqual(rows.map((row) => row.state).sort(), ["ended", "suspended"]);
    const nowhere = await at.post(ids.ada, `/api/v1/access-reviews/${ids.bob}/lines/${ids.ada}/decide`, {
      decision: "keep",
      because: "x",
    });
    assert.deepEqual([nowhere.status, nowhere.code], [404, "review_unknown"]);
    assert.equal(await startDueReviews(db, { ...due, nowMs: nowMs + 60 * dayMs }, systemChance), 1, "the next quarter");
  },
);
