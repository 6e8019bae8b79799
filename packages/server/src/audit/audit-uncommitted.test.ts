import assert from "node:assert/strict";
import { sql } from "kysely";
import { nodeDigest } from "../platform/digest.ts";
import { systemChance } from "../platform/chance.ts";
import { exhibitRoutes } from "../exhibit/exhibit-http.ts";
import { silentLog } from "../platform/log.ts";
import { testOnDatabases } from "../testing/databases.ts";
import { incidentId, serve, withHouse } from "../testing/prove-house.ts";
import { appendAudit } from "./audit-append.ts";
import { uncommittedRows } from "./audit-verify-read.ts";

testOnDatabases("I04 I05 O01 a changed, deleted or added link of custody or decision is named", async (database) => {
  const { db } = database;
  const found = async () => (await uncommittedRows(db)).map((row) => row.says.replaceAll(/[0-9a-f-]{36}/g, "ID"));
  await withHouse(database, async (house) => {
    const { app, url, fetch } = await serve(db, [exhibitRoutes({ minorGrounds: [], ...house.deps, log: silentLog })]);
    const body = new FormData();
    body.set("file", new File(["evidence"], "clip.txt"));
    const sent = await fetch(`${url}/api/v1/incidents/${incidentId}/exhibits`, { method: "POST", body });
    assert.equal(sent.status, 201);
    await app.close();
  });
  const [id, situation] = [systemChance.uuid(), systemChance.uuid()];
  await sql`insert into situation values (${situation}, 'S-1', null, now(), now(), 1)`.execute(db);
  await sql`insert into decision values (${id}, ${situation}, now(), 'r', 'w', 'c', 'in', 'out')`.execute(db);
  const made = {
    kind: "decision.made",
    actor: "machine",
    subject: { kind: "situation", id: situation },
    because: "a test wants it",
    atMs: 0,
    body: { decision: id, record_sha256: nodeDigest.sha256("in\nout") },
  };
  await db.transaction().execute((tx) => appendAudit(tx, [made], systemChance));
  assert.deepEqual(await found(), []);
  const first = sql`exhibit_id = (select exhibit_id from custody_entry limit 1) and seq = (select min(seq) from custody_entry)`;
  const attacks = [
    {
      change: sql`update custody_entry set entry = entry || ' ' where ${first}`,
      says: /^custody entry \d of exhibit ID was changed$/,
    },
    {
      change: sql`update custody_entry set seq = seq + 700 where ${first}`,
      says: /^custody entry 70\d of exhibit ID was changed$/,
    },
    { change: sql`delete from custody_entry where ${first}`, says: /^a custody entry of exhibit ID was deleted$/ },
    {
      change: sql`insert into custody_entry select exhibit_id, 99, entry, digest, gen_random_uuid() from custody_entry where ${first}`,
      says: /^custody entry 99 of exhibit ID was put in$/,
    },
    { change: sql`update decision set outputs = 'none'`, says: /^decision ID was changed$/ },
    { change: sql`update decision set inputs = 'none', outputs = 'none'`, says: /^decision ID was changed$/ },
    { change: sql`delete from decision`, says: /^a decision about situation ID was deleted$/ },
  ];
  for (const { change, says } of attacks) {
    await assert.rejects(
      db.transaction().execute(async (tx) => {
        await change.execute(tx);
        const named = (await uncommittedRows(tx)).map((row) => row.says.replaceAll(/[0-9a-f-]{36}/g, "ID"));
        assert.equal(named.length, 1, String(says));
        assert.match(named[0] ?? "", says);
        throw new RangeError("put back");
      }),
      RangeError,
    );
  }
  assert.deepEqual(await found(), []);
});
