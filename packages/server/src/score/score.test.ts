import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import type { Detection, JsonObject, SignalId, SigmaLevel, TriageLevel } from "@tillwatch/wire";
import type { SituationMember } from "../flow.ts";
import { readYaml } from "../platform/yaml-file.ts";
import { idOf, noonMs } from "../testing/canonical.ts";
import { part } from "./detection-points.ts";
import { scoreSituation } from "./score.ts";
import { WeightsFile, type RuleWords } from "./weights.ts";

const shipped = readFileSync(new URL("../../../../pack/retail/score.yaml", import.meta.url), "utf8");
const loaded = readYaml(shipped, "score.yaml", WeightsFile);
assert.ok(loaded.ok, JSON.stringify(loaded));
const weights = loaded.value;

type MemberParts = {
  readonly name: string;
  readonly service: string;
  readonly rules?: readonly Rule[];
  readonly confidence?: number;
  readonly source?: string;
  readonly role?: SituationMember["role"];
  readonly view?: JsonObject;
};
type Rule = {
  readonly id: string;
  readonly points: number;
  readonly level?: TriageLevel;
  readonly category?: string;
  readonly sigma?: SigmaLevel;
};

function member(parts: MemberParts): SituationMember {
  const signalId = idOf(parts.name);
  return {
    signalId,
    type: "x",
    service: parts.service,
    source: parts.source ?? `S-1/${parts.service}`,
    deviceId: null,
    zoneId: null,
    correctedAtMs: noonMs,
    late: false,
    confidence: parts.confidence ?? null,
    role: parts.role ?? "evidence",
    because: "opened_it",
    detections: (parts.rules ?? []).map((rule) => detection(rule, signalId)),
    view: parts.view ?? {},
    enrichment: [],
    traits: null,
  };
}

function detection(rule: Rule, signalId: string): Detection {
  const ruleLevel: SigmaLevel = rule.sigma ?? "medium";
  return {
    signalId: signalId as SignalId,
    ruleId: rule.id,
    ruleTitle: rule.id,
    ruleLevel,
    category: rule.category ?? "shoplifting",
    triageLevel: rule.level ?? 1,
    because: [],
  };
}

function wordsOf(rules: readonly Rule[]): ReadonlyMap<string, RuleWords> {
  return new Map(rules.map((rule) => [rule.id, { points: rule.points, says: `${rule.id} says` }]));
}

function score(members: readonly SituationMember[], rules: readonly Rule[]) {
  return scoreSituation({ members, weights, words: wordsOf(rules), weightsVersion: "w", rulesVersion: "r" });
}

const loitering = { id: "loitering", points: 2400 };
const voided = { id: "void", points: 4200, category: "till_fraud" };
const medium = { id: "medium", points: 3000 };
const panic = { id: "panic", points: 8500, level: 3 as const, category: "violence" };
const exitAlarm = { id: "exit", points: 4200 };
const highValue = { zone: { high_value: true } };

test("C04 worked example: one weak camera hint stays far below an incident", () => {
  const { score: got, threshold } = score(
    [member({ name: "a", service: "camera", rules: [loitering], confidence: 0.86, view: highValue })],
    [loitering],
  );
  assert.equal(got.totalMilliLogOdds, -1700);
  assert.equal(got.severity, 0.1545);
  assert.equal(threshold, 0.9);
});

test("C07 D01 worked example: the same hint and a void at the till beside it make an incident", () => {
  const members = [
    member({ name: "a", service: "camera", rules: [loitering], confidence: 0.86, view: highValue }),
    member({ name: "b", service: "till", rules: [voided] }),
  ];
  const { score: got } = score(members, [loitering, voided]);
  assert.equal(got.totalMilliLogOdds, 3700);
  assert.equal(got.severity, 0.9759);
  assert.deepEqual(
    got.additions.map((addition) => [addition.code, addition.milliLogOdds]),
    [
      ["void", 4200],
      ["loitering", 2400],
      ["independent_kinds", 1200],
      ["high_value_zone", 500],
      ["base_rate", -4600],
    ],
  );
  assert.equal(got.additions[2]?.says, "2 independent kinds of source agree: camera, till");
});

test("C04 worked example: a panic button opens an incident alone, at its level", () => {
  const view = { device: { criticality: "high" } };
  const { score: got } = score([member({ name: "a", service: "panic_button", rules: [panic], view })], [panic]);
  assert.equal(got.severity, 0.9802);
  assert.equal(got.level, 3);
  assert.equal(got.category, "violence");
});

