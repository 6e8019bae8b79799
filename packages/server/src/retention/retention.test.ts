import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { dueOf, exhibitDueAtMs } from "./retention.ts";

const day = 86_400_000;
const least = { clipDays: 3, reportDays: 180, watchItemDays: 1 };

test("J15 what is destroyed when: clips before the case, a watch item as a whole", () => {
  const incident = { endedAtMs: 0, everIncident: true };
  assert.deepEqual(dueOf(incident, least), [
    { kind: "clips", days: 3, dueAtMs: 3 * day },
    { kind: "case", days: 180, dueAtMs: 180 * day },
  ]);
  assert.deepEqual(dueOf({ endedAtMs: day, everIncident: false }, least), [
    { kind: "watch_item", days: 1, dueAtMs: 2 * day },
  ]);
  assert.deepEqual(
    dueOf(incident, { ...least, clipDays: 200 }).map(({ kind }) => kind),
    ["case"],
    "clips do not outlive their case",
  );
  assert.equal(exhibitDueAtMs(incident, least), 3 * day);
});

test("J15 nothing is due before its days are over, and everything ends", () => {
  const keep = fc.record({ clipDays: fc.nat(3650), reportDays: fc.nat(3650), watchItemDays: fc.nat(365) });
  fc.assert(
    fc.property(keep, fc.nat(2 ** 40), fc.boolean(), (days, endedAtMs, everIncident) => {
      const due = dueOf({ endedAtMs, everIncident }, days);
      assert.ok(due.some(({ kind }) => kind === (everIncident ? "case" : "watch_item")));
      for (const one of due) assert.equal(one.dueAtMs, endedAtMs + one.days * day);
      assert.deepEqual(
        due,
        due.toSorted((a, b) => a.dueAtMs - b.dueAtMs),
      );
    }),
  );
});
