import { pipelineRig } from "../testing/pipeline-rig.ts";
import assert from "node:assert/strict";
import type { Signal } from "@tillwatch/wire";
import { decisionsAbout } from "../decision/decision-read.ts";
import { savePackContent } from "../decision/decision-store.ts";
import { replayDecision } from "../decision/replay-decision.ts";
import { detectByModels } from "../detect/model-detections.ts";
import { Directory } from "../enrich/directory.ts";
import { enrich } from "../enrich/enrich.ts";
import { SiteMemory } from "../enrich/site-memory.ts";
import type { ScoredSituation } from "../flow.ts";
import type { OpenDatabase } from "../schema.ts";
import { noonMs, signalOf } from "../testing/canonical.ts";
import { testOnDatabases } from "../testing/databases.ts";
import { testPack } from "../testing/pack.ts";
import { switchModel } from "./model-switch-store.ts";
import { ModelWatch } from "./model-watch.ts";

const minute = 60_000;
const horizonMs = 80 * minute;
const modelId = "site-windows";
const pack = testPack({ models: true });
const directory = new Directory(pack.directory);
const enrichPolicy = { explain: pack.policy.explain, lateAfterMs: 2 * minute };

async function rigOn(database: OpenDatabase) {
  const modelWatch = new ModelWatch();
  const setAside = async (_tx: unknown, _signal: Signal, fault: string) => {
    throw new Error(fault);
  };
  const rig = await pipelineRig(database, { pack, horizonMs, modelWatch, setAside });
  const turn = (isOn: boolean) =>
    database.db.transaction().execute((tx) => switchModel(tx, { modelId, isOn, atMs: noonMs, by: "user:test" }));
  return Object.assign(rig, { turn, modelWatch });
}

const entry = (atMs: number, siteId = "S-1") =>
  signalOf({
    siteId,
    type: "person_detected",
    deviceId: "C-1",
    atMs,
    confidence: 0.9,
    data: { person_count: 1, direction: "in" },
  });

/** Somebody every few minutes, then eight within ten seconds. */
function afternoon(): readonly Signal[] {
  const before = Array.from({ length: 12 }, (_, at) => entry(noonMs - 50 * minute + at * 4 * minute));
  return [...before, ...Array.from({ length: 8 }, (_, at) => entry(noonMs + at * 1_200))];
}

/** What each signal's windows say, by one memory that saw everything in order: what any crash must come back to. */
function expected(signals: readonly Signal[]): ReadonlyMap<string, number | null> {
  const memory = new SiteMemory(horizonMs);
  return new Map(
    signals.map((signal) => {
      const { enriched, remembered } = enrich(signal, { directory, memory, policy: enrichPolicy, olderSales: [] });
      memory.remember(remembered);
      const [found] = detectByModels({ signalId: signal.id, view: enriched.view }, pack.models);
      return [signal.id, found?.model?.anomaly ?? null];
    }),
  );
}

function modelAnomalies(scored: readonly ScoredSituation[]): ReadonlyMap<string, number> {
  const members = scored.flatMap(({ situation }) => situation.members);
  return new Map(
    members.flatMap(({ signalId, detections }) =>
      detections.flatMap(({ model }) => (model === undefined ? [] : [[signalId, model.anomaly] as const])),
    ),
  );
}

function oddIn(signals: readonly Signal[]): ReadonlyMap<string, number> {
  return new Map([...expected(signals)].flatMap(([id, anomaly]) => (anomaly === null ? [] : [[id, anomaly] as const])));
}

testOnDatabases("C06 eight entries in ten seconds become a situation although no rule matches", async (database) => {
  const rig = await rigOn(database);
  const signals = afternoon();
  await rig.log.append(signals);
  await rig.worker("worker-1").drain();
  const found = modelAnomalies(rig.scored);
  assert.ok(found.size > 0);
  const [ready] = pack.models;
  assert.ok(ready !== undefined);
  assert.deepEqual(rig.modelWatch.scored(ready), { windows: signals.length, odd: found.size });
  assert.deepEqual(found, oddIn(signals));
  const last = rig.scored.at(-1);
  const rules = last?.situation.members.flatMap(({ detections }) => detections.map(({ ruleId }) => ruleId)) ?? [];
  assert.deepEqual(new Set(rules), new Set([`model:${modelId}`]));
  // On the watch list, and no incident: no model opens one by itself.
  assert.ok((last?.score.severity ?? 0) >= (last?.watchFloor ?? 1));
  assert.ok((last?.score.severity ?? 1) < (last?.threshold ?? 0));
  assert.equal(last?.score.category, "organised_theft");
  await rig.log.close();
});

testOnDatabases("C06 B05 crashes and new workers within the burst change nothing that is found", async (database) => {
  const rig = await rigOn(database);
  const signals = afternoon();
  const [calm, burst] = [signals.slice(0, 12), signals.slice(12)];
  await rig.log.append(calm);
  const first = rig.worker("worker-0");
  await first.drain();
  await first.close();
  for (const [at, signal] of burst.entries()) {
    await rig.log.append([signal, signal]); // and it comes twice
    rig.failures = at % 3 === 1 ? 1 : 0; // what fails is carried through again
    const worker = rig.worker(`worker-${at + 1}`);
    await worker.drain();
    await worker.close();
  }
  const found = modelAnomalies(rig.scored);
  assert.ok(found.size > 0);
  assert.deepEqual(found, oddIn(signals));
  await rig.log.close();
});

