import assert from "node:assert/strict";
import { sql } from "kysely";
import { testOnDatabases } from "../../testing/databases.ts";
import { privacyHouse, report } from "../../testing/privacy-house.ts";
import { expireWatchEntries } from "./watch-jobs.ts";

const why = "needed for the shift of this evening";
const entry = {
  ageBand: "a30_44",
  ground: "barring_notice",
  because: "barred by letter of 1 November",
  description: { upper: ["hoodie"], bag: ["backpack"] },
  expiresAt: "2026-12-20T10:00:00Z",
};

testOnDatabases("U07 two people make an entry; every view and hit is on the record", async (database, context) => {
  const { ask, askSecond, db } = await privacyHouse(database, context);
  const incidentId = String((await ask("POST", "/api/v1/incidents", report)).body["id"]);
  const made = await ask("POST", "/api/v1/watch-entries", { ...entry, incidentId });
  assert.equal(made.status, 201, made.text);
  const path = `/api/v1/watch-entries/${String(made.body["id"])}`;
  const hit = { because: why, siteId: "S-1001" };
  assert.equal((await ask("POST", `${path}/hits`, hit)).body["code"], "watch_not_running");
  const own = await ask("POST", `${path}/decision`, { decision: "approve", because: why });
  assert.equal(own.body["code"], "watch_same_person");
  const approved = await askSecond("POST", `${path}/decision`, { decision: "approve", because: why });
  assert.equal(approved.body["state"], "active", approved.text);
  const list = await ask("GET", "/api/v1/watch-entries");
  assert.doesNotMatch(list.text, /hoodie|letter of 1 November/);
  const seen = await ask("POST", `${path}/views`, { because: why });
  assert.deepEqual(seen.body["description"], entry.description);
  assert.equal(seen.body["because"], entry.because);
  assert.equal((await ask("POST", `${path}/hits`, hit)).status, 204);
  const uses = (await ask("POST", `${path}/views`, { because: why })).body["uses"] as readonly { kind: string }[];
  assert.deepEqual(uses.map(({ kind }) => kind).sort(), ["hit", "view", "view"]);
  const { rows } = await sql<{ kind: string }>`
    select kind from audit_entry where subject_kind = 'watch_entry' order by appended`.execute(db);
  assert.deepEqual(
    rows.map(({ kind }) => kind),
    ["watch.proposed", "watch.approved", "watch.viewed", "watch.hit", "watch.viewed"],
  );
  const { rows: stored } = await sql<{ all: string }>`select watch_entry::text as all from watch_entry`.execute(db);
  assert.doesNotMatch(stored[0]?.all ?? "", /letter of 1 November/);
});

testOnDatabases(
  "U07 at its end the content is deleted, its key destroyed, and the record proves it",
  async (database, context) => {
    const house = await privacyHouse(database, context);
    const { ask, askSecond, db, time, deps } = house;
    const incidentId = String((await ask("POST", "/api/v1/incidents", report)).body["id"]);
    const id = String((await ask("POST", "/api/v1/watch-entries", { ...entry, incidentId })).body["id"]);
    await askSecond("POST", `/api/v1/watch-entries/${id}/decision`, { decision: "approve", because: why });
    time.nowMs = Date.parse(entry.expiresAt) - 1;
    assert.equal(await expireWatchEntries(deps), 0);
    time.nowMs += 1;
    assert.equal(await expireWatchEntries(deps), 1);
    assert.equal(await expireWatchEntries(deps), 0);
    const seen = await ask("POST", `/api/v1/watch-entries/${id}/views`, { because: why });
    assert.deepEqual([seen.body["state"], seen.body["description"], seen.body["because"]], ["expired", null, null]);
    const { rows } = await sql<{ kind: string; body: string; wrapped: string | null }>`
    select a.kind, a.body, encode(k.wrapped_key, 'hex') as wrapped from watch_entry w
    join audit_entry a on a.id = w.proof_audit_id join vault_key k on k.subject = 'watch:' || w.id where w.id = ${id}::uuid`.execute(
      db,
    );
    assert.deepEqual([rows[0]?.kind, rows[0]?.wrapped], ["watch.expired", null]);
    assert.match(rows[0]?.body ?? "", /"key_destroyed":true/);
  },
);

testOnDatabases(
  "J11 U07 a minor blocks lists: before, while it waits, and when it is in force",
  async (database, context) => {
    const { ask, askSecond, db } = await privacyHouse(database, context);
    const young = { ...report, description: { persons: [{ age_band: ["minor"] }], scene: {} } };
    const withMinor = String((await ask("POST", "/api/v1/incidents", young)).body["id"]);
    assert.equal(
      (await ask("POST", "/api/v1/watch-entries", { ...entry, incidentId: withMinor })).body["code"],
      "watch_minor",
    );
    const incidentId = String((await ask("POST", "/api/v1/incidents", report)).body["id"]);
    assert.equal(
      (await ask("POST", "/api/v1/watch-entries", { ...entry, incidentId, ageBand: "minor" })).body["code"],
      "watch_minor",
    );
    assert.equal(
      (await ask("POST", "/api/v1/watch-entries", { ...entry, incidentId, ageBand: "young" })).body["code"],
      "watch_age_unknown",
    );
    const id = String((await ask("POST", "/api/v1/watch-entries", { ...entry, incidentId })).body["id"]);
    await askSecond("POST", `/api/v1/watch-entries/${id}/decision`, { decision: "approve", because: why });
    const flagged = await ask("POST", `/api/v1/incidents/${incidentId}/minor`, {
      minor: true,
      because: "school identity card was seen",
    });
    assert.deepEqual(flagged.body, { minor: true, entriesEnded: 1 });
    assert.equal((await ask("GET", `/api/v1/incidents/${incidentId}/minor`)).body["minor"], true);
    assert.equal((await ask("POST", "/api/v1/watch-entries", { ...entry, incidentId })).body["code"], "watch_minor");
    // The database holds it too, whatever the program does.
    await assert.rejects(
      sql`insert into watch_entry (id, organisation_id, site_ids, incident_id, age_band, ground, state, proposed_by, proposed_at, expires_at)
      values (gen_random_uuid(), 'home', '{}', ${incidentId}::uuid, 'minor', 'x', 'proposed', 'user:a', now(), now())`.execute(
        db,
      ),
    );
  },
);
