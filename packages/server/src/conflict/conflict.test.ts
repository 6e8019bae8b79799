import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { scoped, type Scope } from "../platform/database/scoped.ts";
import { testOnDatabases } from "../testing/databases.ts";
import { alpha, twoOrganisations } from "../testing/two-organisations.ts";
import { handlersAt, isTold, type CaseWall } from "./conflict.ts";

test("N13 a case about a colleague goes to the roles of its site, and always to the data protection officer", () => {
  const policy = { handlers: ["investigator", "counsel"], sites: { "S-2": ["counsel"] } };
  assert.deepEqual(handlersAt(policy, "S-1"), ["counsel", "data_protection_officer", "investigator"]);
  assert.deepEqual(handlersAt(policy, "S-2"), ["counsel", "data_protection_officer"]);
  assert.deepEqual(handlersAt(policy, "constructor"), ["counsel", "data_protection_officer", "investigator"]);
});

test("N13 who is told of a case about a colleague on the live stream", () => {
  const wall: CaseWall = { subjects: ["user:boss"], handlers: ["investigator"], reporter: "user:clerk" };
  const reader = (token: string, roles: readonly string[], more: object = {}) => ({
    token,
    roles,
    kind: "person",
    partner: false,
    ...more,
  });
  const cases = [
    { says: "a handler", reader: reader("user:inv", ["investigator"]), want: true },
    { says: "a handler whom it is about", reader: reader("user:boss", ["investigator"]), want: false },
    { says: "the manager", reader: reader("user:boss", ["store_manager"]), want: false },
    { says: "another manager", reader: reader("user:other", ["store_manager"]), want: false },
    { says: "whoever reported it", reader: reader("user:clerk", ["colleague"]), want: true },
    { says: "a program of another role", reader: reader("service:1", ["analyst"], { kind: "service" }), want: false },
    { says: "the installation", reader: reader("user:admin", [], { kind: "administrator" }), want: true },
    {
      says: "a partner that it is shared with",
      reader: reader("user:p", ["partner_officer"], { partner: true }),
      want: true,
    },
  ];
  for (const each of cases) assert.equal(isTold(wall, each.reader), each.want, each.says);
});

const as = (me: string, roles: Scope["roles"] = ["store_manager"]): Scope => ({
  organisationId: "alpha",
  sites: ["al-1"],
  all: false,
  me,
  ...(roles === undefined ? {} : { roles }),
});

testOnDatabases(
  "N13 N02 the database itself keeps a case from whom it is about, and from who does not handle it",
  async ({ db }) => {
    await twoOrganisations(db);
    // What belongs to a case is seen where the case is: counts, lists, custody, packets, the record.
    const tables = [
      "incident",
      "incident_timeline",
      "incident_word",
      "exhibit",
      "custody_entry",
      "packet",
      "packet_release",
      "disposal",
      "incident_subject",
      "watch_entry",
    ];
    const seen = (scope: Scope, table: string) =>
      scoped(db, scope, async (tx) => (await sql`select from ${sql.table(table)}`.execute(tx)).rows.length);
    await sql`update incident_subject set token = 'user:boss' where incident_id = ${alpha.incidentId}`.execute(db);
    for (const table of tables) {
      assert.equal(await seen(as("user:other"), table), 1, `${table}: another one sees it`);
      for (const roles of [["store_manager"], ["investigator"], "every"] as const) {
        assert.equal(
          await seen(as("user:boss", roles), table),
          0,
          `${table}: whom it is about does not, as ${String(roles)}`,
        );
      }
    }
    assert.equal(await seen(as("user:boss", "every"), "audit_entry"), 0, "nor what the record says of it");
    assert.equal(await seen(as("user:other"), "audit_entry"), 1);
    await sql`update incident set handlers = '{investigator}', reporter = 'user:clerk' where id = ${alpha.incidentId}`.execute(
      db,
    );
    for (const table of tables) {
      assert.equal(await seen(as("user:other"), table), 0, `${table}: another manager`);
      assert.equal(await seen(as("user:inv", ["analyst", "investigator"]), table), 1, `${table}: a handler`);
      assert.equal(await seen(as("user:clerk", ["colleague"]), table), 1, `${table}: whoever reported it`);
      assert.equal(
        await seen({ organisationId: "alpha", sites: ["al-1"], all: false }, table),
        0,
        `${table}: nobody in particular`,
      );
    }
    const write = scoped(db, as("user:other"), (tx) => sql`update incident set summary = 'mine'`.execute(tx));
    assert.equal((await write).numAffectedRows, 1n - 1n, "nor is it written");
    await assert.rejects(
      scoped(db, as("user:other"), (tx) =>
        sql`insert into incident_subject (incident_id, token, at, actor) values (${alpha.incidentId}, 'user:x', now(), 'user:other')`.execute(
          tx,
        ),
      ),
      { code: "42501" },
    );
    assert.throws(() => scoped(db, as("user:x", ["a,b"]), async () => {}), /not the id of a site or category/);
  },
);
