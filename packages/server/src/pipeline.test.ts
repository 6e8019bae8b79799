import { pipelineRig } from "./testing/pipeline-rig.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { countWaiting, settleDeadLetters, waitingSignals } from "./signal/dead-letter-store.ts";
import { savePackContent } from "./decision/decision-store.ts";
import { replayDecision } from "./decision/replay-decision.ts";
import { decisionsAbout } from "./decision/decision-read.ts";
import { LeaseLost, commitCursor, takeLeases } from "./pipeline-store.ts";
import { stageNames } from "./pipeline.ts";
import { systemChance } from "./platform/chance.ts";
import type { OpenDatabase } from "./schema.ts";
import { testFields } from "./testing/fields.ts";
import { testOnDatabases } from "./testing/databases.ts";
import { testPack } from "./testing/pack.ts";
import { noonMs, signalOf } from "./testing/canonical.ts";

const minute = 60_000;
const pack = testPack();
const siteIds = ["S-1", "S-2", "S-3", "S-4", "S-5", "S-6"];
const rigOn = (database: OpenDatabase) => pipelineRig(database, { pack, siteIds });

const loitering = (atMs: number) =>
  signalOf({ type: "person_loitering", deviceId: "C-1", atMs, confidence: 0.86, data: { dwell_seconds: 240 } });
const voided = (atMs: number) => signalOf({ type: "pos_void", deviceId: "T-1", atMs, data: { after_payment: true } });
const alarm = (atMs: number, serial: number) =>
  signalOf({
    type: "eas_alarm",
    deviceId: "G-1",
    atMs,
    data: { direction: "out", tag_count: 1, epcs: [`urn:epc:id:sgtin:9521321.010001.${serial}`] },
  });
const sale = (atMs: number, serial: number) =>
  signalOf({
    type: "pos_sale",
    deviceId: "T-1",
    atMs,
    data: { lines: [{ sku: "WHISKY", epc: `urn:epc:id:sgtin:9521321.010001.${serial}`, quantity: 1 }] },
  });

async function countOf(database: OpenDatabase, table: string): Promise<number> {
  const { rows } = await sql<{ n: number }>`select count(*)::int8 as n from ${sql.table(table)}`.execute(database.db);
  return rows[0]?.n ?? -1;
}

testOnDatabases(
  "D01 C07 a void 20 s after the camera event joins one situation and passes the threshold",
  async (database) => {
    const rig = await rigOn(database);
    const worker = rig.worker();
    await rig.log.append([loitering(noonMs)]);
    await worker.drain();
    await rig.log.append([voided(noonMs + 20_000)]);
    await worker.drain();
    assert.deepEqual(
      rig.scored.map((one) => [one.kind, one.situation.members.length]),
      [
        ["opened", 1],
        ["extended", 2],
      ],
    );
    assert.equal(rig.scored[0]?.situation.id, rig.scored[1]?.situation.id);
    assert.ok((rig.scored[0]?.score.severity ?? 1) < 0.5);
    assert.ok((rig.scored[1]?.score.severity ?? 0) >= 0.9);
    await rig.log.close();
  },
);

testOnDatabases(
  "D05 an exit alarm that no sale explains is a situation; the sale that arrives later takes it back",
  async (database) => {
    const rig = await rigOn(database);
    const worker = rig.worker();
    await rig.log.append([sale(noonMs - minute, 1), alarm(noonMs, 1), alarm(noonMs + minute, 2)]);
    await worker.drain();
    assert.equal(rig.scored.length, 1, "the sold tag opens nothing");
    const severity = rig.scored[0]?.score.severity ?? 0;
    await rig.log.append([sale(noonMs + 3 * minute, 2)]);
    await worker.drain();
    assert.equal(rig.scored[1]?.kind, "extended");
    assert.ok((rig.scored[1]?.score.severity ?? 1) < severity);
    assert.ok(rig.scored[1]?.score.additions.some((addition) => addition.code === "sale_explains"));
    await rig.log.close();
  },
);

testOnDatabases(
  "O01 each decision computes to the same bytes again from its record, and an altered member is named",
  async (database) => {
    const rig = await rigOn(database);
    await savePackContent(database.db, pack.contents, noonMs);
    await rig.log.append([
      loitering(noonMs),
      voided(noonMs + 20_000),
      alarm(noonMs + 40_000, 9),
      sale(noonMs + 50_000, 9),
    ]);
    await rig.worker().drain();
    const situationId = rig.scored[0]?.situation.id ?? "";
    const records = await decisionsAbout(database.db, situationId);
    assert.ok(records.length > 0);
    for (const record of records) {
      const result = await replayDecision(database.db, record.id);
      assert.equal(result.kind, "same", JSON.stringify(result));
    }
    const last = records.at(-1)?.id ?? "";
    await sql`update decision set outputs = replace(outputs, '"level":1', '"level":2') where id = ${last}::uuid`.execute(
      database.db,
    );
    assert.equal((await replayDecision(database.db, last)).kind, "different");
    await sql`update situation_member set body = replace(body::text, '"late":false', '"late":true')::json where ordinal = 0`.execute(
      database.db,
    );
    assert.deepEqual(await replayDecision(database.db, last), { kind: "member_altered", ordinal: 0 });
    assert.equal((await replayDecision(database.db, situationId)).kind, "unknown");
    await rig.log.close();
  },
);

