import assert from "node:assert/strict";
import { test } from "node:test";
import type { Situation } from "../flow.ts";
import { SituationMemory } from "./situation-memory.ts";

const minute = 60_000;

function situation(id: string, lastAtMs: number, members = 1): Situation {
  const shape = { id, siteId: "S-1", zoneId: null, firstAtMs: lastAtMs, lastAtMs, memberDigests: [] };
  return { ...shape, members: Array.from({ length: members }, () => ({})) } as unknown as Situation;
}

const idsSince = (memory: SituationMemory, fromMs: number) => memory.since("S-1", fromMs)?.map((one) => one.id) ?? null;

test("D12 situations in memory: a site nobody asked for is not known, and nothing is kept of it", () => {
  const memory = new SituationMemory();
  memory.keep(situation("A", 10 * minute));
  assert.equal(idsSince(memory, 0), null);
});

test("D12 situations in memory: known from a time on, not before it", () => {
  const memory = new SituationMemory();
  memory.learn("S-1", 5 * minute, [situation("A", 6 * minute), situation("B", 9 * minute)]);
  assert.deepEqual(idsSince(memory, 5 * minute), ["A", "B"]);
  assert.deepEqual(idsSince(memory, 8 * minute), ["B"]);
  assert.equal(idsSince(memory, 5 * minute - 1), null);
});

test("D12 situations in memory: what was written replaces what was read", () => {
  const memory = new SituationMemory();
  memory.learn("S-1", 0, [situation("A", minute)]);
  memory.keep(situation("A", 3 * minute, 2));
  assert.deepEqual(
    memory.since("S-1", 2 * minute)?.map((one) => one.members.length),
    [2],
  );
});

test("D12 situations in memory: forgetting moves the time from which a site is known", () => {
  const memory = new SituationMemory();
  memory.learn("S-1", 0, [situation("A", minute), situation("B", 9 * minute)]);
  memory.forgetBefore(5 * minute);
  assert.equal(idsSince(memory, 4 * minute), null);
  assert.deepEqual(idsSince(memory, 5 * minute), ["B"]);
});

test("D12 situations in memory: too many members, and all is forgotten rather than held", () => {
  const memory = new SituationMemory(3);
  memory.learn("S-1", 0, [situation("A", minute, 2), situation("B", minute, 2)]);
  memory.forgetBefore(0);
  assert.equal(idsSince(memory, 0), null);
  memory.learn("S-1", 0, [situation("A", minute, 2)]);
  memory.forgetBefore(0);
  assert.deepEqual(idsSince(memory, 0), ["A"]);
});

test("D12 situations in memory: a full one is let go, and its members no longer count", () => {
  const memory = new SituationMemory(3);
  memory.learn("S-1", 0, [situation("A", minute, 3), situation("B", minute, 1)]);
  memory.drop(situation("A", minute, 4));
  memory.forgetBefore(0);
  assert.deepEqual(idsSince(memory, 0), ["B"]);
});
