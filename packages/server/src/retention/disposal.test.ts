import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import { recordExhibit } from "../exhibit/exhibit-intake-store.ts";
import { custodyOf, exhibitRowsOf } from "../exhibit/exhibit-read.ts";
import { buildPacket } from "../packet/packet-build-store.ts";
import { packetById } from "../packet/packet-read.ts";
import { insertPacket } from "../packet/packet-store.ts";
import { silentLog } from "../platform/log.ts";
import { putSealed, readSealed } from "../platform/keys/vault.ts";
import { incidentSubject, personSubject, signalSubject } from "../subjects.ts";
import type { Db, OpenDatabase } from "../schema.ts";
import { testOnDatabases } from "../testing/databases.ts";
import { withPacketHouse, type PacketHouse } from "../testing/packet-house.ts";
import { incidentId, incidentRef } from "../testing/prove-house.ts";
import { destroy, type DestroyDeps } from "./destroy-append.ts";
import { disposalsOf, listDisposal, markConfirmed, markRequested, type Disposal } from "./disposal-store.ts";
import { RetentionKeeper } from "./retention-keeper.ts";
import type { DisposalKind, DueKind } from "./retention.ts";

const signalId = "51515151-0000-4000-8000-000000000001";
const otherIncident = "61616161-0000-4000-8000-000000000001";
const plate = "C-ANARY 1";

/** A closed case with two files, a sealed packet, a note, and a plate that another case shares. */
async function closedCase(house: PacketHouse): Promise<{ readonly packetId: string; readonly note: string }> {
  const { deps } = house;
  const { db, fields } = deps;
  await sql`insert into taxonomy values ('t1', '{}', 'x', now())`.execute(db);
  await sql`insert into site (id, organisation_id, listed) values ('S-1', 'home', true)`.execute(db);
  const note = await fields.seal(db, incidentSubject(incidentId), "Canary wrote this");
  const read = await fields.seal(db, personSubject(fields, plate), plate);
  const said = await fields.seal(db, signalSubject(signalId), "Canary said this");
  const body = JSON.stringify({ id: signalId, data: { licensePlate: read, note: said, speed: 12 } });
  for (const [id, ref, since] of [
    [incidentId, incidentRef, true],
    [otherIncident, "TW-2026-000124", true],
  ] as const) {
    await sql`insert into incident (id, ref, state, level, category, taxonomy_version, site_id, occurred_at, opened_at, updated_at, severity,
        incident_since, signal_count, evidence, person_fields, version, summary)
      values (${id}, ${ref}, 'closed', 1, 'theft', 't1', 'S-1', now(), now(), now() - interval '10 days', 0.9,
        ${since ? sql`now()` : null}, 1, '[]', '[]', 1, ${note})`.execute(db);
  }
  await sql`insert into signal (partition, seq, id, site_id, source, type, occurred_at, received_at, body)
    values (0, 1, ${signalId}, 'S-1', 's', 'vehicle', now(), now(), ${body}::json)`.execute(db);
  await sql`insert into incident_signal values (${incidentId}, ${signalId}, 'why', now(), false)`.execute(db);
  for (const name of ["one.mp4", "two.mp4"]) await addFile(house, name);
  const packetId = deps.chance.uuid();
  const packet = {
    id: packetId,
    incidentId,
    incidentRef,
    includeMedia: true,
    originals: true,
    purpose: null,
    minorGround: null,
    because: note,
    authority: "role:person",
  };
  await db
    .transaction()
    .execute((tx) =>
      insertPacket(tx, { ...packet, requestedAtMs: Date.now(), requestedBy: "user:ada", requestedWith: null }),
    );
  await buildPacket(house.packets, packetId);
  return { packetId, note };
}

async function addFile({ deps }: PacketHouse, name: string): Promise<void> {
  const id = deps.chance.uuid();
  const source = (async function* () {
    yield randomBytes(5_000);
  })();
  const stored = await putSealed(deps.vault, { id, objectKey: `exhibits/${id}` }, { source, bytesMax: 1e6 });
  const facts = {
    name,
    mediaType: "video/mp4",
    capturedAt: null,
    source: "C-1",
    kind: "original" as const,
    note: "",
    claimedSha256: null,
  };
  const hand = { token: "user:ada", why: "evidence", authority: "role:person" };
  await recordExhibit(deps, {
    id,
    incidentId,
    facts,
    stored,
    hand,
    camera: { camera: "none", deviceId: null },
    mediaKind: "document",
  });
}

async function confirmed(db: Db, kind: DisposalKind, exhibitId: string | null = null): Promise<string> {
  const id = crypto.randomUUID();
  const nowMs = Date.now();
  await db.transaction().execute(async (tx) => {
    await listDisposal(tx, {
      id,
      organisationId: "home",
      siteId: "S-1",
      incidentId,
      exhibitId,
      kind,
      basis: { days: 3 },
      nowMs,
    });
    await markRequested(tx, id, { actor: "user:ada", nowMs, because: null });
    await markConfirmed(tx, id, { actor: "user:bo", nowMs });
  });
  return id;
}

