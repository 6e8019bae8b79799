import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import type { AuditQuestion } from "@tillwatch/wire";
import { systemChance } from "../platform/chance.ts";
import type { OpenDatabase } from "../schema.ts";
import { freshPglite, testOnDatabases } from "../testing/databases.ts";
import { onLog } from "../testing/log-house.ts";
import { appendAudit, type AuditRecord } from "./audit-append.ts";
import { incidentOf, kindsAsked, purposeOf } from "./audit-question.ts";
import { filterOf } from "./audit-question-http.ts";
import { auditPage, kindsRecorded } from "./audit-read.ts";

const noon = Date.parse("2026-11-20T12:00:00.000Z");
const incident = "11111111-1111-4111-8111-111111111111";
const clip = "22222222-2222-4222-8222-222222222222";
const packet = "33333333-3333-4333-8333-333333333333";
const entry = (id: string, over: Partial<AuditRecord>): AuditRecord => ({
  kind: "test.happened",
  actor: "machine",
  subject: { kind: "thing", id },
  because: "a_code",
  atMs: noon,
  body: {},
  ...over,
});

const records: readonly AuditRecord[] = [
  entry("0", {
    kind: "exhibit.accessed",
    actor: "user:anna",
    subject: { kind: "exhibit", id: clip },
    because: "Theft of razors, case with the police",
    body: { incidentId: incident, purpose: "investigation" },
  }),
  entry("1", { kind: "exhibit.received", subject: { kind: "exhibit", id: clip }, body: { incidentId: incident } }),
  entry("2", {
    kind: "packet.released",
    actor: "user:berta",
    subject: { kind: "packet", id: packet },
    because: "Asked for by counsel",
    atMs: noon + 60_000,
    body: { incidentId: incident, purpose: "legal" },
  }),
  entry("3", {
    kind: "incident.verdict",
    actor: "user:anna",
    subject: { kind: "incident", id: incident },
    because: "She paid at another till",
    atMs: noon + 120_000,
  }),
  entry("4", { kind: "directory.changed", actor: "user:admin", because: "set by API", atMs: noon + 180_000 }),
];

async function filled(database: OpenDatabase): Promise<void> {
  await database.db.transaction().execute((tx) => appendAudit(tx, records, systemChance));
}

async function asked(database: OpenDatabase, question: AuditQuestion): Promise<readonly string[]> {
  const page = await auditPage(database.db, { ...filterOf(question), order: "oldest", limit: 50 });
  return page.items.map((item) => `${item.actor} ${item.kind}`);
}

const cases: readonly {
  readonly says: string;
  readonly question: AuditQuestion;
  readonly answer: readonly number[];
}[] = [
  { says: "everything", question: {}, answer: [0, 1, 2, 3, 4] },
  { says: "who saw this clip", question: { subject: clip, did: "saw" }, answer: [0] },
  { says: "who released what", question: { did: "released" }, answer: [2] },
  { says: "who decided", question: { did: "decided" }, answer: [2, 3] },
  { says: "who changed", question: { did: "changed" }, answer: [3, 4] },
  { says: "everything about one incident", question: { incident }, answer: [0, 1, 2, 3] },
  { says: "what did Anna do", question: { actor: "user:anna" }, answer: [0, 3] },
  { says: "an area", question: { area: "exhibit" }, answer: [0, 1] },
  { says: "a verb of an area", question: { area: "exhibit", verb: "received" }, answer: [1] },
  { says: "a purpose", question: { purpose: "legal" }, answer: [2] },
  { says: "words of a ground, in any order and case", question: { ground: "RAZORS theft" }, answer: [0] },
  { says: "words of which one is missing", question: { ground: "razors counsel" }, answer: [] },
  { says: "codes of the machine are no grounds", question: { ground: "a_code" }, answer: [] },
  { says: "a kind that never was", question: { kind: "nothing.done" }, answer: [] },
  { says: "a time", question: { from: "2026-11-20T12:01:00Z", to: "2026-11-20T12:02:00Z" }, answer: [2] },
  { says: "a subject of another kind", question: { subject: clip, subjectKind: "incident" }, answer: [] },
  { says: "an incident that is none", question: { incident: "' or 1=1 --" }, answer: [] },
];

