import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Detection, TriageLevel } from "@tillwatch/wire";
import type { SituationMember } from "../flow.ts";
import { noonMs } from "../testing/canonical.ts";
import { memberOf } from "../testing/incidents.ts";
import { hush, type Silence } from "./silence.ts";

const minute = 60_000;
const base: Silence = {
  id: "s-1",
  ruleId: null,
  siteId: "S-1",
  zoneId: null,
  deviceId: null,
  category: null,
  fromMs: noonMs,
  untilMs: noonMs + 10 * minute,
  level2FromMs: null,
};

function found(edit: Partial<Detection> = {}): Detection {
  return {
    signalId: "x" as Detection["signalId"],
    ruleId: "exit",
    ruleTitle: "Exit",
    ruleLevel: "high",
    category: "shoplifting",
    triageLevel: 1,
    because: [],
    ...edit,
  };
}

function seen(edit: Partial<SituationMember> = {}): SituationMember {
  return memberOf({
    signalId: "signal-1",
    correctedAtMs: noonMs + minute,
    zoneId: "exit",
    deviceId: "G-1",
    detections: [found()],
    ...edit,
  });
}

const covered = (silence: Partial<Silence>, member: Partial<SituationMember> = {}, level: TriageLevel = 1) =>
  hush({ members: [seen(member)], silences: [{ ...base, ...silence }], level }) !== null;

const table: readonly (readonly [
  says: string,
  silence: Partial<Silence>,
  member: Partial<SituationMember>,
  is: boolean,
  level?: TriageLevel,
])[] = [
  ["its rule", { ruleId: "exit" }, {}, true],
  ["another rule", { ruleId: "void" }, {}, false],
  ["its zone", { zoneId: "exit" }, {}, true],
  ["another zone", { zoneId: "tills" }, {}, false],
  ["a zone, of a signal without one", { zoneId: "exit" }, { zoneId: null }, false],
  ["its device", { deviceId: "G-1" }, {}, true],
  ["another device", { deviceId: "G-2" }, {}, false],
  ["its category", { category: "shoplifting" }, {}, true],
  ["another category", { category: "tamper" }, {}, false],
  ["its rule at another device", { ruleId: "exit", deviceId: "G-2" }, {}, false],
  ["the first instant", {}, { correctedAtMs: noonMs }, true],
  ["the instant before", {}, { correctedAtMs: noonMs - 1 }, false],
  ["the last instant", {}, { correctedAtMs: noonMs + 10 * minute - 1 }, true],
  ["its end", {}, { correctedAtMs: noonMs + 10 * minute }, false],
  ["what a person reported", {}, { service: "person" }, false],
  ["a critical rule", {}, { detections: [found({ ruleLevel: "critical" })] }, false],
  ["level 2 without a signature", {}, {}, false, 2],
  ["level 2 before the signature", { level2FromMs: noonMs + 2 * minute }, {}, false, 2],
  ["level 2 from the signature on", { level2FromMs: noonMs + minute }, {}, true, 2],
  ["level 3, signed or not", { level2FromMs: noonMs }, {}, false, 3],
];
for (const [says, silence, member, is, level] of table) {
  test(`E17 a silence ${is ? "covers" : "does not cover"}: ${says}`, () => {
    assert.equal(covered(silence, member, level), is);
  });
}

test("E17 what is not covered stays, in the member too, and is named by its signal only where all of it is covered", () => {
  const both = seen({ signalId: "both", detections: [found(), found({ ruleId: "loud" })] });
  const one = seen({ signalId: "one" });
  const got = hush({ members: [both, one], silences: [{ ...base, ruleId: "exit" }], level: 1 });
  assert.deepEqual(got?.signalIds, ["one"]);
  assert.deepEqual(
    got.members.map(({ detections }) => detections.map(({ ruleId }) => ruleId)),
    [["loud"], []],
  );
});

test("E17 D01 the order of silences changes nothing, and those that cover nothing leave no trace", () => {
  const anySilence = fc.record({
    id: fc.uuid(),
    ruleId: fc.constantFrom(null, "exit", "void"),
    deviceId: fc.constantFrom(null, "G-1", "G-2"),
    fromMs: fc.integer({ min: noonMs - minute, max: noonMs + 2 * minute }),
  });
  fc.assert(
    fc.property(fc.uniqueArray(anySilence, { selector: ({ id }) => id, maxLength: 6 }), (some) => {
      const silences = some.map((edit) => ({ ...base, ...edit }));
      const members = [seen(), seen({ signalId: "void", detections: [found({ ruleId: "void" })] })];
      const got = hush({ members, silences, level: 1 });
      assert.deepEqual(hush({ members, silences: silences.toReversed(), level: 1 }), got);
      // What a decision records is enough to decide again.
      if (got !== null) assert.deepEqual(hush({ members, silences: got.silences, level: 1 }), got);
    }),
  );
});
