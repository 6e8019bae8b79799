import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { sql } from "kysely";
import { systemChance } from "../platform/chance.ts";
import { openFieldVault } from "../platform/keys/field-vault.ts";
import { beginRotation, finishRotation, masterKey, openKeys } from "../platform/keys/keys.ts";
import type { Db } from "../schema.ts";
import { testOnDatabases } from "../testing/databases.ts";
import { rotateKeys } from "./rotate-keys-store.ts";
import { clearKeys } from "../testing/key-folder.ts";

const from = masterKey(new Uint8Array(32).fill(1));
const to = masterKey(new Uint8Array(32).fill(2));
const exhibitId = "3f0c1a52-6f0e-4c57-9a3e-3b7f2f1d8e01";
const packetId = "3f0c1a52-6f0e-4c57-9a3e-3b7f2f1d8e02";
const dataKey = new Uint8Array(32).fill(9);

async function keepObjects(db: Db): Promise<void> {
  const [exhibit, packet] = await Promise.all([from.wrap(dataKey, exhibitId), from.wrap(dataKey, packetId)]);
  await sql`insert into exhibit (id, incident_id, kind, name, media_type, bytes, sha256, sha512, received_at, received_by, source, note,
      object_key, wrapped_key, master_key_id)
    values (${exhibitId}, ${exhibitId}, 'original', 'x', 'video/mp4', 1, 'x', 'x', now(), 'user:x', 's', '', 'k',
      ${Buffer.from(exhibit)}, ${from.id})`.execute(db);
  await sql`insert into packet (id, incident_id, incident_ref, state, include_media, because, authority, requested_at, requested_by,
      wrapped_key)
    values (${packetId}, ${exhibitId}, 'ref', 'building', true, 'why', 'role', now(), 'user:x', ${Buffer.from(packet)})`.execute(
    db,
  );
}

async function wrapped(db: Db, table: "exhibit" | "packet"): Promise<Uint8Array> {
  const { rows } = await sql<{ key: Uint8Array }>`select wrapped_key as key from ${sql.table(table)}`.execute(db);
  return new Uint8Array(rows[0]?.key ?? []);
}

testOnDatabases(
  "I16 J09 a rotation that dies in the middle is finished by the next; every text and object opens",
  async ({ db }) => {
    const before = await openFieldVault(db, { master: from, chance: systemChance });
    const given = Array.from({ length: 1_203 }, (_, at) => ({ subject: `incident:${at}`, text: `text ${at}` }));
    const sealed = await before.sealMany(db, given);
    const index = before.blindIndex("login", "ada");
    assert.equal(await before.purge(db, "incident:7", "no longer needed"), true);
    await keepObjects(db);
    const rotation = { db, from, to, chance: systemChance, nowMs: () => Date.parse("2026-11-20T10:00:00Z") };
    let batches = 0;
    const dies = async () => {
      batches += 1;
      if (batches === 2) throw new Error("the power went");
    };
    await assert.rejects(rotateKeys({ ...rotation, between: dies }), /the power went/);
    await assert.rejects(openFieldVault(db, { master: to, chance: systemChance }), { code: "vault_master_key_wrong" });

    assert.equal(await rotateKeys(rotation), 1_203 - 1 - 1_000 + 2);
    await assert.rejects(openFieldVault(db, { master: from, chance: systemChance }), {
      code: "vault_master_key_wrong",
    });
    const after = await openFieldVault(db, { master: to, chance: systemChance });
    const opened = await after.openMany(db, sealed);
    assert.deepEqual(
      opened,
      given.map(({ text }, at) => (at === 7 ? null : text)),
    );
    assert.deepEqual(after.blindIndex("login", "ada"), index, "what is found by a blind index is still found");
    assert.deepEqual(await to.unwrap(await wrapped(db, "exhibit"), exhibitId), dataKey);
    assert.deepEqual(await to.unwrap(await wrapped(db, "packet"), packetId), dataKey);
    assert.equal(await rotateKeys(rotation), 0, "nothing is left to do");
    const { rows } = await sql<{ kind: string }>`select kind from audit_entry order by appended`.execute(db);
    assert.deepEqual(
      rows.map((row) => row.kind),
      ["keys.rotation_started", "keys.rotated"],
    );
  },
);

test("I16 between begin and finish of a rotation nothing starts; afterwards the new key is the key", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tw-keys-"));
  try {
    const before = await openKeys(await clearKeys(folder));
    const begun = await beginRotation(await clearKeys(folder));
    assert.equal(begun.from.id, before.master.id);
    await assert.rejects(openKeys(await clearKeys(folder)), {
      code: "key_rotation_unfinished",
      message: /tillwatch keys rotate/,
    });
    assert.equal(
      (await beginRotation(await clearKeys(folder))).to.id,
      begun.to.id,
      "a second run goes on with the same key",
    );
    await finishRotation(await clearKeys(folder));
    const after = await openKeys(await clearKeys(folder));
    assert.equal(after.master.id, begun.to.id);
    assert.deepEqual(after.logSeed, before.logSeed);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
