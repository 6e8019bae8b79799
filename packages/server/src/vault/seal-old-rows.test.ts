import assert from "node:assert/strict";
import { sql } from "kysely";
import type { Signal } from "@tillwatch/wire";
import { nodeDigest } from "../platform/digest.ts";
import type { Db } from "../schema.ts";
import { signalFromRow } from "../signal/parse-signals.ts";
import { canaries, personName, sqlDump, traces, words } from "../testing/canaries.ts";
import { testOnDatabases } from "../testing/databases.ts";
import { testFields } from "../testing/fields.ts";
import { alpha, twoOrganisations } from "../testing/two-organisations.ts";
import { oldRows } from "./old-rows.ts";
import { noteOldTables, sealOldRows } from "./seal-old-rows-store.ts";

const at = "2026-03-23T15:04:05Z";

function reportOf(n: number): Signal {
  const row = {
    incident_id: `R-${n}`,
    timestamp_utc: at,
    store_id: "al-1",
    category: "theft",
    my_own: words,
    summary: words,
  };
  const parsed = signalFromRow(row, { receivedAtMs: Date.parse(at), digest: nodeDigest, channel: {} });
  assert.ok(parsed.ok);
  return parsed.value;
}

/** Rows as a version without a vault wrote them. */
async function fill(db: Db, signals: readonly Signal[]): Promise<void> {
  await twoOrganisations(db);
  const { incidentId, exhibitId, packetId, webhookId } = alpha;
  const quoted = JSON.stringify(words);
  await sql`update incident set summary = ${words}, override = ${`{"severity":0.5,"because":${quoted}}`}::json
    where id = ${incidentId}`.execute(db);
  await sql`update incident_timeline set says = ${`Verdict: true. ${words}`}, detail = ${`{"because":${quoted},"from":"open"}`}::json
    where incident_id = ${incidentId}`.execute(db);
  await sql`insert into incident_field (incident_id, field, before, after, at, actor, because)
    values (${incidentId}, 'summary', 'null', ${quoted}::json, now(), 'user:x', ${words})`.execute(db);
  await sql`update incident_verdict set because = ${words} where incident_id = ${incidentId}`.execute(db);
  await sql`update incident_request set key = ${personName} where incident_id = ${incidentId}`.execute(db);
  await sql`update exhibit set name = ${words}, note = ${words}, source = ${words}, uri = ${`https://x.example/${words}`}
    where id = ${exhibitId}`.execute(db);
  await sql`update packet set because = ${words}, frozen = ${quoted} where id = ${packetId}`.execute(db);
  await sql`update webhook_endpoint set url = ${`https://x.example/${words}`}, secret = ${words} where id = ${webhookId}`.execute(
    db,
  );
  await sql`update webhook_delivery set body = ${quoted} where id = ${webhookId}`.execute(db);
  await sql`update dead_letter set signal = null, raw = ${Buffer.from(words)}, message = ${words}, settled_because = ${words}`.execute(
    db,
  );
  for (const column of [
    "service_account.purpose",
    "service_account.because",
    "api_key.because",
    "vendor_access.ticket",
    "vendor_access.purpose",
    "site_privacy.because",
    "record_export.because",
    "legal_hold.ground",
    "subject_request.identity_how",
    "known_person.source",
    "watch_use.because",
  ]) {
    const [table = "", name = ""] = column.split(".");
    await sql`update ${sql.table(table)} set ${sql.ref(name)} = ${words}`.execute(db);
  }
  const rows = signals.map((signal, n) => ({ seq: n + 100, id: signal.id, body: signal }));
  await sql`insert into signal (partition, seq, id, site_id, source, type, occurred_at, received_at, body)
    select 1, seq, id, 'al-1', 's', 'staff_report', now(), now(), body
    from json_to_recordset(${JSON.stringify(rows)}::json) as r (seq int8, id uuid, body json)`.execute(db);
}

testOnDatabases(
  "J09 what was written before there was a vault is sealed, in batches, and goes on where it stopped",
  async ({ db }) => {
    const fields = await testFields(db);
    const signals = Array.from({ length: 450 }, (_, n) => reportOf(n));
    await fill(db, signals);
    assert.ok(traces(canaries[0], Buffer.from(await sqlDump(db))).length > 0, "there is something to seal");

    // Asked before each batch: of the last table, which has three, one comes.
    let asked = 0;
    const stopped = {
      get aborted() {
        asked += 1;
        return asked > oldRows.length;
      },
    };
    const first = await sealOldRows({ db, fields, stopped });
    assert.ok(first > 0 && first < 450, `stopped in the middle: ${first}`);
    const second = await sealOldRows({ db, fields });
    assert.equal(second, 250, "it goes on after the first 200 reports");
    assert.equal(await sealOldRows({ db, fields }), 0, "once is enough");

    const dump = await sqlDump(db);
    for (const canary of canaries)
      assert.deepEqual(
        traces(canary, Buffer.from(dump)),
        [],
        dump.slice(Math.max(0, dump.indexOf(canary) - 400), dump.indexOf(canary) + 40),
      );
    const { rows } = await sql<{ body: Signal }>`select body from signal where partition = 1 order by seq`.execute(db);
    assert.deepEqual(
      await fields.openJson(
        db,
        rows.map((row) => row.body),
      ),
      signals,
    );
    const read = await sql<{ says: string; summary: string; uri: string }>`
    select t.says, i.summary, e.uri from incident_timeline t join incident i on i.id = t.incident_id
    join exhibit e on e.incident_id = i.id where i.id = ${alpha.incidentId}`.execute(db);
    assert.deepEqual(await fields.openJson(db, read.rows), [
      { says: `Verdict: true. ${words}`, summary: words, uri: `https://x.example/${words}` },
    ]);
    const found = await sql`select from incident_word where incident_id = ${alpha.incidentId}`.execute(db);
    assert.ok(found.rows.length > 3, "the summary is found by its words");
  },
);

testOnDatabases("J09 a new installation has nothing old: what it writes stays as it was written", async ({ db }) => {
  const fields = await testFields(db);
  assert.equal(await sealOldRows({ db, fields }), 0);
  await fill(db, [reportOf(1)]);
  assert.equal(await sealOldRows({ db, fields }), 0);
  const { rows } = await sql<{ done: boolean }>`select done from vault_sealing`.execute(db);
  assert.ok(rows.length > 0 && rows.every(({ done }) => done));
});

testOnDatabases("J10 a new installation has nothing from before, whatever its first minute writes", async ({ db }) => {
  await noteOldTables(db);
  await twoOrganisations(db);
  const says = "Two rules counted.";
  await sql`update incident_timeline set says = ${says}`.execute(db);
  assert.equal(await sealOldRows({ db, fields: await testFields(db) }), 0);
  const { rows } = await sql<{ says: string }>`select distinct says from incident_timeline`.execute(db);
  assert.deepEqual(rows, [{ says }]);
});
