import assert from "node:assert/strict";
import fc from "fast-check";
import { sql } from "kysely";
import { freshPglite, testOnDatabases } from "../../testing/databases.ts";
import { test } from "node:test";
import { systemChance } from "../chance.ts";
import { openFieldVault } from "./field-vault.ts";
import { masterKey } from "./keys.ts";

const master = masterKey(new Uint8Array(32).fill(1));
const deps = { master, chance: systemChance };
const anyText = fc.oneof(fc.string({ unit: "binary" }), fc.string(), fc.constant("tw1.looks.sealed"));

testOnDatabases("J09 what is sealed opens to the same text, and tells nothing of it", async ({ db }) => {
  const vault = await openFieldVault(db, deps);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.constantFrom("user:1", "user:2", "incident:3"), anyText)), async (given) => {
      const rows = given.map(([subject, text]) => ({ subject, text }));
      const sealed = await vault.sealMany(db, rows);
      for (const [at, one] of sealed.entries()) {
        assert.match(one, /^tw1\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]+$/);
        assert.ok(vault.isSealed(one));
        const text = rows[at]?.text ?? "";
        if (text.length > 8) assert.ok(!one.includes(text));
      }
      assert.deepEqual(
        await vault.openMany(db, sealed),
        rows.map((row) => row.text),
      );
    }),
    { numRuns: 50 },
  );
});

test("J09 halves of surrogate pairs, which UTF-8 cannot hold, come back as they were", async () => {
  const { db, close } = await freshPglite();
  const vault = await openFieldVault(db, deps);
  for (const text of ["\ud800", "a\udc00b", ""])
    assert.equal(await vault.open(db, await vault.seal(db, "s", text)), text);
  await close();
});

test("J09 the same text is sealed to another form each time", async () => {
  const { db, close } = await freshPglite();
  const vault = await openFieldVault(db, deps);
  const sealed = await vault.sealMany(
    db,
    Array.from({ length: 200 }, () => ({ subject: "user:1", text: "Ada" })),
  );
  assert.equal(new Set(sealed).size, 200);
  await close();
});

test("J09 a sealed text that was swapped, altered or cut off is refused with a code", async () => {
  const { db, close } = await freshPglite();
  const vault = await openFieldVault(db, deps);
  const [mine = "", theirs = ""] = await vault.sealMany(db, [
    { subject: "user:1", text: "plate B-TW 1" },
    { subject: "user:2", text: "plate B-TW 2" },
  ]);
  const [, myKey, myBytes = ""] = mine.split(".");
  const [, theirKey] = theirs.split(".");
  await assert.rejects(vault.open(db, `tw1.${theirKey}.${myBytes}`), { code: "sealed_field_altered" });
  await assert.rejects(vault.open(db, `tw1.${"A".repeat(22)}.${myBytes}`), { code: "sealed_field_key_unknown" });
  const bytes = Buffer.from(myBytes, "base64url");
  for (let at = 0; at < bytes.length; at += 1) {
    const altered = Buffer.from(bytes);
    altered[at] = (altered[at] ?? 0) ^ (1 << (at % 8));
    const form = `tw1.${myKey}.${altered.toString("base64url")}`;
    await assert.rejects(vault.open(db, form), { code: "sealed_field_altered" });
    const cut = `tw1.${myKey}.${bytes.subarray(0, at).toString("base64url")}`;
    await assert.rejects(vault.open(db, cut), { code: at < 29 ? "sealed_field_malformed" : "sealed_field_altered" });
  }
  for (const none of ["", "plate B-TW 1", "tw1.", `tw2${mine.slice(3)}`, `${mine}!`, `${mine}\n`, ` ${mine}`]) {
    assert.equal(vault.isSealed(none), false);
    await assert.rejects(vault.open(db, none), { code: "sealed_field_malformed" });
  }
  await sql`update vault_key set subject = case subject when 'user:1' then 'user:3' else subject end`.execute(db);
  await assert.rejects(vault.open(db, mine), { code: "sealed_field_altered" });
  await close();
});

testOnDatabases(
  "J10 a purge erases one subject's text, at once for every process, and nothing else",
  async ({ db }) => {
    const vault = await openFieldVault(db, deps);
    const other = await openFieldVault(db, deps); // as another process would
    const [a = "", b = ""] = await vault.sealMany(db, [
      { subject: "user:1", text: "Ada" },
      { subject: "user:2", text: "Grace" },
    ]);
    assert.deepEqual(await other.openMany(db, [a, b]), ["Ada", "Grace"]);
    assert.equal(await vault.purge(db, "user:1", "asked to be forgotten"), true);
    assert.deepEqual(await other.openMany(db, [a, b]), [null, "Grace"]);
    assert.equal(await vault.purge(db, "user:1", "again"), false);
    assert.equal(await vault.purge(db, "nobody", "never seen"), false);
    const later = await vault.seal(db, "user:1", "Ada again");
    assert.deepEqual(await vault.openMany(db, [a, later]), [null, "Ada again"]);
    const { rows } = await sql`select from vault_key where subject = 'user:1' and purged_at is not null`.execute(db);
    assert.equal(rows.length, 1);
  },
);

testOnDatabases("J10 a purge that is rolled back erased nothing", async ({ db }) => {
  const vault = await openFieldVault(db, deps);
  const sealed = await vault.seal(db, "user:1", "Ada");
  const rolledBack = db.transaction().execute(async (tx) => {
    await vault.purge(tx, "user:1", "by mistake");
    throw new Error("rolled back");
  });
  await assert.rejects(rolledBack, /rolled back/);
  assert.equal(await vault.open(db, sealed), "Ada");
});

testOnDatabases("J09 many who seal for the same new subjects at once agree on their keys", async ({ db }) => {
  const vault = await openFieldVault(db, deps);
  const rows = ["a", "b", "c", "d"].map((subject) => ({ subject, text: `of ${subject}` }));
  const sealed = await Promise.all(
    [rows, rows.toReversed(), rows, rows.toReversed()].map((given) =>
      db.transaction().execute((tx) => vault.sealMany(tx, given)),
    ),
  );
  const { rows: keys } = await sql`select id from vault_key`.execute(db);
  assert.equal(keys.length, 4);
  for (const ofOne of sealed) assert.equal((await vault.openMany(db, ofOne)).length, 4);
});

testOnDatabases("I16 a wrong master key is found when the vault is opened", async ({ db }) => {
  await openFieldVault(db, deps);
  const wrong = { master: masterKey(new Uint8Array(32).fill(2)), chance: systemChance };
  await assert.rejects(openFieldVault(db, wrong), { code: "vault_master_key_wrong", message: /put the file back/ });
  await openFieldVault(db, deps);
});

test("J09 blind indexes agree between processes, and between uses they do not", async () => {
  const { db, close } = await freshPglite();
  const [one, two] = [await openFieldVault(db, deps), await openFieldVault(db, deps)];
  assert.deepEqual(one.blindIndex("login", "ada@example.org"), two.blindIndex("login", "ada@example.org"));
  assert.notDeepEqual(one.blindIndex("login", "ada"), one.blindIndex("word", "ada"));
  assert.notDeepEqual(one.blindIndex("login", "ada"), one.blindIndex("login", "adb"));
  assert.equal(one.blindIndex("login", "ada").length, 32);
  const elsewhere = await freshPglite();
  const foreign = await openFieldVault(elsewhere.db, deps);
  assert.notDeepEqual(foreign.blindIndex("login", "ada"), one.blindIndex("login", "ada"));
  await elsewhere.close();
  await close();
});
