import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { noonMs, signalOf } from "../testing/canonical.ts";
import {
  countedIn,
  countedLateMsMax,
  entriesMax,
  SiteWindows,
  windowFeatures,
  windowsReachMs,
  type Counted,
} from "./site-windows.ts";

const second = 1_000;
const minute = 60_000;
const arrival = (atMs: number, count = 1): Counted => ({ kind: "arrival", atMs, count });

function filled(entries: readonly Counted[], site = "S-1"): SiteWindows {
  const windows = new SiteWindows();
  for (const entry of entries) windows.add(site, entry);
  return windows;
}

/** Adds in this order; the fullest window of ten seconds that any of them stood in on its arrival. */
function fullest(entries: readonly Counted[]): number {
  const windows = new SiteWindows();
  return entries.reduce((most, entry) => {
    const seen = windows.windowsWith("S-1", entry).map((window) => Number(window["arrivals_10s"]));
    windows.add("S-1", entry);
    return Math.max(most, ...seen);
  }, 0);
}

describe("what a signal adds to the windows of its site", () => {
  const of = (type: string, data = {}, receivedAtMs = noonMs + 200) =>
    countedIn(signalOf({ type, data, receivedAtMs }), noonMs)?.kind ?? null;

  it("C06 arrivals, voids, refunds, exits and shelf drops count, and nothing else", () => {
    const counted = [
      of("person_detected", { direction: "in" }),
      of("pos_void"),
      of("pos_line_void"),
      of("pos_refund"),
      of("rfid_exit_read"),
      of("eas_alarm", { direction: "out" }),
      of("shelf_weight_drop"),
      of("shelf_emptied"),
    ];
    assert.deepEqual(counted, ["arrival", "void", "void", "refund", "exit", "exit", "shelf_drop", "shelf_drop"]);
    const not = [
      of("person_detected", { direction: "out" }),
      of("person_detected"),
      of("eas_alarm", { direction: "in" }),
    ];
    assert.deepEqual(
      [...not, of("pos_sale"), of("crowd_entered", { person_count: 20 })],
      [null, null, null, null, null],
    );
  });

  it("C06 people are counted as the camera says, within reason", () => {
    const people = (count: unknown) =>
      countedIn(signalOf({ type: "person_detected", data: { direction: "in", person_count: count as number } }), noonMs)
        ?.count;
    assert.deepEqual([3, 2.9, 0, -4, 1e9, "many"].map(people), [3, 2, 1, 1, 50, 1]);
  });

  it("C06 what comes more than five minutes late, or from the future, is not counted", () => {
    const late = (receivedAtMs: number) => of("pos_void", {}, receivedAtMs);
    assert.equal(late(noonMs + countedLateMsMax), "void");
    assert.equal(late(noonMs + countedLateMsMax + 1), null);
    assert.equal(late(noonMs - minute), "void");
    assert.equal(late(noonMs - minute - 1), null);
  });
});

describe("windows of a site", () => {
  it("C06 a window holds what is younger than its span, up to its end", () => {
    const windows = filled([
      arrival(noonMs),
      arrival(noonMs + 5 * second, 2),
      { kind: "void", atMs: noonMs, count: 1 },
    ]);
    const [window, ...more] = windows.windowsWith("S-1", arrival(noonMs + 10 * second));
    assert.deepEqual(more, []);
    assert.equal(window?.["ends_at"], new Date(noonMs + 10 * second).toISOString());
    // What is exactly ten seconds old is outside the window of ten seconds.
    assert.deepEqual([window?.["arrivals_10s"], window?.["arrivals_30s"], window?.["voids_30m"]], [3, 4, 1]);
    assert.deepEqual(Object.keys(window ?? {}), ["ends_at", ...windowFeatures.map(({ name }) => name)]);
  });

  it("C06 sites do not see each other", () => {
    const windows = filled([arrival(noonMs)], "S-1");
    assert.equal(windows.windowsWith("S-2", arrival(noonMs + second))[0]?.["arrivals_10s"], 1);
  });

  it("C06 in any order of arrival a burst is seen whole by the last of it to come", () => {
    const burst = Array.from({ length: 8 }, (_, at) => arrival(noonMs + at * 1_200));
    const around = [arrival(noonMs - 20 * second), arrival(noonMs + 30 * second)];
    const order = fc.shuffledSubarray([...burst, ...around], { minLength: 10, maxLength: 10 });
    fc.assert(
      fc.property(order, (shuffled) => {
        assert.equal(fullest(shuffled), 8);
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  it("C06 what is held does not depend on the order, and is bounded", () => {
    const many = Array.from({ length: entriesMax + 200 }, (_, at) => arrival(noonMs + at * second));
    const ordered = filled(many);
    const reversed = filled(many.toReversed());
    assert.equal(ordered.size, entriesMax);
    assert.equal(ordered.lost, 200);
    const last = arrival(noonMs + many.length * second);
    assert.deepEqual(reversed.windowsWith("S-1", last), ordered.windowsWith("S-1", last));
  });

  it("C06 what no window can reach any more is let go of, and nothing else", () => {
    const windows = filled([arrival(noonMs), { kind: "refund", atMs: noonMs + 20 * minute, count: 1 }]);
    const last = { kind: "void", atMs: noonMs + 40 * minute, count: 1 } as const;
    const before = windows.windowsWith("S-1", last);
    windows.forgetBefore(noonMs + 40 * minute);
    assert.equal(windows.size, 1);
    assert.deepEqual(windows.windowsWith("S-1", last), before);
    windows.forgetBefore(noonMs + 40 * minute + windowsReachMs);
    assert.equal(windows.size, 0);
  });

  it("C06 a late signal is looked at in the windows that ended after it, but not in endlessly many", () => {
    const windows = filled(Array.from({ length: 100 }, (_, at) => arrival(noonMs + at * 100)));
    assert.equal(windows.windowsWith("S-1", arrival(noonMs - 1)).length, 16);
  });
});
