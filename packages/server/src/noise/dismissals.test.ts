import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { noonMs } from "../testing/canonical.ts";
import {
  dismissalsAt,
  loweringsOf,
  shareOf,
  type Dismissals,
  type DismissalSettings,
  type RuleVerdict,
} from "./dismissals.ts";

const day = 86_400_000;
const settings: DismissalSettings = { days: 30, from: 3, share_each: 100, share_max: 500 };
const verdict = (daysAgo: number, edit: Partial<RuleVerdict> = {}): RuleVerdict => ({
  ruleId: "exit",
  zoneId: "door",
  verdict: "false",
  atMs: noonMs - daysAgo * day,
  ...edit,
});
const at = { zoneId: "door", ruleIds: new Set(["exit"]), atMs: noonMs };
const known = (verdicts: readonly RuleVerdict[]) => dismissalsAt(verdicts, at, settings);

const table: readonly (readonly [says: string, verdicts: readonly RuleVerdict[], of: Partial<Dismissals> | null])[] = [
  ["fresh ones count whole", [verdict(0), verdict(0)], { dismissed: 2, judged: 2, weight: 2000 }],
  ["one half as old as the window counts half", [verdict(15)], { dismissed: 1, weight: 500 }],
  ["one as old as the window counts nothing", [verdict(30)], null],
  ["unsure is judged and no dismissal", [verdict(1, { verdict: "unsure" }), verdict(0)], { dismissed: 1, judged: 2 }],
  [
    "one true verdict takes back all before it",
    [verdict(3), verdict(2), verdict(1, { verdict: "true" }), verdict(0)],
    { dismissed: 1, judged: 4, weight: 1000 },
  ],
  ["a true verdict as the last leaves nothing", [verdict(3), verdict(2), verdict(1, { verdict: "true" })], null],
  ["another zone is another place", [verdict(0, { zoneId: "tills" })], null],
  ["no zone is a place of its own", [verdict(0, { zoneId: null })], null],
  ["another rule is not this one", [verdict(0, { ruleId: "void" })], null],
  ["what was said later is not known yet", [verdict(-1)], null],
];
for (const [says, verdicts, of] of table) {
  test(`E04 dismissals: ${says}`, () => {
    const [got, ...more] = known(verdicts);
    assert.equal(more.length, 0);
    if (of === null) assert.equal(got, undefined);
    else assert.deepEqual({ ...got, ...of }, got);
  });
}

test("E04 too few take nothing, each more takes its share, old ones less, and never more than the most", () => {
  const share = (dismissed: number, weight: number) =>
    shareOf({ ruleId: "exit", dismissed, judged: dismissed, weight }, settings);
  assert.equal(share(2, 2000), 0);
  assert.equal(share(3, 3000), 300);
  assert.equal(share(3, 1500), 150);
  assert.equal(share(40, 40_000), 500);
});

const dismissals = [{ ruleId: "exit", dismissed: 6, judged: 7, weight: 6000 }];
const counted = [{ ruleId: "exit", points: 4200, signalIds: ["s"] }];
const given = { dismissals, settings, counted, level: 1, isAlarm: false, room: 10_000 } as const;

test("E04 what is lowered says how often, and is never level 2 or 3, an alarm, or more than there is room", () => {
  assert.deepEqual(loweringsOf(given), [{ ruleId: "exit", points: -2100, signalIds: ["s"], dismissed: 6, judged: 7 }]);
  assert.deepEqual(loweringsOf({ ...given, level: 2 }), []);
  assert.deepEqual(loweringsOf({ ...given, level: 3 }), []);
  assert.deepEqual(loweringsOf({ ...given, isAlarm: true }), []);
  assert.deepEqual(loweringsOf({ ...given, settings: undefined }), []);
  assert.equal(loweringsOf({ ...given, room: 700 })[0]?.points, -700);
  assert.deepEqual(loweringsOf({ ...given, room: 0 }), []);
  assert.deepEqual(
    loweringsOf({ ...given, counted: [{ ...counted[0], ruleId: "void", points: 1, signalIds: [] }] }),
    [],
  );
});

test("E04 D01 the order of verdicts changes nothing, and more time never makes a dismissal weigh more", () => {
  const anyVerdict = fc.record({
    ruleId: fc.constantFrom("exit", "void"),
    zoneId: fc.constantFrom("door", null),
    verdict: fc.constantFrom("true" as const, "false" as const, "unsure" as const),
    atMs: fc.integer({ min: noonMs - 40 * day, max: noonMs + day }),
  });
  fc.assert(
    fc.property(fc.array(anyVerdict, { maxLength: 12 }), fc.integer({ min: 0, max: 40 }), (verdicts, later) => {
      const both = { ...at, ruleIds: new Set(["exit", "void"]) };
      const now = dismissalsAt(verdicts, both, settings);
      assert.deepEqual(dismissalsAt(verdicts.toReversed(), both, settings), now);
      const past = verdicts.filter(({ atMs }) => atMs <= noonMs);
      const then = dismissalsAt(past, { ...both, atMs: noonMs + later * day }, settings);
      for (const one of then) {
        // What a true verdict took back is older than it, and so gone before it.
        const before = now.find(({ ruleId }) => ruleId === one.ruleId);
        assert.ok(before !== undefined && one.weight <= before.weight);
      }
    }),
  );
});