testOnDatabases("B05 D13 a batch that fails on the way is replayed whole and doubles nothing", async (database) => {
  const rig = await rigOn(database);
  await rig.log.append([loitering(noonMs), voided(noonMs + 20_000), loitering(noonMs + 30 * minute)]);
  rig.failures = 2;
  await rig.worker().drain();
  assert.equal(await countOf(database, "situation"), 2);
  assert.equal(await countOf(database, "situation_member"), 3);
  assert.equal(await countOf(database, "dead_letter"), 0);
  const decisions = await countOf(database, "decision");
  assert.equal(await countOf(database, "audit_entry"), decisions);
  await rig.log.close();
});

testOnDatabases(
  "B07 a signal that can never be processed is set aside with its fault, and those behind it go on",
  async (database) => {
    const rig = await rigOn(database);
    await rig.log.append([loitering(noonMs)]);
    rig.failures = 3;
    await rig.worker().drain();
    await rig.log.append([loitering(noonMs + minute)]);
    await rig.worker().drain();
    const { rows } = await sql<{ code: string; message: string }>`select code, message from dead_letter`.execute(
      database.db,
    );
    assert.deepEqual(rows, [{ code: "signal_processing_failed", message: "the disk is full" }]);
    assert.equal(await countOf(database, "situation"), 1);
    const [letter] = await waitingSignals(database.db, 0, 10);
    const settlement = {
      state: "redriven",
      actor: "user:test",
      because: "the disk has room",
      inOwnWords: true,
      atMs: noonMs,
    } as const;
    const desk = { db: database.db, fields: await testFields(database.db), chance: systemChance };
    const redrive = () => settleDeadLetters(desk, { ids: [letter?.id ?? ""], settlement });
    rig.failures = 3;
    assert.equal(await redrive(), 1);
    await rig.worker().drain();
    assert.equal(await countWaiting(database.db), 1, "it failed again and waits again");
    assert.equal(await redrive(), 1);
    await rig.worker().drain();
    assert.equal(await countWaiting(database.db), 0);
    assert.equal(await countOf(database, "situation_member"), 2, "the redriven one was decided on, once");
    await rig.log.close();
  },
);

testOnDatabases(
  "B07 B05 what one shop sends does not stop the others of its round, and is set aside by itself",
  async (database) => {
    const rig = await rigOn(database);
    const at = (siteId: string, atMs: number) =>
      signalOf({
        type: "person_loitering",
        siteId,
        deviceId: "C-1",
        atMs,
        confidence: 0.9,
        data: { dwell_seconds: 240 },
      });
    await rig.log.append(siteIds.map((siteId) => at(siteId, noonMs)));
    rig.poisonedSite = "S-3";
    await rig.worker().drain();
    const { rows } = await sql<{ site: string }>`select signal ->> 'siteId' as site from dead_letter`.execute(
      database.db,
    );
    assert.deepEqual(rows, [{ site: "S-3" }]);
    const placed = await sql<{ site_id: string }>`select site_id from situation order by 1`.execute(database.db);
    assert.deepEqual(
      placed.rows.map((row) => row.site_id),
      siteIds.filter((site) => site !== "S-3"),
    );
    assert.equal(await countOf(database, "decision"), siteIds.length - 1);
    await rig.log.close();
  },
);

testOnDatabases("B05 a lease that was lost cannot commit", async (database) => {
  const [old] = await takeLeases(database.db, "worker-1", 0);
  await new Promise((resolve) => setTimeout(resolve, 10));
  const [young] = await takeLeases(database.db, "worker-2", 60);
  assert.ok(old && young && young.token > old.token);
  const commit = (lease: typeof old) =>
    database.db.transaction().execute((tx) => commitCursor(tx, lease, { seq: 0, leaseSeconds: 60 }));
  await assert.rejects(commit(old), LeaseLost);
  await commit(young);
});

testOnDatabases(
  "B05 B04 appenders and worker at once: every signal is seen exactly once, in the order of its log",
  async (database) => {
    const rig = await rigOn(database);
    const worker = rig.worker();
    worker.start();
    const spread = Array.from({ length: 40 }, (_, index) => loitering(noonMs + index * 20 * minute));
    await Promise.all(spread.map((signal) => rig.log.append([signal, signal])));
    for (let tries = 0; tries < 200 && (await countOf(database, "situation")) < spread.length; tries++) {
      worker.wake();
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    await worker.close();
    assert.equal(await countOf(database, "situation"), spread.length);
    assert.equal(await countOf(database, "situation_member"), spread.length);
    const seen = rig.scored.flatMap((one) => one.addedSignalIds);
    assert.equal(new Set(seen).size, seen.length);
    await rig.log.close();
  },
);

testOnDatabases(
  "A25 B20 windows are rebuilt by replay: a new worker knows the sale that the old one saw",
  async (database) => {
    const rig = await rigOn(database);
    await rig.log.append([sale(noonMs - minute, 5)]);
    const first = rig.worker("worker-1");
    await first.drain();
    await first.close();
    await rig.log.append([alarm(noonMs, 5)]);
    await rig.worker("worker-2").drain();
    assert.equal(rig.scored.length, 0, "the sale from before the restart explains the alarm");
    await rig.log.close();
  },
);

test("B03 the stages have their names once, in order", () => {
  assert.deepEqual(stageNames, ["signal", "enrich", "detect", "correlate", "score", "incident", "respond", "notify"]);
});
