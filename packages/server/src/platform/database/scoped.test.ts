import assert from "node:assert/strict";
import { sql } from "kysely";
import { testOnDatabases } from "../../testing/databases.ts";
import { alpha, beta, police, secondShop, twoOrganisations, unrecorded } from "../../testing/two-organisations.ts";
import type { Db, DbOrTx } from "../../schema.ts";
import { asMachine, scoped, scopedDb, type Scope } from "./scoped.ts";

const ofAlpha: Scope = { organisationId: "alpha", sites: ["al-1"], all: false };
const ofBeta: Scope = { organisationId: "beta", sites: ["be-1"], everySite: true, all: false };
const ofPolice: Scope = { organisationId: police, sites: [], all: false };

// Readable by the restricted roles without row-level security, each because nobody's data is in it.
const withoutWall = new Map([
  ["audit_log", "the head of the public log"],
  ["descriptor_vocabulary", "the words that descriptions are picked from"],
]);
const beforeAnybody = "read before anybody is known, or to know who it is";
const ofInstallation = "of the installation as a whole, and of the machine alone";
// The restricted roles have no right to them at all: a statement under one is refused, with or without a `where`.
const closed = new Map([
  ...[
    "access_session",
    "account_password",
    "account_totp",
    "device_token_used",
    "oidc_identity",
    "oidc_logout_seen",
    "oidc_pending",
    "oidc_session",
    "one_time_link",
    "passkey",
    "person_session",
    "recovery_code",
    "sign_in_attempt",
    "spent_challenge",
    "totp_enrolment",
  ].map((name) => [name, beforeAnybody] as const),
  ...[
    "anchor_run",
    "configuration_state",
    "dismissal_switch",
    "control_run",
    "disposal_object",
    "exhibit_check",
    "key_rotation",
    "log_cursor",
    "log_partition",
    "migration",
    "misuse_watch",
    "model_switch",
    "pack_content",
    "rule",
    "rule_step",
    "rule_version",
    "rulebook",
    "taxonomy",
    "vault_root",
    "vault_sealing",
  ].map((name) => [name, ofInstallation] as const),
  [
    "misuse_conflict",
    "whose private interests are whose is for the machine that reads the record; listed by it as counts of the own organisation",
  ],
  ["vault_key", "what opens sealed text: the vault alone takes it, out of the role"],
]);
// Of the organisation as a whole: who is bound to some of its sites sees them all the same. Everything else is of a site.
const ofOrganisation = new Map([
  ["access_ground", "one's own, by who stated it; read for the one who asks"],
  ["access_review", "who has what, in the organisation"],
  ["access_review_item", "a line of it"],
  ["account", "people of the organisation"],
  ["analytics_export", "figures of several sites"],
  ["api_key", "of a program of the organisation"],
  ["consent", "of a person, who is of no site"],
  ["consent_text", "a text of the organisation"],
  ["dead_letter", "its place is unknown: that is why it is one"],
  ["incident_reference", "a counter"],
  ["incident_request", "a digest, found by who sent it and his key"],
  ["known_person", "a person, who is of no site"],
  ["legal_hold", "on a person"],
  ["misuse_case", "of the record of the organisation; only the officer and the auditor have it"],
  ["person_identifier", "of a person"],
  ["person_mark", "on a person"],
  ["rule_backtest", "counts over all sites of the organisation; its examples are looked up in the reader's own scope"],
  ["scim_group", "people of the organisation"],
  ["scim_group_member", "people of the organisation"],
  ["scim_user", "people of the organisation"],
  ["service_account", "a program of the organisation"],
  ["subject_request", "of a person, wherever he was seen"],
  ["subject_request_reference", "a counter"],
  ["subject_request_step", "of such a request"],
  ["vendor_access", "who the organisation lets in"],
  ["webhook_endpoint", "who is told for the organisation"],
  ["webhook_delivery", "what such a one was told"],
  ["webhook_attempt", "when"],
  ["till_operator", "whose number at the tills it is: a colleague's, who is of the organisation"],
]);
// No record, made anew with every change of what it is about: the role may delete its own rows.
const rewritten = new Set(["incident_word", "kept_text", "person_identifier", "incident_minor"]);