testOnDatabases(
  "O03 O04 O05 one question finds who saw, changed, released, decided what, and why",
  async (database) => {
    await filled(database);
    for (const { says, question, answer } of cases) {
      const expected = answer.map((at) => `${records[at]?.actor} ${records[at]?.kind}`);
      assert.deepEqual(await asked(database, question), expected, says);
    }
  },
);

test("O03 decisions that led to an incident belong to it", async () => {
  const database = await freshPglite();
  try {
    const situation = "44444444-4444-4444-8444-444444444444";
    const { db } = database;
    await sql`insert into taxonomy values ('v', '{}', '', now())`.execute(db);
    await sql`insert into incident (id, ref, situation_id, state, level, category, taxonomy_version, site_id, occurred_at,
      opened_at, updated_at, severity, signal_count, evidence, person_fields, version)
      values (${incident}, 'TW-1', ${situation}, 'open', 1, 'x', 'v', 'S', now(), now(), now(), 0.9, 1, '[]', '[]', 1)`.execute(
      db,
    );
    const made = entry("5", { kind: "decision.made", subject: { kind: "situation", id: situation } });
    await db.transaction().execute((tx) => appendAudit(tx, [made], systemChance));
    assert.deepEqual(await asked(database, { incident }), ["machine decision.made"]);
  } finally {
    await database.close();
  }
});

testOnDatabases("O05 pages follow each other in both orders without a gap", async (database) => {
  await filled(database);
  for (const order of ["newest", "oldest"] as const) {
    const found: string[] = [];
    let cursor: number | undefined;
    for (let pages = 0; pages < 10; pages += 1) {
      const page = await auditPage(database.db, { order, cursor, limit: 2 });
      found.push(...page.items.map((item) => item.kind));
      if (page.next === null) break;
      cursor = page.next;
    }
    const expected = records.map((record) => record.kind);
    assert.deepEqual(found, order === "oldest" ? expected : expected.toReversed());
  }
  assert.deepEqual(await kindsRecorded(database.db), [...new Set(records.map((record) => record.kind))].sort());
});

test("O03 a time that is none is refused by name", () => {
  for (const from of ["yesterday", "2026-13-01", "20261120"]) {
    assert.throws(() => filterOf({ from }), { code: "audit_filter_malformed" });
  }
});

test("O03 kinds follow from what people ask", () => {
  const known = ["exhibit.accessed", "exhibit.received", "packet.released", "odd"];
  assert.equal(kindsAsked({ actor: "x" }, known), null);
  assert.deepEqual(kindsAsked({ area: "odd" }, known), ["odd"]);
  assert.deepEqual(kindsAsked({ did: "saw", area: "packet" }, known), []);
});

test("O03 the incident of an entry is its subject or the first that its body names, and no text that looks like one", () => {
  const thing = { kind: "thing", id: "t" };
  assert.equal(incidentOf(thing, `{"a":{"incidentId":"${incident}"},"incidentId":"${clip}"}`), incident);
  assert.equal(incidentOf(thing, `{"note":"\\"incidentId\\":\\"${incident}\\""}`), null);
  assert.equal(incidentOf(thing, '{"incidentId":"not-an-id"}'), null);
  assert.equal(incidentOf({ kind: "incident", id: clip }, `{"incidentId":"${incident}"}`), clip);
  assert.equal(purposeOf('{"purpose":"legal"}'), "legal");
  assert.deepEqual([incidentOf(thing, null), purposeOf(null)], [null, null]);
});

onLog("O05 a row that is hidden from a question is named by the verification", async ({ db, sequencer, verify }) => {
  await db.transaction().execute((tx) => appendAudit(tx, records, systemChance));
  await sequencer.integrateNow();
  assert.deepEqual((await verify()).problems, []);
  await sql`update audit_entry set incident_id = ${packet} where kind = 'exhibit.accessed'`.execute(db);
  await sql`update audit_entry set purpose = null where kind = 'packet.released'`.execute(db);
  const { problems } = await verify();
  assert.equal(problems.length, 2);
  assert.match(problems[0]?.says ?? "", /found under incident/);
  assert.match(problems[1]?.says ?? "", /found under purpose "none"/);
});