const destroyDeps = ({ deps, objects }: PacketHouse, more: Partial<DestroyDeps> = {}): DestroyDeps => ({
  db: deps.db,
  fields: deps.fields,
  objects,
  clock: deps.clock,
  chance: deps.chance,
  ...more,
});

async function objectsLeft({ objects }: PacketHouse): Promise<number> {
  let count = 0;
  for (const prefix of ["exhibits/", "packets/"])
    for await (const found of objects.list(prefix)) count += found.key === "" ? 0 : 1;
  return count;
}

const one = async (db: Db, id: string): Promise<Disposal> => {
  const found = (await disposalsOf(db, incidentId)).find((each) => each.id === id);
  if (found === undefined) throw new Error("no such disposal");
  return found;
};

testOnDatabases("I03 J15 what is destroyed is gone at once; digests, custody and the record stay", async (database) => {
  await withPacketHouse(database, async (house) => {
    const { db, fields } = house.deps;
    const { packetId, note } = await closedCase(house);
    const before = await packetById(db, packetId);
    const files = await exhibitRowsOf(db, incidentId);
    const id = await confirmed(db, "case");
    assert.equal(await destroy(destroyDeps(house), { id, incidentId }), "done");
    assert.equal(await destroy(destroyDeps(house), { id, incidentId }), "done", "again: nothing happens");
    assert.equal(await objectsLeft(house), 0);
    assert.equal(await fields.open(db, note), null, "what people wrote");
    for (const exhibit of await exhibitRowsOf(db, incidentId)) {
      const was = files.find((each) => each.id === exhibit.id);
      assert.deepEqual([exhibit.object, exhibit.sha256, exhibit.bytes], [null, was?.sha256, 5_000]);
      assert.equal((await custodyOf(db, exhibit.id)).at(-1)?.entry.action, "erased");
    }
    const packet = await packetById(db, packetId);
    assert.deepEqual([packet?.object, packet?.frozen, packet?.sha256], [null, null, before?.sha256]);
    assert.notEqual(packet?.disposedAt, null);
    const { rows } = await sql<{ body: string }>`select body::text as body from signal`.execute(db);
    assert.match(rows[0]?.body ?? "", /"licensePlate":\s*"\[erased\]".*"speed":\s*12/);
    const done = await one(db, id);
    assert.deepEqual([done.state, done.confirmedBy], ["done", "user:bo"]);
    const entry = await sql<{
      body: string;
    }>`select body from audit_entry where id = ${done.certificateAuditId}`.execute(db);
    for (const { sha256 } of files)
      assert.ok(entry.rows[0]?.body.includes(sha256 ?? "none"), "the certificate names the digest");
    // A later packet says so, and verifies.
    const later = house.deps.chance.uuid();
    const asked = {
      id: later,
      incidentId,
      incidentRef,
      includeMedia: true,
      originals: true,
      purpose: null,
      minorGround: null,
      because: "why",
      authority: "role:person",
    };
    await db
      .transaction()
      .execute((tx) =>
        insertPacket(tx, { ...asked, requestedAtMs: Date.now(), requestedBy: "user:ada", requestedWith: null }),
      );
    await buildPacket(house.packets, later);
    const verified = await verifiedText(house, later);
    assert.match(verified, /0 files, 2 pointers, 2 of them to content that was disposed of/);
  });
});

async function verifiedText(house: PacketHouse, id: string): Promise<string> {
  const { writeFile } = await import("node:fs/promises");
  const { join } = await import("node:path");
  const { verifyPacketFile } = await import("@tillwatch/verify");
  const packet = await packetById(house.deps.db, id);
  if (packet?.object == null || packet.bytes === null || packet.sha256 === null) throw new Error("not ready");
  const parts: Uint8Array[] = [];
  const sealed = { id, bytes: packet.bytes, sha256: packet.sha256, ...packet.object };
  for await (const part of readSealed(house.deps.vault, sealed)) parts.push(part);
  const path = join(house.folder, "later.zip");
  await writeFile(path, Buffer.concat(parts));
  const verified = await verifyPacketFile(path, {});
  return JSON.stringify(verified);
}

