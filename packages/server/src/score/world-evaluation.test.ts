import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { describe, it } from "node:test";
import { createWorld, evaluate } from "@tillwatch/sim";
import { loadPack } from "../pack/load-pack.ts";
import { readPackFiles } from "../pack/pack-files.ts";
import { incidentsOf, runWorld, signalIdOf } from "../testing/world-run.ts";

const startMs = Date.parse("2026-03-24T00:00:00Z");
const hours = 30;

function shippedPack() {
  const folder = fileURLToPath(new URL("../../../../pack/retail", import.meta.url));
  const loaded = loadPack(readPackFiles(folder));
  assert.ok(loaded.ok, loaded.ok ? "" : JSON.stringify(loaded.error));
  return loaded.value;
}

function evaluated(seed: number) {
  const pack = shippedPack();
  const world = createWorld({ seed, directory: pack.directory, startMs, crimesPerHour: 0.5 });
  const found = runWorld(world.deliveries(startMs + hours * 3_600_000), pack);
  return {
    found,
    crimes: world.truth(),
    ...evaluate({ crimes: world.truth(), incidents: incidentsOf(found), signalIdOf }),
  };
}

describe("the shipped pack against a world whose truth is known", () => {
  const result = evaluated(20);
  const { total } = result;

  it("C07 most crimes become incidents, and nearly all incidents are crimes", () => {
    assert.ok(total.crimes > 30, `${total.crimes} crimes`);
    assert.ok((total.recall ?? 0) >= 0.75, `recall ${total.recall}`);
    assert.ok((total.precision ?? 0) >= 0.85, `precision ${total.precision}`);
    assert.ok((total.categoryRight ?? 0) >= 0.9, `category ${total.categoryRight}`);
    assert.ok((total.medianSecondsToDetection ?? 9e9) < 300, `median ${total.medianSecondsToDetection} s`);
  });

  it("C07 the fused score has fewer false alarms than its sources by themselves, and finds as much", () => {
    const alone = singleSourceAlarms(result, ["medium", "high", "critical"]);
    const strict = singleSourceAlarms(result, ["high", "critical"]);
    const fused = { falseShare: result.falseIncidents.length / total.incidents, crimes: total.found + total.merged };
    const table = JSON.stringify({ fused, alone, strict });
    assert.ok(fused.falseShare < alone.falseShare / 2, table);
    assert.ok(fused.falseShare < strict.falseShare && fused.crimes >= strict.crimes, table);
  });

  it("C07 without the rules nothing is found: the evaluation can fail", () => {
    const pack = shippedPack();
    const blind = { ...pack, weights: { ...pack.weights, base_rate: -90_000 } };
    const world = createWorld({ seed: 20, directory: pack.directory, startMs, crimesPerHour: 0.5 });
    const nothing = runWorld(world.deliveries(startMs + 3 * 3_600_000), blind);
    const { total: none } = evaluate({ crimes: world.truth(), incidents: incidentsOf(nothing), signalIdOf });
    assert.deepEqual([none.found, none.incidents, none.recall], [0, 0, 0]);
  });
});

/** What it would be like if every detection of these levels were an alarm of its own. */
function singleSourceAlarms({ found, crimes }: ReturnType<typeof evaluated>, levels: readonly string[]) {
  const isCrime = new Set(crimes.map(({ kind }): string => kind));
  const alarms = found.flatMap(({ situation, stories }) =>
    situation.members.flatMap(({ detections, signalId }, at) =>
      detections.some(({ ruleLevel }) => levels.includes(ruleLevel)) ? [{ signalId, story: stories[at] ?? "" }] : [],
    ),
  );
  const ids = new Set(alarms.map(({ signalId }) => signalId));
  const seen = crimes.filter(({ signals }) => signals.some(({ source, id }) => ids.has(signalIdOf(source, id))));
  const falseAlarms = alarms.filter(({ story }) => !isCrime.has(story)).length;
  return { falseShare: falseAlarms / alarms.length, crimes: seen.length };
}
