import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { sql } from "kysely";
import type { Verdict } from "@tillwatch/wire";
import { replayDecision } from "../decision/replay-decision.ts";
import type { Tx, OpenDatabase } from "../schema.ts";
import { noonMs, signalOf } from "../testing/canonical.ts";
import { testOnDatabases } from "../testing/databases.ts";
import { exitAlarm, jammedRule, noiseHouse, shopRules, voidedSale, type NoiseHouse } from "../testing/noise-house.ts";
import { testPack } from "../testing/pack.ts";
import { dismissalSwitch, noteRuleVerdicts, turnDismissals } from "./dismissal-store.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const inHouse =
  (run: (house: NoiseHouse) => Promise<void>) =>
  async (database: OpenDatabase, context: TestContext): Promise<void> =>
    run(await noiseHouse(context, database));

/** An exit alarm and a voided sale at this hour: an incident. Answers what the score came to. */
async function crime(house: NoiseHouse, atMs: number) {
  house.time.nowMs = atMs + 10 * minute;
  await house.signal(exitAlarm(`a${atMs}`, atMs), voidedSale(`b${atMs}`, atMs + minute));
  const scored = house.scored.at(-1);
  assert.ok(scored !== undefined);
  return scored.score;
}

async function judged(house: NoiseHouse, verdict: Verdict, atMs: number): Promise<void> {
  const last = (await house.cases()).at(-1);
  assert.ok(last !== undefined);
  const said = [{ incidentId: last.id, verdict, atMs }];
  await house.db.transaction().execute((tx: Tx) => noteRuleVerdicts(tx, said));
}

const lowered = ({ additions }: Awaited<ReturnType<typeof crime>>) =>
  additions.filter(({ code }) => code.startsWith("dismissed."));

async function allReplayTheSame({ db }: NoiseHouse): Promise<void> {
  const { rows } = await sql<{ id: string }>`select id::text from decision`.execute(db);
  assert.ok(rows.length > 0);
  for (const { id } of rows) assert.equal((await replayDecision(db, id)).kind, "same");
}

testOnDatabases(
  "E04 D01 what people dismissed again and again at a place ranks lower there, says so, opens all the same, and replays the same",
  inHouse(async (house) => {
    const first = await crime(house, noonMs);
    await judged(house, "false", noonMs + hour);
    for (const n of [1, 2, 3]) {
      await crime(house, noonMs + n * day);
      await judged(house, "false", noonMs + n * day + hour);
    }
    const last = await crime(house, noonMs + 4 * day);
    assert.ok(last.severity < first.severity && last.severity >= 0.9, `${last.severity} after ${first.severity}`);
    const [reason] = lowered(last);
    assert.match(reason?.says ?? "", /^Dismissed 4 of 4 times in 30 days here: /);
    assert.equal(reason?.kind, "exculpatory");
    assert.ok((reason?.milliLogOdds ?? 0) < 0);
    assert.equal(
      last.additions.reduce((sum, { milliLogOdds }) => sum + milliLogOdds, 0),
      last.totalMilliLogOdds,
    );
    assert.equal((await house.cases()).at(-1)?.state, "open", "nothing is hidden by it");
    assert.equal(house.told.length, 5);
    await allReplayTheSame(house);
  }),
);

testOnDatabases(
  "E04 one true verdict takes it back, and it decays with time",
  inHouse(async (house) => {
    for (const n of [0, 1, 2, 3]) {
      await crime(house, noonMs + n * day);
      await judged(house, "false", noonMs + n * day + hour);
    }
    const soon = await crime(house, noonMs + 4 * day);
    assert.ok(lowered(soon).length > 0);
    const weeks = await crime(house, noonMs + 20 * day);
    const points = (score: typeof soon) => lowered(score).reduce((sum, { milliLogOdds }) => sum + milliLogOdds, 0);
    assert.ok(points(weeks) > points(soon), "older dismissals take less");
    assert.deepEqual(lowered(await crime(house, noonMs + 40 * day)), [], "and in the end nothing");
    for (const n of [41, 42, 43]) {
      await crime(house, noonMs + n * day);
      await judged(house, "false", noonMs + n * day + hour);
    }
    assert.ok(lowered(await crime(house, noonMs + 44 * day)).length > 0);
    await judged(house, "true", noonMs + 44 * day + hour);
    assert.deepEqual(lowered(await crime(house, noonMs + 45 * day)), []);
    await allReplayTheSame(house);
  }),
);

testOnDatabases("E04 level 2 is never lowered, however often it was dismissed", async (database, context) => {
  const house = await noiseHouse(context, database, testPack({ rules: jammedRule }));
  const jam = async (atMs: number) => {
    house.time.nowMs = atMs + minute;
    await house.signal(signalOf({ type: "eas_gate_jammed", name: `j${atMs}`, deviceId: "G-1", atMs }));
    const score = house.scored.at(-1)?.score;
    return [score?.severity, score?.additions.map(({ code, milliLogOdds }) => [code, milliLogOdds])];
  };
  const first = await jam(noonMs);
  await judged(house, "false", noonMs + hour);
  for (const n of [1, 2, 3, 4, 5]) {
    assert.deepEqual(await jam(noonMs + n * day), first);
    await judged(house, "false", noonMs + n * day + hour);
  }
});

testOnDatabases(
  "E04 the switch turns it off and on again, and the last verdict of a case is the one that counts",
  inHouse(async (house) => {
    for (const n of [0, 1, 2]) {
      await crime(house, noonMs + n * day);
      await judged(house, "false", noonMs + n * day + hour);
    }
    const turn = (isOn: boolean) =>
      house.db.transaction().execute((tx) => turnDismissals(tx, { isOn, nowMs: noonMs, by: "user:anna" }));
    assert.equal(await turn(true), false, "it is on without anybody's doing");
    assert.equal(await turn(false), true);
    assert.deepEqual(await dismissalSwitch(house.db), { isOn: false, at: new Date(noonMs), by: "user:anna" });
    assert.deepEqual(lowered(await crime(house, noonMs + 3 * day)), []);
    assert.equal(await turn(true), true);
    assert.ok(lowered(await crime(house, noonMs + 4 * day)).length > 0);
    await sql`update rule_verdict set verdict = 'unsure' where rule_id = ${shopRules.exit}`.execute(house.db);
    const codes = lowered(await crime(house, noonMs + 5 * day)).map(({ code }) => code);
    assert.deepEqual(codes, [`dismissed.${shopRules.voided}`]);
    await allReplayTheSame(house);
  }),
);