testOnDatabases(
  "C12 O01 a decision by a model computes to the same bytes again, also after it was turned off",
  async (database) => {
    const rig = await rigOn(database);
    await savePackContent(database.db, pack.contents, noonMs);
    await rig.log.append(afternoon());
    await rig.worker("worker-1").drain();
    const situationId = rig.scored[0]?.situation.id ?? "";
    const records = await decisionsAbout(database.db, situationId);
    assert.ok(records.some(({ outputs }) => outputs.includes('"anomaly"')));
    assert.ok(records.every(({ inputs }) => inputs.includes(`"on":["model:${modelId}"]`)));
    await rig.turn(false);
    for (const { id } of records) assert.equal((await replayDecision(database.db, id)).kind, "same");
    await rig.log.close();
  },
);

/** Somebody every two seconds for twelve minutes, and a panic button in the middle of it. */
function denseMinutes(siteId: string): readonly Signal[] {
  const people = Array.from({ length: 360 }, (_, at) => entry(noonMs + at * 2_000, siteId));
  return [...people, signalOf({ siteId, type: "panic_button", deviceId: "P-1", atMs: noonMs + 6 * minute })];
}

/** When what a model found was taken as evidence, in order, without what a rule found as well. */
function evidenceOfModel(scored: readonly ScoredSituation[]): readonly number[] {
  const last = new Map(scored.map(({ situation }) => [situation.id, situation]));
  const members = [...last.values()].flatMap((situation) => situation.members);
  return members
    .filter(({ role, detections }) => role === "evidence" && detections.every(({ model }) => model !== undefined))
    .map(({ correctedAtMs }) => correctedAtMs)
    .sort((a, b) => a - b);
}

testOnDatabases(
  "C06 an odd stretch is told once and again every five minutes, not by each of its signals, whatever their order and however often it crashes",
  async (database) => {
    const ways = {
      "in order": (signals: readonly Signal[]) => signals,
      "each minute backwards": (signals: readonly Signal[]) =>
        [...Map.groupBy(signals, ({ occurredAt }) => Math.floor(Date.parse(occurredAt) / minute)).values()].flatMap(
          (one) => one.toReversed(),
        ),
    };
    for (const [says, way] of Object.entries(ways)) {
      const rig = await rigOn(database);
      await savePackContent(database.db, pack.contents, noonMs);
      const siteId = says === "in order" ? "S-1" : "S-2";
      const signals = way(denseMinutes(siteId));
      for (let at = 0; at < signals.length; at += 40) {
        await rig.log.append(signals.slice(at, at + 40));
        rig.failures = at % 120 === 40 ? 1 : 0;
        const worker = rig.worker(`worker-${siteId}-${at}`);
        await worker.drain();
        await worker.close();
      }
      const told = evidenceOfModel(rig.scored);
      assert.ok(told.length >= 2 && told.length <= 4, `${says}: ${told.length} of ${signals.length}`);
      const apart = told.slice(1).map((at, index) => at - (told[index] ?? 0));
      assert.ok(Math.min(...apart) >= 5 * minute, `${says}: ${apart.join(", ")}`);
      assert.ok(rig.scored.length < 60, `${rig.scored.length} decisions about ${signals.length} signals`);
      const panic = rig.scored.flatMap(({ situation }) =>
        situation.members.filter(({ type }) => type === "panic_button"),
      );
      assert.ok(panic.length > 0 && panic.every(({ role }) => role === "evidence"), "a rule found it too");
      for (const { decisionId } of rig.scored)
        assert.equal((await replayDecision(database.db, decisionId)).kind, "same", says);
      await rig.log.close();
    }
  },
);

testOnDatabases(
  "C18 a model that is turned off finds nothing from the next batch on, and rules go on",
  async (database) => {
    const rig = await rigOn(database);
    await savePackContent(database.db, pack.contents, noonMs);
    assert.equal(await rig.turn(true), false, "it is on anyway");
    assert.equal(await rig.turn(false), true);
    assert.equal(await rig.turn(false), false, "it was off already");
    const panic = signalOf({ type: "panic_button", deviceId: "P-1", atMs: noonMs + 20_000 });
    await rig.log.append([...afternoon(), panic]);
    const worker = rig.worker("worker-1");
    await worker.drain();
    assert.equal(modelAnomalies(rig.scored).size, 0);
    assert.equal(rig.scored.length, 1, "the panic button");
    const [record] = await decisionsAbout(database.db, rig.scored[0]?.situation.id ?? "");
    assert.ok(record !== undefined && !record.inputs.includes("model"));
    // What was decided without the model is computed again without it, although it is on by then.
    assert.equal(await rig.turn(true), true);
    assert.equal((await replayDecision(database.db, record.id)).kind, "same");
    await rig.log.append([entry(noonMs + 21_000)]);
    await worker.drain();
    assert.ok(modelAnomalies(rig.scored).size > 0);
    await rig.log.close();
  },
);

testOnDatabases(
  "C14 what the pipeline gives a model is counted, and a feature that moved is named",
  async (database) => {
    const rig = await rigOn(database);
    const [ready] = pack.models;
    assert.ok(ready !== undefined);
    const verdictOf = (name: string) => rig.modelWatch.drift(ready).find(({ feature }) => feature === name)?.verdict;
    assert.equal(verdictOf("voids_30m"), "too_few");
    // A void a second: no shop of the training was like that.
    const voids = Array.from({ length: 600 }, (_, at) =>
      signalOf({ type: "pos_void", deviceId: "T-1", atMs: noonMs + at * 1_000 }),
    );
    await rig.log.append(voids);
    await rig.worker("worker-1").drain();
    assert.equal(rig.modelWatch.scored(ready).windows, 600);
    assert.equal(verdictOf("voids_30m"), "drifted");
    await rig.log.close();
  },
);
