import { pipelineRig, type PipelineRig, type RigGiven } from "./testing/pipeline-rig.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Signal } from "@tillwatch/wire";
import { decisionsAbout } from "./decision/decision-read.ts";
import { savePackContent } from "./decision/decision-store.ts";
import { replayDecision } from "./decision/replay-decision.ts";
import { stands } from "./detect/found.ts";
import type { LoadedPack } from "./pack/load-pack.ts";
import { asShipped } from "./rule/running-rules.ts";
import type { OpenDatabase } from "./schema.ts";
import { noonMs, signalOf } from "./testing/canonical.ts";
import { testOnDatabases } from "./testing/databases.ts";
import { testPack } from "./testing/pack.ts";

const minute = 60_000;

/** Small refunds are nothing by themselves; three of one till within ten minutes are. */
const refunds = `
title: A small refund
name: small_refund
logsource: { product: retail, service: till }
detection: { selection: { event_type: pos_refund, data.amount|lt: 20 }, condition: selection }
---
title: Small refunds in a row
id: 8a3b6f0e-5f1d-4c3a-9d57-1f0a5a9d1c77
correlation:
  type: event_count
  rules: [small_refund]
  group-by: [data.terminal_id]
  timespan: 10m
  condition: { gte: 3 }
level: high
tillwatch: { category: till_fraud, level: 1, points: 4200, says: Small refunds in a row at one till }
`;
const inARow = "8a3b6f0e-5f1d-4c3a-9d57-1f0a5a9d1c77";

type Given = Pick<RigGiven, "running" | "horizonMs">;

/** Enrichment remembers a minute, so that what a restart still knows is what the windows hold. */
const rigOn = (database: OpenDatabase, pack: LoadedPack, given: Given = {}) =>
  pipelineRig(database, { pack, siteIds: ["S-1", "S-2", "S-3"], horizonMs: minute, ...given });

type Refund = {
  readonly till?: string;
  readonly siteId?: string;
  readonly amount?: number;
  readonly receivedAtMs?: number;
};

const refund = (
  atMs: number,
  { till = "T-1", siteId = "S-1", amount = 5, receivedAtMs = atMs + 200 }: Refund = {},
): Signal =>
  signalOf({ type: "pos_refund", siteId, deviceId: "T-1", atMs, receivedAtMs, data: { amount, terminal_id: till } });

const found = ({ scored }: PipelineRig) =>
  scored.flatMap(({ situation }) =>
    situation.members.flatMap(({ detections }) => detections.filter(({ ruleId }) => ruleId === inARow)),
  );

testOnDatabases(
  "C08 a correlation rule opens a situation with the signal that completes it, and says what it counted; a counted rule opens none",
  async (database) => {
    const rig = await rigOn(database, testPack({ rules: refunds }));
    const worker = rig.worker();
    const three = [refund(noonMs), refund(noonMs + minute), refund(noonMs + 2 * minute)];
    await rig.log.append([...three.slice(0, 2), refund(noonMs + 90_000, { till: "T-2" })]);
    await worker.drain();
    assert.equal(rig.scored.length, 0, "two are no row, and one alone is nothing");
    await rig.log.append(three.slice(2));
    await worker.drain();
    assert.deepEqual(
      rig.scored.map(({ kind, situation }) => [kind, situation.members.map(({ signalId }) => signalId)]),
      [["opened", [three[2]?.id]]],
    );
    const [detection] = found(rig);
    assert.deepEqual(detection?.because, [
      { selection: "condition", field: "number of signals", value: "3", pattern: "at least 3 within 10 minutes" },
      { selection: "group-by", field: "data.terminal_id", value: "T-1", pattern: "the same in all 3" },
    ]);
    assert.deepEqual(
      detection.counted?.map(({ signalId, ruleTitle }) => [signalId, ruleTitle]),
      three.map(({ id }) => [id, "A small refund"]),
    );
    assert.equal(rig.scored[0]?.score.additions[0]?.says, "Small refunds in a row at one till");
    await worker.close();
    await rig.log.close();
  },
);

testOnDatabases("C08 each shop counts for itself, and only what the rule groups together", async (database) => {
  const rig = await rigOn(database, testPack({ rules: refunds }));
  const worker = rig.worker();
  const at = [0, 1, 2].map((n) => noonMs + n * minute);
  await rig.log.append([
    ...at.map((atMs, n) => refund(atMs, { siteId: `S-${n + 1}` })),
    ...at.map((atMs, n) => refund(atMs + 5_000, { till: `T-${n + 2}` })),
    ...at.map((atMs) => refund(atMs + 7_000, { till: "T-9", amount: 50 })),
  ]);
  await worker.drain();
  assert.deepEqual(found(rig), []);
  await worker.close();
  await rig.log.close();
});

testOnDatabases(
  "C08 A11 after a restart in the middle of a row the next process counts on from the log, and nothing is found twice",
  async (database) => {
    const rig = await rigOn(database, testPack({ rules: refunds }));
    const times = [0, 4, 9, 9.5].map((n) => noonMs + n * minute);
    for (const [n, atMs] of times.entries()) {
      const worker = rig.worker(`worker-${n}`);
      await rig.log.append([refund(atMs)]);
      await worker.drain();
      await worker.close();
    }
    assert.equal(found(rig).length, 1, "enrichment remembers one minute here; the windows ten");
    await rig.log.close();
  },
);