test("D05 D06 worked example: the sale that pays for the goods takes back what their exit had brought", () => {
  const exits = [
    member({ name: "eas", service: "eas_gate", rules: [exitAlarm] }),
    member({ name: "rfid", service: "rfid_reader", rules: [{ ...exitAlarm, id: "rfid" }] }),
  ];
  const rules = [exitAlarm, { ...exitAlarm, id: "rfid" }];
  const before = score(exits, rules);
  assert.ok(before.score.severity > 0.9);
  const sale = member({
    name: "sale",
    service: "till",
    role: "exculpatory",
    view: { context: { explains: exits.map((exit) => exit.signalId) } },
  });
  const after = score([...exits, sale], rules);
  assert.equal(after.score.totalMilliLogOdds, -5400);
  assert.equal(after.score.severity, 0.0045);
});

test("C07 repeats of one source count less each time, and one kind of source has a limit", () => {
  const strong = { id: "strong", points: 4000 };
  const again = ["a", "b", "c", "d"].map((name) => member({ name, service: "till", rules: [medium] }));
  assert.equal(score(again, [medium]).score.totalMilliLogOdds, -4600 + 3000 + 900 + 300 + 0);
  const hints = [1, 2, 3].map((n) => ({ ...strong, id: `hint-${n}` }));
  const cameras = hints.map((rule, index) =>
    member({ name: `cam-${index}`, service: "camera", source: `S-1/C-${index}`, rules: [rule] }),
  );
  const limited = score(cameras, hints).score;
  assert.equal(limited.totalMilliLogOdds, -4600 + 5500);
  assert.ok(
    limited.additions.some(
      (addition) => addition.code === "kind_limit.camera" && addition.milliLogOdds === 5500 - 12_000,
    ),
  );
});

test("D12 a rule that asks for several signals counts nothing before the last of them, and then all", () => {
  const shaken = { id: "shaken", points: 3000 };
  const strict = {
    ...weights,
    rule_weights: { shaken: { after: { signals: 3, minutes: 10 }, because: "a shake is a customer" } },
  };
  const at = (minute: number) => ({
    ...member({ name: `s${minute}`, service: "till", rules: [shaken] }),
    correctedAtMs: noonMs + minute * 60_000,
  });
  const totalOf = (minutes: readonly number[]) =>
    scoreSituation({
      members: minutes.map(at),
      weights: strict,
      words: wordsOf([shaken]),
      weightsVersion: "w",
      rulesVersion: "r",
    }).score.totalMilliLogOdds;
  assert.equal(totalOf([0, 4]), -4600);
  assert.equal(totalOf([0, 4, 10]), -4600, "ten minutes are outside: the span is half-open");
  assert.equal(totalOf([0, 4, 9]), -4600 + 3000 + 900 + 300);
  assert.equal(totalOf([0, 20, 24, 29]), -4600 + 3000 + 900 + 300, "the lonely first one still counts nothing");
});

test("C21 a sale period shifts the threshold for its window only", () => {
  const during = { time: { calendar: "Black Friday week" } };
  assert.equal(
    score([member({ name: "a", service: "till", rules: [medium], view: during })], [medium]).threshold,
    0.93,
  );
  assert.equal(score([member({ name: "a", service: "till", rules: [medium] })], [medium]).threshold, 0.9);
});

test("D08 tampering and a strange login together are level 2, each alone is not raised", () => {
  const tamper = { id: "tamper", points: 3000, category: "tamper" };
  const login = { id: "login", points: 3000, category: "cyber_physical" };
  const both = [
    member({ name: "a", service: "till", rules: [tamper] }),
    member({ name: "b", service: "network", rules: [login] }),
  ];
  assert.equal(score(both, [tamper, login]).score.level, 2);
  assert.equal(score(both.slice(0, 1), [tamper, login]).score.level, 1);
});

const rounding: readonly (readonly [number, number, number])[] = [
  [1000, 500, 500],
  [3, 500, 2],
  [-3, 500, -2],
  [1, 499, 0],
  [2400, 850, 2040],
];
for (const [points, share, want] of rounding) {
  test(`C04 ${points} points at ${share} thousandths count ${want}`, () => assert.equal(part(points, share), want));
}

const ruleOf = fc.record({ id: fc.constantFrom("a", "b", "c", "d"), points: fc.integer({ min: -5000, max: 9000 }) });
const memberOf = fc.record({
  name: fc.uuid(),
  service: fc.constantFrom("camera", "till", "door", "shelf"),
  rules: fc.uniqueArray(ruleOf, { maxLength: 3, selector: (rule) => rule.id }),
  confidence: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
});