testOnDatabases(
  "J15 a stop at any point leaves nothing half: the next run ends it, with one certificate",
  async (database) => {
    await withPacketHouse(database, async (house) => {
      const { db } = house.deps;
      await closedCase(house);
      const id = await confirmed(db, "clips");
      const at = { id, incidentId };
      const dead = new Error("killed");
      // Before the commit of the keys: everything is as it was.
      let uuids = 0;
      const dying = { ...house.deps.chance, uuid: () => ((uuids += 1) > 1 ? raise(dead) : house.deps.chance.uuid()) };
      await assert.rejects(destroy(destroyDeps(house, { chance: dying }), at), /killed/);
      assert.ok((await exhibitRowsOf(db, incidentId)).every((exhibit) => exhibit.object !== null));
      assert.equal((await one(db, id)).destroyedAt, null);
      // Among the objects: no key is left, so nothing can be read, whatever lies there still.
      let deleted = 0;
      const stops = { delete: async (key: string) => ((deleted += 1) > 1 ? raise(dead) : house.objects.delete(key)) };
      await assert.rejects(destroy(destroyDeps(house, { objects: stops }), at), /killed/);
      assert.ok((await exhibitRowsOf(db, incidentId)).every((exhibit) => exhibit.object === null));
      assert.deepEqual([(await one(db, id)).state, await objectsLeft(house)], ["confirmed", 2]);
      // Before the certificate.
      const noChance = { ...house.deps.chance, uuid: () => raise(dead) };
      await assert.rejects(destroy(destroyDeps(house, { chance: noChance }), at), /killed/);
      assert.deepEqual([(await one(db, id)).state, await objectsLeft(house)], ["confirmed", 0]);
      // The next round ends it.
      await keeperOf(house, []).step();
      assert.equal((await one(db, id)).state, "done");
      const { rows } = await sql`select from audit_entry where kind = 'disposal.certified'`.execute(db);
      assert.equal(rows.length, 1);
    });
  },
);

function raise(fault: Error): never {
  throw fault;
}

function keeperOf(house: PacketHouse, automatic: readonly DueKind[]): RetentionKeeper {
  const keep = { clipDays: 3, reportDays: 180, watchItemDays: 1 };
  return new RetentionKeeper({
    ...destroyDeps(house),
    log: silentLog,
    keepOf: async () => () => keep,
    automatic,
    policyVersion: "retail-privacy-1",
    destroyed: () => {},
  });
}

const hold = (db: Db, subject: string) =>
  sql`insert into legal_hold (id, organisation_id, subject, ground, because, at, actor)
    values (gen_random_uuid(), 'home', ${subject}, 'legal_claim', 'x', now(), 'user:c')`.execute(db);

testOnDatabases(
  "J15 what is held is not listed, not destroyed, not purged: not even by whoever forgets to ask",
  async (database: OpenDatabase) => {
    await withPacketHouse(database, async (house) => {
      const { db, fields } = house.deps;
      const { note } = await closedCase(house);
      const id = await confirmed(db, "case");
      await hold(db, `incident:${incidentId}`);
      assert.equal(await destroy(destroyDeps(house), { id, incidentId }), "held");
      for (const subject of [incidentSubject(incidentId), signalSubject(signalId), personSubject(fields, plate)]) {
        await assert.rejects(fields.purge(db, subject, "a mistake"), /a legal hold stands against it/, subject);
      }
      for (const table of ["exhibit", "packet"]) {
        const forgetful = sql`update ${sql.table(table)} set object_key = null, wrapped_key = null, disposed_at = now()`;
        await assert.rejects(forgetful.execute(db), /a legal hold stands against it/, table);
      }
      assert.equal(await fields.open(db, note), "Canary wrote this");
      await sql`update legal_hold set ended_at = now(), ended_by = 'user:c'`.execute(db);
      assert.equal(await destroy(destroyDeps(house), { id, incidentId }), "done");
      assert.equal(await fields.open(db, note), null);
    });
  },
);

testOnDatabases(
  "J15 what is over is listed once; what the policy destroys by itself is destroyed",
  async (database) => {
    await withPacketHouse(database, async (house) => {
      const { db } = house.deps;
      await closedCase(house);
      await keeperOf(house, []).step();
      const listed = async () =>
        (
          await sql<{ kind: string; state: string; n: number }>`
        select kind, state, count(*)::int4 as n from disposal group by 1, 2 order by 1, 2`.execute(db)
        ).rows;
      // The other case has no files; its report is not over yet.
      assert.deepEqual(await listed(), [{ kind: "clips", state: "due", n: 1 }]);
      await keeperOf(house, []).step();
      assert.deepEqual(await listed(), [{ kind: "clips", state: "due", n: 1 }]);
      await hold(db, `incident:${otherIncident}`);
      await sql`update incident set incident_since = null, state = 'aged_out' where id = ${otherIncident}`.execute(db);
      await keeperOf(house, ["watch_item"]).step();
      assert.deepEqual(await listed(), [{ kind: "clips", state: "due", n: 1 }], "held");
      await sql`update legal_hold set ended_at = now(), ended_by = 'user:c'`.execute(db);
      await keeperOf(house, ["watch_item"]).step();
      assert.deepEqual(await listed(), [
        { kind: "clips", state: "due", n: 1 },
        { kind: "watch_item", state: "done", n: 1 },
      ]);
      // Two people, or the machine by the policy: the same person twice is nobody's decision.
      await assert.rejects(
        sql`update disposal set state = 'confirmed', requested_by = 'user:a', confirmed_by = 'user:a' where state = 'due'`.execute(
          db,
        ),
      );
    });
  },
);
