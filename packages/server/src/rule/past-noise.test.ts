import assert from "node:assert/strict";
import { test } from "node:test";
import type { Verdict } from "@tillwatch/wire";
import type { Situation } from "../flow.ts";
import { noonMs } from "../testing/canonical.ts";
import { PastNoise, type CaseVerdict } from "./past-noise.ts";

const hour = 3_600_000;
const changed = [
  { situation: { siteId: "S-1", members: [{ detections: [{ ruleId: "r-1" }] }] } as unknown as Situation },
];
const verdict = (incidentId: string, said: Verdict, atMs: number): CaseVerdict => ({
  incidentId,
  ruleId: "r-1",
  zoneId: null,
  verdict: said,
  atMs,
});
const noise = (verdicts: readonly CaseVerdict[], turns: readonly { on: boolean; atMs: number }[] = [], isOn = true) =>
  new PastNoise(async () => ({ silences: [], verdicts }), { turns, isOn });
const saidAt = async (past: PastNoise, nowMs: number) =>
  ((await past.verdictsOf(changed, nowMs)).get("S-1") ?? []).map((one) => one.verdict);

test("C10 E04 of a case the verdict counts that was the last one then, and none of later", async () => {
  const past = noise([
    verdict("i-1", "false", noonMs),
    { ...verdict("i-2", "false", noonMs + hour), ruleId: "r-other" },
    verdict("i-1", "true", noonMs + 2 * hour),
  ]);
  assert.deepEqual(await saidAt(past, noonMs - 1), []);
  assert.deepEqual(await saidAt(past, noonMs + hour), ["false"]);
  assert.deepEqual(await saidAt(past, noonMs + 2 * hour), ["true"]);
});

test("C10 E04 while the switch was off nothing was lowered, whatever it says now", async () => {
  const turns = [
    { on: false, atMs: noonMs + hour },
    { on: true, atMs: noonMs + 3 * hour },
  ];
  const past = noise([verdict("i-1", "false", noonMs)], turns);
  assert.deepEqual(past.unknown, []);
  const said = [0.5, 1, 2.9, 3].map((hours) => saidAt(past, noonMs + hours * hour));
  assert.deepEqual(await Promise.all(said), [["false"], [], [], ["false"]]);
});

test("C10 E04 where the record does not say when the switch was turned, it is taken as it stands and said to be unknown", async () => {
  const past = noise([verdict("i-1", "false", noonMs)], [], false);
  assert.deepEqual(past.unknown, ["dismissal_switch"]);
  assert.deepEqual(await saidAt(past, noonMs + hour), []);
  const on = noise([verdict("i-1", "false", noonMs)], [{ on: false, atMs: noonMs }], true);
  assert.deepEqual([on.unknown, await saidAt(on, noonMs + hour)], [["dismissal_switch"], ["false"]]);
});

test("C10 each site is read once", async () => {
  let reads = 0;
  const past = new PastNoise(
    async () => {
      reads += 1;
      return { silences: [], verdicts: [] };
    },
    { turns: [], isOn: true },
  );
  await Promise.all([past.silencesOf(changed), past.verdictsOf(changed, noonMs), past.silencesOf(changed)]);
  assert.equal(reads, 1);
});