// The role changes no row: written once, or by the machine alone.
const keptAsItIs = new Set(["draft_revision", "rule_backtest", "rule_day", "rule_hit", "silence_hit"]);

async function tables(
  db: Db,
): Promise<readonly { name: string; wall: boolean; readable: boolean; columns: string[] }[]> {
  const { rows } = await sql<{ name: string; wall: boolean; readable: boolean; columns: string[] }>`
    select c.relname as name, c.relrowsecurity as wall,
      has_table_privilege('tillwatch_scoped', c.oid, 'select') or has_table_privilege('tillwatch_partner', c.oid, 'select')
        or has_any_column_privilege('tillwatch_scoped', c.oid, 'select') or has_any_column_privilege('tillwatch_partner', c.oid, 'select')
        as readable,
      (select json_agg(a.attname) from pg_attribute a where a.attrelid = c.oid and a.attnum > 0) as columns
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
    order by c.relname`.execute(db);
  return rows;
}

testOnDatabases(
  "N02 N09 F03 a scoped transaction runs under the restricted role and leaves nothing of it behind",
  async ({ db }) => {
    const seen = await scoped(db, ofAlpha, async (tx) => {
      const { rows } = await sql`select current_user as role, current_setting('tillwatch.organisation') as organisation,
      current_setting('tillwatch.sites') as sites`.execute(tx);
      return rows[0];
    });
    assert.deepEqual(seen, { role: "tillwatch_scoped", organisation: "alpha", sites: "al-1" });
    const after = await sql<{ role: string; organisation: string | null }>`
    select current_setting('role') as role, current_setting('tillwatch.organisation', true) as organisation`.execute(
      db,
    );
    assert.equal(after.rows[0]?.role, "none");
    assert.ok(!after.rows[0]?.organisation);
  },
);

testOnDatabases(
  "N02 N09 every table of the schema has its wall, is closed to the roles, or stands on a list with the reason",
  async ({ db }) => {
    const all = await tables(db);
    const named = (wanted: (table: (typeof all)[number]) => boolean) => all.filter(wanted).map(({ name }) => name);
    assert.deepEqual(
      named(({ readable, wall, name }) => readable && !wall && !withoutWall.has(name)),
      [],
      "enable row-level security (tenancy_guard), or say here why not",
    );
    assert.deepEqual(
      named(({ readable, name }) => !readable && !closed.has(name)),
      [],
      "wall it by organisation and site (tenancy_guard), or say here why nobody but the machine may read it",
    );
    assert.deepEqual(
      named(({ readable, name }) => readable && closed.has(name)),
      [],
      "it is closed no more",
    );
    const known = new Set(all.map(({ name }) => name));
    const listed = [...withoutWall.keys(), ...closed.keys(), ...ofOrganisation.keys()];
    assert.deepEqual(
      listed.filter((name) => !known.has(name)),
      [],
      "there is no such table any more",
    );
    for (const name of closed.keys()) {
      for (const scope of [ofAlpha, ofPolice]) {
        const looked = sql`select * from ${sql.table(name)}`.execute(scopedDb(db, scope));
        await assert.rejects(looked, { code: "42501" }, name);
      }
    }
  },
);

/** What a statement without any `where` shows, as text. */
async function everythingIn(db: Db, name: string, scope: Scope): Promise<readonly string[]> {
  const { rows } = await scoped(db, scope, (tx) =>
    sql<{ row: string }>`select t::text as row from ${sql.table(name)} t`.execute(tx),
  );
  return rows.map(({ row }) => row);
}

