import assert from "node:assert/strict";
import { sql } from "kysely";
import { appendAudit } from "../audit/audit-append.ts";
import { systemChance } from "../platform/chance.ts";
import type { Db, Tx } from "../schema.ts";
import { testOnDatabases } from "../testing/databases.ts";

const id = "11111111-1111-4111-8111-111111111111";

const handOver = (tx: Tx | Db) => sql`update incident set state = 'handed_over' where id = ${id}`.execute(tx);
const record = (tx: Tx) => {
  const subject = { kind: "incident", id };
  const entry = {
    kind: "incident.state_changed",
    actor: "user:a",
    subject,
    because: "to the police",
    atMs: 0,
    body: {},
  };
  return appendAudit(tx, [entry], systemChance);
};

testOnDatabases("O02 a hand-off without an entry of the record is impossible, whoever writes it", async ({ db }) => {
  await sql`insert into taxonomy values ('v', '{}', '', now())`.execute(db);
  await sql`insert into incident (id, ref, state, level, category, taxonomy_version, site_id, occurred_at, opened_at, updated_at, severity,
    signal_count, evidence, person_fields, version)
    values (${id}, 'TW-1', 'open', 1, 'x', 'v', 'S', now(), now(), now(), 0.9, 1, '[]', '[]', 1)`.execute(db);
  await assert.rejects(handOver(db), /a hand-off of incident .* without an entry of the record/);
  await db.transaction().execute(record);
  await assert.rejects(handOver(db), /without an entry/, "an earlier entry does not count");
  await db.transaction().execute(async (tx) => {
    await handOver(tx);
    await record(tx);
  });
  await sql`update incident set state = 'closed' where id = ${id}`.execute(db);
  const { rows } = await sql<{ state: string }>`select state from incident`.execute(db);
  assert.deepEqual(rows, [{ state: "closed" }]);
});
