import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { sql } from "kysely";
import { apiKeyBytes, makeApiKey } from "./access/federation/api-key.ts";
import { apiKeyIdentifier } from "./access/federation/api-key-http.ts";
import type { Asker } from "./access/principal.ts";
import { exportRoutes } from "./audit/audit-export-http.ts";
import { defineExportJobs } from "./audit/audit-export-jobs.ts";
import { packetRoutes } from "./packet/packet-http.ts";
import { definePacketJobs } from "./packet/packet-jobs.ts";
import { packetById } from "./packet/packet-read.ts";
import { systemChance } from "./platform/chance.ts";
import { systemClock } from "./platform/clock.ts";
import { Jobs } from "./platform/jobs.ts";
import { silentLog } from "./platform/log.ts";
import type { OpenDatabase, Schema } from "./schema.ts";
import { finderOf, testAccess } from "./testing/access.ts";
import { testOnDatabases } from "./testing/databases.ts";
import { withPacketHouse, type PacketHouse } from "./testing/packet-house.ts";
import { incidentId } from "./testing/prove-house.ts";
import { testServer } from "./testing/server.ts";

const service = "5e5e5e5e-0000-4000-8000-000000000002";

/** A program with two keys that live, before the routes and the jobs; a job stands still before it asks, until `go`. */
async function program(context: TestContext, database: OpenDatabase, house: PacketHouse) {
  const { db } = database;
  await sql`insert into service_account (id, token, organisation_id, name, purpose, roles, scopes, state, because, created_at, created_by, updated_at)
    values (${service}, ${`service:${service}`}, 'home', 'Case system', 'packets', '{investigator,counsel}', '{packet:build,packet:open,audit:export}',
      'active', 'why', now(), 'user:admin', now())`.execute(db);
  const keys = [makeApiKey(systemChance.bytes(apiKeyBytes)), makeApiKey(systemChance.bytes(apiKeyBytes))] as const;
  for (const { id, secret } of keys) {
    await sql`insert into api_key (id, service_account_id, sha256, created_at, created_by, expires_at, because)
      values (${id}, ${service}, encode(sha256(convert_to(${secret}, 'UTF8')), 'hex'), now(), 'user:admin', now() + interval '1 day', 'why')`.execute(
      db,
    );
  }
  const finders = {
    incident: finderOf("incident", async (id) => id === incidentId),
    packet: finderOf("packet", async (id) => (await packetById(db, id)) !== null),
  };
  const access = testAccess(db, { finders });
  let go: () => void = () => undefined;
  let gate = Promise.resolve();
  const hold = () => (gate = new Promise<void>((resolve) => (go = resolve)));
  const jobs = await Jobs.open<Schema>(db, silentLog);
  const packets = {
    ...house.packets,
    stillMay: async (asker: Asker, id: string) => {
      await gate;
      return access.stillMay(asker, "packet:build", { kind: "packet", id });
    },
  };
  const exports = {
    ...house.packets,
    sequencer: house.sequencer,
    stillMay: async (asker: Asker) => {
      await gate;
      return access.stillMay(asker, "audit:export", { kind: "organisation" });
    },
  };
  await definePacketJobs(jobs, packets, 0);
  await defineExportJobs(jobs, exports);
  const ports = {
    incidentRefOf: house.deps.incidentRefOf,
    stillSealed: async () => [],
    takenByPartner: async () => [],
  };
  const { app } = await testServer(context, {
    db,
    access,
    clock: systemClock,
    identifiers: [apiKeyIdentifier({ db, clock: systemClock, chance: systemChance })],
    texts: { db, fields: house.deps.fields },
    routes: [packetRoutes({ ...packets, ...noMinors, jobs, ...ports }), exportRoutes({ ...exports, jobs })],
  });
  const post = async (key: { readonly text: string }, url: string, payload: object) => {
    const answer = await app.inject({
      method: "POST",
      url,
      payload,
      headers: { authorization: `Bearer ${key.text}` },
    });
    assert.equal(answer.statusCode, 202, answer.body);
    return answer.json<{ id: string }>().id;
  };
  const revoke = (id: string) =>
    sql`update api_key set revoked_at = now() - interval '1 second' where id = ${id}`.execute(db);
  const settled = async (table: "packet" | "record_export", id: string) => {
    for (let tries = 0; tries < 600; tries += 1) {
      const { rows } = await sql<{ state: string; problem: string | null }>`
        select state, problem from ${sql.table(table)} where id = ${id}`.execute(db);
      const [row] = rows;
      if (row !== undefined && row.state !== "building") return row;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error("nothing came of it");
  };
  return { keys, post, revoke, settled, hold, go: () => go(), close: () => jobs.close() };
}

const noMinors = { minorsOf: async () => ({ ofCase: null, ofExhibits: new Map<never, never>() }), minorGrounds: [] };

testOnDatabases(
  "N10 N06 what a program asked for dies with the key that it showed, while what its other key asked for is done",
  async (database, context) => {
    await withPacketHouse(database, async (house) => {
      const { keys, post, revoke, settled, hold, go, close } = await program(context, database, house);
      try {
        const [stolen, kept] = keys;
        const packet = (key: typeof stolen) => post(key, `/api/v1/incidents/${incidentId}/packets`, {});
        const record = (key: typeof stolen) =>
          post(key, "/api/v1/audit/exports", { because: "a request", question: {} });
        void hold();
        const [packetOfStolen, packetOfKept] = [await packet(stolen), await packet(kept)];
        const [exportOfStolen, exportOfKept] = [await record(stolen), await record(kept)];
        await revoke(stolen.id);
        go();
        const refused = await settled("packet", packetOfStolen);
        assert.equal(refused.state, "failed");
        assert.match(refused.problem ?? "", /API key that asked for it was revoked/);
        assert.equal((await settled("packet", packetOfKept)).state, "ready");
        const untold = await settled("record_export", exportOfStolen);
        assert.equal(untold.state, "failed");
        assert.match(untold.problem ?? "", /API key that asked for it was revoked/);
        assert.equal((await settled("record_export", exportOfKept)).state, "ready");
        // The program asks again by the key that it has still, and answers for it by that one from then on.
        await post(kept, `/api/v1/packets/${packetOfStolen}/retry`, {});
        assert.equal((await settled("packet", packetOfStolen)).state, "ready");
      } finally {
        go();
        await close();
      }
    });
  },
);