test("C04 E01 property: additions sum exactly to the total, stand in order of size, and the order of members changes no number", () => {
  fc.assert(
    fc.property(fc.uniqueArray(memberOf, { minLength: 1, maxLength: 12, selector: (parts) => parts.name }), (parts) => {
      const members = parts.map(({ confidence, ...rest }) =>
        member(confidence === undefined ? rest : { ...rest, confidence }),
      );
      const rules = parts.flatMap((one) => one.rules);
      const { score: got } = score(members, rules);
      assert.equal(
        got.additions.reduce((sum, addition) => sum + addition.milliLogOdds, 0),
        got.totalMilliLogOdds,
      );
      const sizes = got.additions.slice(0, -1).map((addition) => Math.abs(addition.milliLogOdds));
      assert.deepEqual(
        sizes,
        sizes.toSorted((a, b) => b - a),
      );
      assert.equal(score(members.toReversed(), rules).score.totalMilliLogOdds, got.totalMilliLogOdds);
      assert.ok(got.severity >= 0 && got.severity <= 1 && got.confidence >= 0 && got.confidence <= 1);
    }),
  );
});

test("A08 C04 neither a badge, a paid purchase nor a sale period makes an alarm less than an incident", () => {
  const alarm = { ...panic, sigma: "critical" as const };
  const calendar = { time: { calendar: "Black Friday week" } };
  const badge = { event_type: "badge_read", data: { result: "granted" }, ...calendar };
  const beside = [
    member({ name: "badge", service: "badge_reader", role: "context", view: badge }),
    member({ name: "gate", service: "eas_gate", rules: [exitAlarm], view: calendar }),
    member({ name: "sale", service: "till", role: "exculpatory", view: { context: { explains: [idOf("gate")] } } }),
  ];
  const pressed = member({ name: "panic", service: "panic_button", rules: [alarm], view: calendar });
  const alone = score([pressed], [alarm]);
  const hidden = score([pressed, ...beside], [alarm, exitAlarm]);
  assert.deepEqual([alone.threshold, hidden.threshold], [0.9, 0.9]);
  assert.equal(hidden.score.severity, alone.score.severity);
  assert.ok(hidden.score.severity >= hidden.threshold);
  const weak = { ...panic, points: 6900 };
  const { score: doubted, threshold } = score(
    [member({ name: "panic", service: "till", rules: [weak], view: calendar }), ...beside],
    [weak, exitAlarm],
  );
  assert.ok(doubted.severity < threshold, "what is not critical is still doubted");
});

test("O09 the trading calendar shifts points and thresholds of a rule for its window only, by the signal's own time", () => {
  const sale = { time: { calendar: "Sale" } };
  const during: typeof weights = {
    ...weights,
    calendar: {
      Sale: {
        incident_threshold: 0.95,
        rule_weights: { void: { points: 1000, because: "voids are common in the sale" } },
        says: "a sale asks for more",
      },
    },
  };
  const of = (view: JsonObject) =>
    scoreSituation({
      members: [member({ name: "v", service: "till", rules: [voided], view })],
      weights: during,
      words: wordsOf([voided]),
      weightsVersion: "w",
      rulesVersion: "r",
    });
  const points = (view: JsonObject) => of(view).score.additions.find(({ code }) => code === "void")?.milliLogOdds;
  assert.deepEqual([points(sale), points({}), points({ time: { calendar: "Other" } })], [1000, 4200, 4200]);
  assert.deepEqual(of(sale).shift, { period: "Sale", from: 0.9, says: "a sale asks for more" });
  assert.deepEqual([of(sale).threshold, of({}).threshold, of({}).shift], [0.95, 0.9, undefined]);
  assert.equal(of({ time: { calendar: "constructor" } }).threshold, 0.9, "no period is found by another's name");
});

test("O09 D12 a period may ask for several signals of a rule, and those outside of it count as ever", () => {
  const after = { signals: 2, minutes: 10 };
  const during: typeof weights = {
    ...weights,
    calendar: { Sale: { incident_threshold: 0.9, rule_weights: { void: { after, because: "one void is nothing" } } } },
  };
  const points = (...calendars: readonly (string | null)[]) =>
    scoreSituation({
      members: calendars.map((calendar, n) =>
        member({ name: `v${n}`, service: "till", source: `till-${n}`, rules: [voided], view: { time: { calendar } } }),
      ),
      weights: during,
      words: wordsOf([voided]),
      weightsVersion: "w",
      rulesVersion: "r",
    }).score.additions.find(({ code }) => code === "void")?.milliLogOdds;
  assert.equal(points("Sale"), undefined, "alone in the sale it counts nothing");
  assert.equal(points(null), 4200);
  assert.ok((points("Sale", "Sale") ?? 0) > 4200);
});
