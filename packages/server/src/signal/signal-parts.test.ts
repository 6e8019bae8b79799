import assert from "node:assert/strict";
import { test } from "node:test";
import { isTransient } from "./database-fault.ts";
import { FrameGuard, packetBytesMax } from "./mqtt-frames.ts";
import { partitionCount, partitionOf } from "./partition.ts";
import { RecentIds } from "./recent-ids.ts";
import { sourceState } from "./source-state.ts";

test("B04 a site's partition never changes, and sites spread", () => {
  assert.deepEqual(["S-1001", "S-1002", "store.9"].map(partitionOf), [1, 0, 3]);
  const used = new Set(Array.from({ length: 200 }, (_, index) => partitionOf(`S-${1000 + index}`)));
  assert.equal(used.size, partitionCount);
});

test("B01 a packet that announces too much is cut off, however its header is cut up", () => {
  const publish = (length: number) => {
    const digits: number[] = [];
    for (let left = length; digits.length === 0 || left > 0; left = Math.floor(left / 128)) {
      digits.push((left % 128) | (left >= 128 ? 0x80 : 0));
    }
    return Uint8Array.of(0x30, ...digits);
  };
  const pieces = (bytes: Uint8Array) => Array.from(bytes, (byte) => Uint8Array.of(byte));
  for (const [length, expected] of [
    [0, true],
    [127, true],
    [128, true],
    [packetBytesMax, true],
    [packetBytesMax + 1, false],
    [200_000_000, false],
  ] as const) {
    const guard = new FrameGuard();
    assert.ok(guard.accept(Uint8Array.of(0xc0, 0x00)));
    const verdicts = pieces(publish(length)).map((piece) => guard.accept(piece));
    assert.equal(verdicts.every(Boolean), expected, String(length));
  }
  const after = new FrameGuard();
  assert.ok(after.accept(publish(5)));
  assert.ok(after.accept(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff))); // its payload is no header
  assert.ok(!after.accept(Uint8Array.of(0x30, 0xff, 0xff, 0xff, 0xff)));
});

test("B05 transient faults are told from faults of the data by their codes", () => {
  const withCode = (code: string) => Object.assign(new Error("x"), { code });
  for (const code of ["40001", "40P01", "57P01", "08006", "53300", "ECONNRESET"])
    assert.ok(isTransient(withCode(code)));
  for (const code of ["23505", "22P05", "42P01", "ERR_INVALID_ARG_TYPE"]) assert.ok(!isTransient(withCode(code)));
  assert.ok(isTransient(new Error("Connection terminated unexpectedly")));
  assert.ok(!isTransient(new TypeError("a fault of ours")));
});

test("B05 recent ids forget the oldest and never invent one", () => {
  const recent = new RecentIds();
  for (let index = 0; index < 120_000; index++) recent.add(`id-${index}`);
  assert.ok(recent.has("id-119999"));
  assert.ok(!recent.has("id-0"));
  assert.ok(!recent.has("id-120000"));
});

test("B04 a source that has a rhythm is silent after ten of its usual gaps and a quarter of an hour", () => {
  const minute = 60_000;
  const source = { lastReceivedAtMs: 0, usualGapMs: 2 * minute, signalsTotal: 10, clockOffsetMs: null };
  assert.equal(sourceState(source, 20 * minute), "ok");
  assert.equal(sourceState(source, 20 * minute + 1), "silent");
  assert.equal(sourceState({ ...source, usualGapMs: 5 }, 15 * minute), "ok");
  assert.equal(sourceState({ ...source, signalsTotal: 9 }, 24 * 60 * minute), "ok", "no rhythm, no silence");
  assert.equal(sourceState({ ...source, clockOffsetMs: 61_000 }, 0), "skewed");
});
