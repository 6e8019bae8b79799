import assert from "node:assert/strict";
import { test } from "node:test";
import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from "kysely";
import { bundlePath, decodeBundle, verifySaid } from "@tillwatch/evidence";
import { systemChance } from "../platform/chance.ts";
import { nodeSha256 } from "../platform/keys/node-crypto.ts";
import { eraseIncidentText } from "../incident/incident-text-store.ts";
import { sqlDump, traces } from "../testing/canaries.ts";
import { standaloneFields } from "../testing/fields.ts";
import { onLog } from "../testing/log-house.ts";
import type { Schema } from "../schema.ts";
import { appendAudit, type AuditRecord } from "./audit-append.ts";
import { auditPage, disclosedPage } from "./audit-read.ts";
import { reasonsOf } from "./audit-reasons.ts";
import { isPublicReason } from "./public-reason.ts";

const incident = "11111111-1111-4111-8111-111111111111";
const typed = "Zaphodine Canariusova of Elm Street 9 complained";
const all = { limit: 10, order: "oldest" } as const;

function look(because: string, over: Partial<AuditRecord> = {}): AuditRecord {
  const subject = { kind: "exhibit", id: "22222222-2222-4222-8222-222222222222" };
  return {
    kind: "exhibit.accessed",
    actor: "user:anna",
    subject,
    because,
    atMs: 0,
    body: { incidentId: incident },
    ...over,
  };
}

onLog(
  "O04 J09 what a person typed as the reason stands sealed in the body; header, log and dump tell nothing of it",
  async (house) => {
    const { db, sequencer, files, verify } = house;
    await db.transaction().execute((tx) => appendAudit(tx, [look(typed), look("no reason given")], systemChance));
    await sequencer.integrateNow();
    const bundle = decodeBundle((await files.read(bundlePath(0n, 2))) ?? new Uint8Array(0));
    assert.ok(bundle.ok);
    const [first = "", second = ""] = bundle.value.map((entry) => Buffer.from(entry).toString("utf8"));
    assert.match(first, /"because":"said"/);
    assert.match(second, /"because":"no reason given"/);
    const dump = Buffer.from(`${first}${await sqlDump(db)}`);
    for (const word of ["Zaphodine", "Canariusova", "Elm Street"]) assert.deepEqual(traces(word, dump), [], word);
    assert.equal((await verify()).ok, true);
    const { items } = await auditPage(db, all);
    const shown = await standaloneFields.openKept(
      db,
      items.map(({ because }) => because),
    );
    assert.deepEqual(shown, [typed, "no reason given"]);
    assert.deepEqual(items[0]?.body, { incidentId: incident }, "the sealed form is no part of what is shown");
  },
);

onLog("O04 a sealed reason is found by its words, in any order and case, and by no others", async ({ db }) => {
  await db.transaction().execute((tx) => appendAudit(tx, [look(typed)], systemChance));
  const found = async (ground: string) => (await auditPage(db, { ...all, ground })).items.length;
  assert.deepEqual(
    [
      await found("canariusova"),
      await found("STREET elm"),
      await found("elm oak"),
      await found("canarius"),
      await found("said"),
    ],
    [1, 1, 0, 0, 1],
  );
});

onLog("O04 N04 the reason is committed to, erased with its case, and the record still holds", async (house) => {
  const { db, sequencer, verify } = house;
  const other = look("quite another reason", { body: {} });
  await db.transaction().execute((tx) => appendAudit(tx, [look(typed), other], systemChance));
  await sequencer.integrateNow();
  const entries = await disclosedPage(db, {}, { from: 0, below: 2, limit: 10 });
  const reasons = await reasonsOf(db, standaloneFields, entries);
  const [entry] = entries;
  const reason = reasons.get(entry?.id ?? "");
  assert.equal(reason?.text, typed);
  const body = entry?.body ?? null;
  assert.equal(verifySaid(nodeSha256, body, { text: typed, salt: reason?.salt ?? "" }), true);
  for (const shown of [
    { text: `${typed}!`, salt: reason?.salt ?? "" },
    { text: typed, salt: "00".repeat(32) },
    { text: typed, salt: "" },
    { text: typed, salt: "no hex" },
  ]) {
    assert.equal(verifySaid(nodeSha256, body, shown), false, JSON.stringify(shown));
  }
  const erase = { incidentId: incident, because: "a test" };
  await db.transaction().execute((tx) => eraseIncidentText(tx, standaloneFields, erase));
  const left = await reasonsOf(db, standaloneFields, entries);
  assert.deepEqual(
    [...left.values()].map(({ text }) => text),
    ["quite another reason"],
  );
  assert.equal((await auditPage(db, { ...all, ground: "canariusova" })).items.length, 0);
  assert.equal((await verify()).ok, true, "the log commits to what was erased, and to nothing that reads it");
});

test("O04 a database without a vault takes no reason that a person gave", async () => {
  const db = new Kysely<Schema>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (kysely) => new PostgresIntrospector(kysely),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  });
  const append = db.transaction().execute((tx) => appendAudit(tx, [look(typed)], systemChance));
  await assert.rejects(append, /was given no vault/);
  await db.transaction().execute((tx) => appendAudit(tx, [look("no reason given")], systemChance));
});

test("O04 only words of the program stand in the open", () => {
  for (const because of ["taken up", "verdict true", "severity 0.81 reaches 0.7", "device_key_revoked"]) {
    assert.equal(isPublicReason(because), true, because);
  }
  for (const because of [
    "verdict Zaphodine",
    "severity 0.81 reaches 0.7: Zaphodine left",
    "device_zaphodine",
    "ticket 4711",
    "taken up ",
    "Taken up",
    "",
    "tw1.AAAAAAAAAAAAAAAAAAAAAA.BBBB",
  ]) {
    assert.equal(isPublicReason(because), false, because);
  }
});
