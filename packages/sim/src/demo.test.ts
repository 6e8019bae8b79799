import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { demoWorld, paced } from "./demo.ts";
import { smallDirectory, smallSite, tuesdayNoonMs } from "./testing/small-directory.ts";
import type { Delivery } from "./world.ts";

function takeUntil(deliveries: Iterable<Delivery>, untilMs: number): readonly Delivery[] {
  const taken: Delivery[] = [];
  for (const delivery of deliveries) {
    if (delivery.atMs >= untilMs) break;
    taken.push(delivery);
  }
  return taken;
}

describe("pacing of the demo", () => {
  it("C07 history ends now, and a crime is to be seen within twenty seconds", () => {
    for (const nowMs of [tuesdayNoonMs, tuesdayNoonMs + 12 * 3_600_000]) {
      const demo = demoWorld({ seed: 1, directory: smallDirectory, nowMs });
      const history = [...demo.history()];
      assert.ok(history.length > 3 && history.every(({ atMs }) => atMs < nowMs));
      const first = takeUntil(demo.live(), nowMs + 20_000);
      assert.ok(first.some(({ crimeId }) => crimeId !== null));
    }
  });

  it("C07 crimes come every few minutes at each open shop, with a rest between them", () => {
    const demo = demoWorld({ seed: 2, directory: smallDirectory, nowMs: tuesdayNoonMs, historyHours: 0 });
    const crimes = new Set(takeUntil(demo.live(), tuesdayNoonMs + 3_600_000).map(({ crimeId }) => crimeId));
    assert.ok(crimes.size > 10 && crimes.size < 40, `${crimes.size} crimes in an hour at two shops`);
  });

  it("C07 with one shop open, the first crimes rest between each other and stay incidents of their own", () => {
    const directory = { ...smallDirectory, sites: [smallSite("S-1001")] };
    const demo = demoWorld({ seed: 3, directory, nowMs: tuesdayNoonMs, historyHours: 0 });
    const firstAtMs = new Map<string, number>();
    for (const { crimeId, atMs } of takeUntil(demo.live(), tuesdayNoonMs + 1_800_000)) {
      if (crimeId !== null && !firstAtMs.has(crimeId)) firstAtMs.set(crimeId, atMs);
    }
    const starts = [...firstAtMs.values()].sort((a, b) => a - b);
    assert.ok(starts.length >= 4, `${starts.length} crimes`);
    const inFirstMinute = starts.filter((atMs) => atMs < tuesdayNoonMs + 60_000).length;
    assert.equal(inFirstMinute, 1);
  });

  it("C07 two demos after each other share no id", () => {
    const ids = (nowMs: number) =>
      [...demoWorld({ seed: 1, directory: smallDirectory, nowMs }).history()].map(
        ({ source, id }) => `${source} ${id}`,
      );
    const first = new Set(ids(tuesdayNoonMs));
    assert.equal(ids(tuesdayNoonMs + 1).filter((id) => first.has(id)).length, 0);
  });

  it("C07 paced deliveries wait for their time and stop when told", async () => {
    let nowMs = tuesdayNoonMs;
    const stop = new AbortController();
    const sleep = (ms: number) => {
      nowMs += ms;
      return Promise.resolve();
    };
    const { live } = demoWorld({ seed: 1, directory: smallDirectory, nowMs, historyHours: 0 });
    let count = 0;
    for await (const delivery of paced(live(), { nowMs: () => nowMs, sleep, signal: stop.signal })) {
      assert.ok(delivery.atMs <= nowMs);
      count += 1;
      if (count === 50) stop.abort();
    }
    assert.equal(count, 50);
  });
});