testOnDatabases(
  "C08 A11 after a restart the signals of a slow clock lie where they lay before, though what showed the clock is older than the windows",
  async (database) => {
    const rig = await rigOn(database, testPack({ rules: refunds }), { horizonMs: 45 * minute });
    // The till's clock is twelve minutes behind: by itself a refund would lie outside of the row.
    const times = (offset: number) => ({
      atMs: noonMs + (offset - 12) * minute,
      receivedAtMs: noonMs + offset * minute,
    });
    const behind = (offset: number) => refund(times(offset).atMs, times(offset));
    const sold = (offset: number) => signalOf({ type: "pos_sale", deviceId: "T-1", ...times(offset) });
    const first = rig.worker("worker-1");
    await rig.log.append([sold(-42), sold(-41), sold(-40), behind(0), behind(5)]);
    await first.drain();
    await first.close();
    const second = rig.worker("worker-2");
    await rig.log.append([behind(9)]);
    await second.drain();
    assert.equal(found(rig)[0]?.counted?.length, 3);
    await second.close();
    await rig.log.close();
  },
);

testOnDatabases(
  "C08 a batch that fails leaves nothing counted, and is counted once when it succeeds",
  async (database) => {
    const rig = await rigOn(database, testPack({ rules: refunds }));
    const worker = rig.worker();
    await rig.log.append([refund(noonMs), refund(noonMs + minute)]);
    await worker.drain();
    rig.failures = 1;
    await rig.log.append([refund(noonMs + 2 * minute), refund(noonMs + 3 * minute)]);
    for (let n = 0; n < 3; n++) await worker.drain();
    const [detection, another] = found(rig);
    assert.equal(detection?.counted?.length, 3);
    assert.equal(another, undefined);
    await worker.close();
    await rig.log.close();
  },
);

testOnDatabases("C08 B08 what comes more than a quarter of an hour late is not counted", async (database) => {
  const rig = await rigOn(database, testPack({ rules: refunds }));
  const worker = rig.worker();
  const nowMs = noonMs + 20 * minute;
  await rig.log.append([0, 1, 2].map((n) => refund(noonMs + n * minute, { receivedAtMs: nowMs + n })));
  await worker.drain();
  assert.deepEqual(found(rig), []);
  assert.equal(
    worker.counted.reduce((sum, { losses }) => sum + losses.late, 0),
    3,
  );
  await worker.close();
  await rig.log.close();
});

testOnDatabases(
  "C08 O09 a decision by a correlation computes again to the same bytes, and is refused when altered",
  async (database) => {
    const pack = testPack({ rules: refunds });
    await savePackContent(database.db, pack.contents, noonMs);
    const rig = await rigOn(database, pack);
    const worker = rig.worker();
    await rig.log.append([0, 1, 2].map((n) => refund(noonMs + n * minute)));
    await worker.drain();
    const [scored] = rig.scored;
    assert.ok(scored !== undefined);
    const decisions = await decisionsAbout(database.db, scored.situation.id);
    assert.equal(decisions.length, 1);
    for (const { id } of decisions) assert.equal((await replayDecision(database.db, id)).kind, "same");
    const [recorded] = scored.situation.members[0]?.found ?? [];
    const correlation = pack.rulebook.rules.correlations.get(inARow);
    assert.ok(recorded !== undefined && correlation !== undefined);
    assert.ok(stands(recorded, correlation));
    assert.ok(!stands({ ...recorded, value: 2, count: 2 }, correlation), "too few");
    assert.ok(!stands({ ...recorded, count: 2 }, correlation), "more are listed than were counted");
    assert.ok(!stands({ ...recorded, atMs: recorded.atMs + 10 * minute }, correlation), "outside of the window");
    await worker.close();
    await rig.log.close();
  },
);

testOnDatabases(
  "C08 in whatever order signals arrive within the lateness, as many rows are found as in order",
  async (database) => {
    const pack = testPack({ rules: refunds });
    const offsets = [0, 3, 6, 30, 33, 36, 39];
    const rig = await rigOn(database, pack);
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(offsets, { minLength: offsets.length }), async (order) => {
        // Each run in a day of its own. Arrival is a quarter of an hour after the last of them at most.
        run += 1;
        const dayMs = noonMs + run * 24 * 60 * minute;
        const till = `T-${run}`;
        const early = order.filter((offset) => offset < 10);
        const late = order.filter((offset) => offset >= 10);
        const worker = rig.worker(`worker-${run}`);
        for (const [group, arrivedMs] of [
          [early, dayMs + 7 * minute],
          [late, dayMs + 40 * minute],
        ] as const) {
          for (const offset of group) {
            await rig.log.append([refund(dayMs + offset * minute, { till, receivedAtMs: arrivedMs, siteId: "S-2" })]);
            await worker.drain();
          }
        }
        await worker.close();
        const rows = found(rig).filter(({ because }) => because.some(({ value }) => value === till));
        assert.equal(rows.length, 2);
      }),
      { numRuns: 6 },
    );
    await rig.log.close();
  },
);

testOnDatabases(
  "C08 when rules change between two rounds, what was counted before is counted by the new ones, once",
  async (database) => {
    const before = testPack();
    const after = testPack({ rules: refunds });
    let pack = before;
    const rig = await rigOn(database, after, { running: () => asShipped(pack) });
    const worker = rig.worker();
    await rig.log.append([refund(noonMs), refund(noonMs + minute)]);
    await worker.drain();
    pack = after;
    await rig.log.append([refund(noonMs + 2 * minute)]);
    await worker.drain();
    assert.equal(found(rig)[0]?.counted?.length, 3);
    pack = before;
    await rig.log.append([refund(noonMs + 30 * minute)]);
    await worker.drain();
    pack = after;
    await rig.log.append([refund(noonMs + 31 * minute)]);
    await worker.drain();
    assert.equal(found(rig).length, 1, "two in the new window, however often the rules changed");
    await worker.close();
    await rig.log.close();
  },
);

test("C08 a pack without correlations replays no more of the log than before", () => {
  assert.equal(testPack().rulebook.rules.timespanMs, 0);
});
