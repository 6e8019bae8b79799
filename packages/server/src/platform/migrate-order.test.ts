import assert from "node:assert/strict";
import { sql } from "kysely";
import { migrationsFolder, testOnEmptyDatabases } from "../testing/databases.ts";
import type { Database } from "./database/database.ts";
import { migrate, MigrationFault, readMigrations, type Migration } from "./database/migrate.ts";

const script = (name: string, text: string): Migration => ({ name, text });
const first = script(
  "0001-a.sql",
  "create table a (id int primary key); create function f() returns int language sql as 'select 1'",
);
const second = script("0002-b.sql", "alter table a add column b text not null default 'b'; create index a_b on a (b)");
const replacing = script("0002-f.sql", "create or replace function f() returns int language sql as 'select 2'");
const third = script(
  "0003-c.sql",
  "create table c (id int references a (id)); create or replace function f() returns int language sql as 'select 3'",
);

async function namesIn({ db }: Database<unknown>): Promise<readonly string[]> {
  const { rows } = await sql<{ name: string }>`select name from migration order by name`.execute(db);
  return rows.map(({ name }) => name);
}

async function refusal(work: Promise<unknown>): Promise<string> {
  const fault = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.ok(fault instanceof MigrationFault, String(fault));
  assert.match(fault.message, /version between releases|edited/);
  return fault.code;
}

testOnEmptyDatabases(
  "Q07 a migration that comes before others that ran is made up for where the outcome is that of a new database",
  async (database) => {
    await migrate(database, [first, third]);
    await sql`insert into a (id) values (1)`.execute(database.db);
    assert.deepEqual(await migrate(database, [first, second, third]), ["0002-b.sql"]);
    const { rows } = await sql`select id, b, f() as f from a`.execute(database.db);
    assert.deepEqual(rows, [{ id: 1, b: "b", f: 3 }]);
    assert.deepEqual(await migrate(database, [first, second, third]), [], "and once");
    const { rows: left } = await sql`select nspname from pg_namespace where nspname = 'tillwatch_shape'`.execute(
      database.db,
    );
    assert.deepEqual(left, [], "what was made to compare with is gone");
  },
);

testOnEmptyDatabases(
  "Q07 and is refused, with nothing of it left, where it would undo what a later one did, or cannot run",
  async (database) => {
    await migrate(database, [first, third]);
    assert.equal(await refusal(migrate(database, [first, replacing, third])), "migration_out_of_order");
    const { rows } = await sql`select f() as f`.execute(database.db);
    assert.deepEqual(rows, [{ f: 3 }], "the later function stands");
    const again = script("0004-d.sql", "create table if not exists d (id int)");
    await migrate(database, [first, third, again]);
    const taken = script("0002-d.sql", "create table d (id int)"); // runs on a new database, and not where d is there
    assert.equal(await refusal(migrate(database, [first, taken, third, again])), "migration_out_of_order");
    assert.deepEqual(await namesIn(database), ["0001-a.sql", "0003-c.sql", "0004-d.sql"]);
    const edited = script("0003-c.sql", `${third.text} `);
    assert.equal(await refusal(migrate(database, [first, second, edited, again])), "migration_changed");
    assert.deepEqual(await migrate(database, [first, third, again]), [], "it goes on as it was");
  },
);

testOnEmptyDatabases(
  "Q07 each of ours that came late becomes the schema of a new database or is refused; none is half done",
  async (database) => {
    const all = readMigrations(migrationsFolder);
    const at = all.findIndex(({ name }) => name === "0041-walls.sql");
    const upTo = all.slice(0, all.findIndex(({ name }) => name === "0042-release.sql") + 1);
    await migrate(
      database,
      upTo.filter((_one, index) => index !== at),
    );
    const before = await namesIn(database);
    try {
      await migrate(database, all);
      assert.deepEqual(
        await namesIn(database),
        all.map(({ name }) => name),
      );
    } catch (fault) {
      assert.ok(fault instanceof MigrationFault && fault.code === "migration_out_of_order", String(fault));
      assert.deepEqual(await namesIn(database), before);
    }
  },
);

testOnEmptyDatabases(
  "Q07 rows that an older version wrote are there after the upgrade, and what hangs on them follows",
  async (database) => {
    const { db } = database;
    const all = readMigrations(migrationsFolder);
    const old = all.slice(
      0,
      all.findIndex(({ name }) => name === "0020-people.sql"),
    );
    await migrate(database, old);
    const incident = "11111111-1111-4111-8111-111111111111";
    await sql`insert into taxonomy values ('t-1', '{}', 'x', now())`.execute(db);
    await sql`insert into incident (id, ref, state, level, category, taxonomy_version, site_id, occurred_at, opened_at, updated_at, severity,
      signal_count, evidence, person_fields, version, reporter, summary)
    values (${incident}::uuid, 'TW-2026-000001', 'open', 1, 'other', 't-1', 'S-1', now(), now(), now(), 0.5, 0, '[]', '[]', 1, 'user:admin',
      'Two bottles')`.execute(db);
    await sql`insert into packet (id, incident_id, incident_ref, state, include_media, because, authority, requested_at, requested_by)
    values (${incident}::uuid, ${incident}::uuid, 'TW-2026-000001', 'building', true, 'asked', 'role:person', now(), 'user:admin')`.execute(
      db,
    );
    const applied = await migrate(database, all);
    assert.deepEqual(
      applied,
      all.slice(old.length).map(({ name }) => name),
    );
    const { rows } = await sql`select i.ref, i.summary, i.organisation_id, i.handlers, p.requested_with, s.listed
    from incident i join packet p on p.incident_id = i.id join site s on s.id = i.site_id`.execute(db);
    assert.deepEqual(rows, [
      {
        ref: "TW-2026-000001",
        summary: "Two bottles",
        organisation_id: "home",
        handlers: null,
        requested_with: null,
        listed: false,
      },
    ]);
  },
);