testOnDatabases(
  "N02 N09 F03 a forgotten where shows one organisation nothing of another, in no table",
  async ({ db }) => {
    await twoOrganisations(db);
    const walled = (await tables(db)).filter((table) => table.wall && table.readable);
    const empty = new Set(walled.map(({ name }) => name)).difference(
      new Set((await filled(db)).map(({ name }) => name)),
    );
    assert.deepEqual([...empty], [], "give both organisations a row in testing/two-organisations.ts");
    for (const { name } of walled) {
      const [a, b] = [await everythingIn(db, name, ofAlpha), await everythingIn(db, name, ofBeta)];
      const p = await everythingIn(db, name, ofPolice);
      if (name !== "organisation") assert.equal(p.length, 0, `${name}: the police see ${p.join()}`);
      assert.equal(a.length, 1, `${name}: alpha sees ${a.join("\n")}`);
      assert.equal(b.length, 1, `${name}: beta sees ${b.join("\n")}`);
      assert.notEqual(a[0], b[0], name);
    }
  },
);

testOnDatabases("N02 F03 a forgotten where shows who is bound to a shop nothing of another shop", async ({ db }) => {
  await twoOrganisations(db);
  await secondShop(db);
  const walled = (await tables(db)).filter((table) => table.wall && table.readable && table.name !== "organisation");
  for (const { name } of walled) {
    const bound = await everythingIn(db, name, ofAlpha);
    const all = await everythingIn(db, name, { ...ofAlpha, everySite: true });
    assert.equal(all.length, 2, `${name}: its organisation sees ${all.join("\n")}`);
    const want = ofOrganisation.has(name) ? 2 : 1;
    assert.equal(bound.length, want, `${name}: who is bound to al-1 sees ${bound.join("\n")}`);
    const other = await everythingIn(db, name, { ...ofAlpha, sites: ["al-2"] });
    if (want === 1) assert.notDeepEqual(other, bound, name);
  }
});

testOnDatabases("N02 an export of the record is for whoever could have asked for it himself", async ({ db }) => {
  await twoOrganisations(db);
  const scopes = {
    shop: { organisationId: "alpha", sites: ["al-1"], all: false },
    other: { organisationId: "alpha", sites: ["al-1", "al-9"], all: false },
    whole: { organisationId: "alpha", sites: ["al-1"], everySite: true, all: false },
    operator: { organisationId: "alpha", sites: [], all: true },
  };
  await sql`delete from record_export`.execute(db);
  for (const [because, scope] of Object.entries(scopes)) {
    await unrecorded(db, "record_export", (tx) =>
      sql`
      insert into record_export (id, organisation_id, asked_by, because, asked_at, question, state, scope)
      values (gen_random_uuid(), 'alpha', 'user:x', ${because}, now(), '{}', 'building', ${JSON.stringify(scope)})`.execute(
        tx,
      ),
    );
  }
  const seenBy = async (scope: Scope) => {
    const { rows } = await sql<{ because: string }>`select because from record_export order by because`.execute(
      scopedDb(db, scope),
    );
    return rows.map(({ because }) => because);
  };
  assert.deepEqual(await seenBy(ofAlpha), ["shop"]);
  assert.deepEqual(await seenBy({ ...ofAlpha, everySite: true }), ["other", "shop", "whole"], "never the operator's");
  assert.deepEqual(await seenBy({ ...ofAlpha, sites: [], staff: true }), []);
  assert.deepEqual(await seenBy(ofBeta), []);
});

testOnDatabases("N02 N09 a write across organisations is refused or touches nothing", async ({ db }) => {
  await twoOrganisations(db);
  for (const { name, wall, columns } of await filled(db)) {
    if (!wall || name === "audit_entry" || name === "organisation") continue;
    const column = sql.ref(columns.find((one) => one === "id" || one === "incident_id") ?? columns[0] ?? "");
    const touching = scoped(db, ofAlpha, (tx) => sql`update ${sql.table(name)} set ${column} = ${column}`.execute(tx));
    if (keptAsItIs.has(name)) await assert.rejects(touching, { code: "42501" }, `${name}: nothing is changed`);
    else assert.equal((await touching).numAffectedRows, 1n, `${name}: only the own row`);
    if (rewritten.has(name)) continue;
    await assert.rejects(
      scoped(db, ofAlpha, (tx) => sql`delete from ${sql.table(name)}`.execute(tx)),
      { code: "42501" },
      `${name}: nothing is deleted under the role`,
    );
    // The very row of the other, written again by somebody who is not of that organisation.
    const copy = sql`
      insert into ${sql.table(name)} overriding system value
      select (json_populate_record(null::${sql.table(name)}, ${await foreignRow(db, name)}::json)).*`;
    const generated = columns.filter((one) => ["risk"].includes(one));
    if (generated.length > 0) continue;
    await assert.rejects(
      scoped(db, ofAlpha, (tx) => copy.execute(tx)),
      { code: "42501" },
      `${name}: insert`,
    );
  }
  await assert.rejects(
    scoped(db, ofAlpha, (tx) => sql`update incident set organisation_id = 'beta', site_id = 'be-1'`.execute(tx)),
    { code: "42501" },
  );
  await assert.rejects(
    scoped(db, ofAlpha, (tx) =>
      sql`insert into incident (id, ref, state, level, category, taxonomy_version, site_id, occurred_at, opened_at, updated_at, severity,
        signal_count, evidence, person_fields, version)
      select gen_random_uuid(), 'ref2', state, level, category, taxonomy_version, ${beta.siteId}, occurred_at, opened_at, updated_at,
        severity, signal_count, evidence, person_fields, version from incident`.execute(tx),
    ),
    { code: "42501" },
  );
});

/** The tables that have rows of both organisations; others are other areas' to fill and try. */
async function filled(db: Db) {
  const found = [];
  for (const table of await tables(db)) {
    const { rows } = await sql`select from ${sql.table(table.name)} limit 2`.execute(db).catch(() => ({ rows: [] }));
    if (rows.length === 2) found.push(table);
  }
  return found;
}

async function foreignRow(db: Db, name: string): Promise<string> {
  const { rows } = await sql<{ row: string }>`select row_to_json(t)::text as row from ${sql.table(name)} t`.execute(db);
  const found = rows
    .map(({ row }) => row)
    .find((row) => row.includes("beta") || row.includes("be-1") || row.includes("bbbbbbbb"));
  assert.ok(found, `${name} has a row of beta`);
  return found;
}

testOnDatabases(
  "N02 F03 a person of some sites sees those only, and what the organisation has as a whole",
  async ({ db }) => {
    await twoOrganisations(db);
    await sql`insert into site (id, organisation_id, listed) values ('al-2', 'alpha', true)`.execute(db);
    await sql`insert into incident (id, ref, state, level, category, taxonomy_version, site_id, occurred_at, opened_at, updated_at, severity,
      signal_count, evidence, person_fields, version)
    select gen_random_uuid(), 'AL-2', state, level, category, taxonomy_version, 'al-2', occurred_at, opened_at, updated_at, severity,
      signal_count, evidence, person_fields, version from incident where id = ${alpha.incidentId}`.execute(db);
    const refs = async (scope: Scope) => {
      const { rows } = await sql<{ ref: string }>`select ref from incident order by ref`.execute(scopedDb(db, scope));
      return rows.map(({ ref }) => ref);
    };
    assert.deepEqual(await refs({ ...ofAlpha, sites: ["al-2"] }), ["AL-2"]);
    assert.deepEqual(await refs({ ...ofAlpha, sites: ["al-1", "be-1"] }), ["al-1-ref"]); // a foreign site in the list opens nothing
    assert.deepEqual(await refs({ ...ofAlpha, sites: ["al-1"], everySite: true }), ["AL-2", "al-1-ref"]);
    assert.deepEqual(await refs({ ...ofAlpha, all: true }), ["AL-2", "al-1-ref", "be-1-ref"]);
  },
);

testOnDatabases(
  "N02 cases of a restricted category are in no list but at the sites where they were granted",
  async ({ db }) => {
    await twoOrganisations(db);
    const count = async (scope: Scope) => (await sql`select from incident`.execute(scopedDb(db, scope))).rows.length;
    const withheld = { categories: ["theft", "other"], sites: [] };
    assert.equal(await count({ ...ofAlpha, restricted: withheld }), 0);
    assert.equal(await count({ ...ofAlpha, restricted: { ...withheld, sites: ["al-1"] } }), 1);
    assert.equal(await count({ ...ofAlpha, sites: ["al-1", "al-9"], restricted: { ...withheld, sites: ["al-9"] } }), 0);
    assert.equal(await count({ ...ofAlpha, restricted: { categories: ["other"], sites: [] } }), 1);
    const children = await sql`select from incident_timeline`.execute(
      scopedDb(db, { ...ofAlpha, restricted: withheld }),
    );
    assert.equal(children.rows.length, 0);
  },
);

testOnDatabases("N09 a partner sees exactly what was shared with him, while it is shared", async ({ db }) => {
  await twoOrganisations(db);
  const seen = async (table: string) =>
    (await sql`select * from ${sql.table(table)}`.execute(scopedDb(db, ofPolice))).rows.length;
  await unrecorded(db, "case_share", (tx) =>
    sql`update case_share set ends_at = now() + interval '1 day' where organisation_id = 'alpha'`.execute(tx),
  );
  // Of a case with a minor a partner sees nothing without a ground of its own (O02, incident_minor).
  assert.equal(await seen("incident"), 0);
  await sql`delete from exhibit_minor`.execute(db);
  await sql`delete from incident_minor`.execute(db);
  for (const table of [
    "case_share",
    "incident",
    "incident_timeline",
    "exhibit",
    "custody_entry",
    "signal",
    "incident_signal",
    "packet",
    "packet_release",
  ]) {
    assert.equal(await seen(table), 1, table);
  }
  for (const table of ["webhook_endpoint", "account", "dead_letter", "situation", "decision"])
    assert.equal(await seen(table), 0, table);
  await assert.rejects(sql`update incident set summary = 'mine'`.execute(scopedDb(db, ofPolice)), { code: "42501" });
  await sql`update packet_release set withdrawn_at = now(), withdrawn_by = 'user:x', withdrawn_because = 'done'`.execute(
    db,
  );
  assert.equal(await seen("packet"), 0, "a packet that is not released is none of his");
  assert.equal(await seen("packet_release"), 0);
  await sql`insert into incident_minor (incident_id, because, at, actor) values (${alpha.incidentId}, 'x', now(), 'user:x')`.execute(
    db,
  );
  assert.equal(await seen("incident"), 0, "a minor is among the people: it is not shared any more");
  await sql`update case_share set minor_ground = 'official_request'`.execute(db);
  assert.equal(await seen("incident"), 1, "but under a ground that allows it");
  await unrecorded(db, "case_share", (tx) =>
    sql`update case_share set revoked_at = now(), revoked_by = 'user:x', revoked_because = 'done'`.execute(tx),
  );
  assert.equal(await seen("incident"), 0);
  assert.equal(await seen("exhibit"), 0);
});

testOnDatabases(
  "N02 a scoped database outside of a transaction, a fault in it, and the machine's step out",
  async ({ db }) => {
    await twoOrganisations(db);
    const mine = scopedDb(db, ofAlpha);
    await assert.rejects(sql`select * from no_such_table`.execute(mine));
    const { rows } = await sql`select id from organisation`.execute(mine);
    assert.deepEqual(rows, [{ id: "alpha" }]);
    const count = async (from: DbOrTx) =>
      (await sql<{ n: number }>`select count(*)::int4 as n from organisation`.execute(from)).rows[0]?.n;
    assert.equal(await asMachine(mine, count), 4);
    assert.equal(await asMachine(db, count), 4);
    const within = await mine.transaction().execute(async (tx) => {
      const nested = await asMachine(tx, async (machine) => [
        await count(machine),
        await asMachine(machine, count),
        await count(machine),
      ]);
      return [...nested, await count(tx)];
    });
    assert.deepEqual(within, [4, 4, 4, 1]);
    await assert.rejects(
      scoped(db, ofAlpha, async () => {
        throw new Error("of the work");
      }),
      /of the work/,
    );
    assert.throws(() => scopedDb(db, { ...ofAlpha, sites: ["a,b"] }), /not the id of a site or category/);
    assert.throws(() => scopedDb(db, { ...ofAlpha, organisationId: "a\\" }));
  },
);
