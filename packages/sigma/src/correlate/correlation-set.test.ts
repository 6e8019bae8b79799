import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "../json.ts";
import { timespanMs } from "../read/parse-correlation.ts";
import { parseSigma } from "../read/parse-rules.ts";
import type { SigmaProblemCode } from "../problem.ts";
import { fileOf, Standing, understood } from "../testing/correlation.ts";
import { CorrelationSet, type CorrelationChange } from "./correlation-set.ts";
import { runCorrelationTests } from "./correlation-tests.ts";

const three = "{type: event_count, rules: [a], group-by: [who], timespan: 10s, condition: {gte: 3}}";

/** Tells events of a kind; each with its time as its ref. */
function telling(sections: Readonly<Record<string, string>>, options = {}) {
  const file = understood(fileOf(sections), options);
  const standing = new Standing(file);
  const tell = (atMs: number, kinds: string, more: JsonObject = { who: "x" }) =>
    standing.tell({ atMs, ref: `${kinds}${atMs}`, event: { kinds, ...more } });
  return { file, standing, set: standing.set, tell };
}

function onlyFinding(changes: readonly CorrelationChange[]) {
  const [change] = changes;
  assert.equal(changes.length, 1, JSON.stringify(changes));
  assert.ok(change?.kind === "found" || change?.kind === "revised");
  return change.finding;
}

test("C10 O08 event_count speaks when its count is reached within the window, once, with what it counted", () => {
  const { tell, set } = telling({ many: three });
  assert.deepEqual([...tell(0, "a"), ...tell(1_000, "a"), ...tell(1_500, "b"), ...tell(2_000, "a", { who: "y" })], []);
  const found = onlyFinding(tell(9_999, "a"));
  assert.deepEqual(found.made, [
    { atMs: 0, ref: "a0", ruleId: "a" },
    { atMs: 1_000, ref: "a1000", ruleId: "a" },
    { atMs: 9_999, ref: "a9999", ruleId: "a" },
  ]);
  assert.deepEqual(
    [found.value, found.count, found.group, found.level, found.atMs, found.ruleId],
    [3, 3, { who: "x" }, "medium", 9_999, "many"],
  );
  assert.deepEqual(tell(10_500, "a"), [], "it goes on, and is no second finding");
  assert.deepEqual(tell(40_000, "a"), []);
  assert.deepEqual([tell(40_001, "a").length, tell(40_002, "a").length], [0, 1], "it begins again after it ceased");
  assert.deepEqual([...set.silentRules], ["a"]);
  assert.equal(set.timespanMaxMs, 10_000);
});

test("C10 the window holds what is exactly as old as it is long, and nothing older", () => {
  const { tell } = telling({ many: three });
  assert.deepEqual(
    [0, 5_000, 10_000].map((atMs) => tell(atMs, "a").length),
    [0, 0, 1],
  );
  const older = telling({ many: three });
  assert.deepEqual(
    [0, 5_000, 10_001].map((atMs) => older.tell(atMs, "a").length),
    [0, 0, 0],
  );
});

test("C10 after a whole timespan of silence it begins anew, though it held before and holds now", () => {
  const { tell } = telling({ one: three.replace("gte: 3", "gte: 1") });
  assert.deepEqual(
    [0, 10_000, 20_001].map((atMs) => tell(atMs, "a").length),
    [1, 0, 1],
  );
});

test("C10 fewer than a number is looked at where an event lies: silence itself is never found", () => {
  const { tell } = telling({ few: three.replace("gte: 3", "lt: 2") });
  assert.deepEqual(
    [0, 1_000, 2_000, 30_000].map((atMs) => tell(atMs, "a").map(({ kind }) => kind)),
    [["found"], [], [], ["found"]],
  );
});

test("C10 value_count counts distinct values, of several fields distinct tuples; without a field or a group an event counts nowhere", () => {
  const section =
    "{type: value_count, rules: a, group-by: [case.id], timespan: 1h, condition: {field: who, gt: 1, lte: 2}}";
  const { tell } = telling({ seen: section });
  const look = (n: number, who: string | null, id: string | null = "1") =>
    tell(n, "a", { ...(who === null ? {} : { who }), ...(id === null ? {} : { "case.id": id }) }).length;
  assert.deepEqual([look(0, "x"), look(1, "x"), look(2, null), look(3, "y", "2"), look(4, "z", null)], [0, 0, 0, 0, 0]);
  assert.deepEqual([look(5, "y"), look(6, "z")], [1, 0]);
  const pairs = telling({
    pairs: "{type: value_count, rules: a, timespan: 1h, condition: {field: [who, till], gte: 3}}",
  });
  const pair = (n: number, who: string, till: number) => pairs.tell(n, "a", { who, till }).length;
  assert.deepEqual([pair(0, "x", 1), pair(1, "x", 2), pair(2, "x", 1), pair(3, "y", 1)], [0, 0, 0, 1]);
});

test("C10 numbers and texts of one value are one group and one value; an array stands for each of its values", () => {
  const { tell, standing } = telling({ many: three.replace("gte: 3", "gte: 2") });
  tell(0, "a", { who: 42 });
  assert.deepEqual(onlyFinding(tell(1, "a", { who: "42" })).group, { who: "42" });
  tell(2, "a", { who: ["p", ["q", "p"]] });
  tell(3, "a", { who: { id: "q" } });
  assert.deepEqual(onlyFinding(tell(4, "a", { who: ["q", "r"] })).group, { who: "q" });
  assert.equal(standing.findings().length, 2);
  const values = telling({ tags: "{type: value_count, rules: a, timespan: 1m, condition: {field: tag, gte: 3}}" });
  assert.equal(onlyFinding(values.tell(0, "a", { tag: ["1", "2", "2", "3"] })).value, 3);
});

test("C10 an event with too many values stands in the first places, and that is counted", () => {
  const { tell, set } = telling({ many: three.replace("gte: 3", "gte: 1") });
  const changes = tell(0, "a", { who: Array.from({ length: 300 }, (_, n) => n) });
  assert.deepEqual([changes.length, set.losses.cut], [256, 1]);
});

test("C10 value_sum and value_avg take numbers and decimal text, exactly; what is no number is not there", () => {
  const section = "{type: value_sum, rules: a, timespan: 1m, condition: {field: eur, eq: 0.3}}";
  const { tell } = telling({ sum: section });
  assert.deepEqual(tell(0, "a", { eur: 0.1 }), []);
  assert.deepEqual([...tell(1, "a", { eur: "ten" }), ...tell(2, "a", { eur: null }), ...tell(3, "a", {})], []);
  // 0.1 + 0.2 rounds to 0.30000000000000004: the sum of the two doubles lies nearer to it than to 0.3.
  assert.deepEqual(tell(4, "a", { eur: "0.2" }), []);
  const avg = telling({ avg: section.replace("value_sum", "value_avg").replace("eq: 0.3", "gte: 20") });
  assert.deepEqual(
    [10, 25].flatMap((eur, n) => avg.tell(n, "a", { eur })),
    [],
  );
  assert.equal(onlyFinding(avg.tell(3, "a", { eur: [30, 15] })).value, 20);
  const drift = telling({ sum: section.replace("eq: 0.3", "lte: 0") });
  for (let n = 0; n < 50; n += 1) assert.deepEqual(drift.tell(n * 60_001, "a", { eur: 0.1 + n }), []);
});

test("C10 temporal finds all of its rules within the span, of one group; temporal_ordered one after the other", () => {
  const { tell } = telling({
    both: "{type: temporal, rules: [a, b], group-by: [who], timespan: 10s}",
    row: "{type: temporal_ordered, rules: [a, b], group-by: [who], timespan: 10s}",
  });
  assert.deepEqual([...tell(0, "b"), ...tell(1_000, "a", { who: "y" })], []);
  assert.equal(onlyFinding(tell(10_000, "a")).ruleId, "both");
  assert.equal(onlyFinding(tell(10_500, "b")).ruleId, "row");
  const instant = telling({ row: "{type: temporal_ordered, rules: [a, b], timespan: 10s}" });
  instant.tell(0, "b");
  assert.equal(instant.tell(0, "a").length, 1, "within one instant there is no order");
});

test("C10 an event of two rules counts once; for temporal it is both", () => {
  const both = { type: "event_count", rules: "[a, b]", timespan: "10s", condition: "{gte: 2}" };
  const section = (type: string, condition = "") => `{type: ${type}, rules: ${both.rules}, timespan: 10s${condition}}`;
  const file = understood(fileOf({ many: section("event_count", ", condition: {gte: 2}"), pair: section("temporal") }));
  const standing = new Standing(file);
  const changes = standing.tell({ atMs: 0, ref: "e", event: { kinds: ["a", "b"] } });
  assert.equal(onlyFinding(changes).ruleId, "pair");
});

test("C10 O08 an alias is another field in the events of another rule", () => {
  const { tell } = telling({
    many: "{type: event_count, rules: [a, b], group-by: [person], aliases: {person: {a: who, b: whom}}, timespan: 1m, condition: {eq: 2}}",
  });
  assert.deepEqual([...tell(0, "a"), ...tell(1, "b", { who: "x", whom: "y" })], []);
  assert.deepEqual(onlyFinding(tell(2, "b", { whom: "x" })).group, { person: "x" });
});

test("C10 correlations over correlations: a row of them, and only the outermost speaks unless it generates", () => {
  const sections = {
    burst: three,
    row: "{type: temporal_ordered, rules: [burst, b], group-by: [who], timespan: 1m}",
  };
  const { tell, set } = telling(sections);
  assert.deepEqual(
    [0, 1, 2].flatMap((atMs) => tell(atMs, "a")),
    [],
  );
  const found = onlyFinding(tell(30_000, "b"));
  assert.deepEqual(
    found.made.map(({ ruleId, atMs }) => [ruleId, atMs]),
    [
      ["burst", 2],
      ["b", 30_000],
    ],
  );
  assert.deepEqual([...set.silentRules].toSorted(), ["a", "b", "burst"]);
  assert.equal(set.timespanMaxMs, 70_000);
  const loud = telling({ ...sections, row: sections.row.replace("{type", "{generate: true, type") });
  assert.equal(onlyFinding([0, 1, 2].flatMap((atMs) => loud.tell(atMs, "a"))).ruleId, "burst");
  assert.deepEqual([...loud.set.silentRules], ["a"]);
});

test("C10 what comes late moves a finding, takes it back, or joins it; what comes too late is counted", () => {
  const { tell, set, standing } = telling(
    { many: three, few: three.replace("gte: 3", "lt: 2") },
    { latenessMs: 20_000 },
  );
  const kinds = (changes: readonly CorrelationChange[]) => changes.map(({ kind }) => kind);
  tell(10_000, "a");
  tell(11_000, "a");
  const early = onlyFinding(tell(12_000, "a"));
  const [moved, ...rest] = tell(9_000, "a");
  assert.ok(moved?.kind === "found" && moved.finding.atMs === 11_000);
  assert.deepEqual(moved.replaces, [early.id]);
  assert.deepEqual(kinds(rest), ["found"], "the lonely first one is another now");
  assert.deepEqual(kinds(tell(9_500, "a")).toSorted(), ["found"], "begins earlier still");
  assert.equal(standing.findings().length, 2);
  tell(60_000, "a");
  const taken = tell(59_000, "a");
  assert.ok(taken.every((change) => change.kind === "found" && change.replaces.length === 1));
  assert.deepEqual(tell(39_999, "a"), []);
  assert.equal(set.losses.late, 1);
});

test("C10 a clock that is ahead does not make the others late", () => {
  const { tell, set, standing } = telling({ many: three }, { latenessMs: 5_000, aheadMs: 1_000 });
  standing.tell({ atMs: 9_000_000, arrivedMs: 20_000, ref: "fast", event: { kinds: "a", who: "x" } });
  tell(16_000, "a");
  assert.equal(set.losses.late, 0);
  tell(15_999, "a");
  assert.equal(set.losses.late, 1);
});

test("C10 state is bounded: the quietest groups and the oldest hits go, and are counted", () => {
  const { tell, set } = telling({ many: three }, { groupsMax: 2, hitsInGroupMax: 2, hitsMax: 100 });
  for (const [n, who] of ["p", "q", "p", "r"].entries()) tell(n, "a", { who });
  assert.deepEqual(
    [set.size, set.losses],
    [
      { groups: 2, hits: 3 },
      { late: 0, cut: 0, groups: 1, hits: 0 },
    ],
  );
  assert.deepEqual(
    [tell(5, "a", { who: "q" }).length, tell(6, "a", { who: "p" }).length],
    [0, 0],
    "q was quiet longest, and forgot",
  );
  for (const n of [7, 8, 9]) tell(n, "a", { who: "p" });
  assert.equal(set.losses.hits > 0, true);
  const few = telling({ many: three }, { hitsMax: 3 });
  for (const [n, who] of ["p", "p", "q", "q", "r"].entries()) few.tell(n, "a", { who });
  assert.deepEqual([few.set.size.hits, few.set.losses.groups], [3, 1]);
});

test("C10 what is over is forgotten, by what comes and by the clock", () => {
  const { tell, set } = telling({ many: three }, { latenessMs: 5_000 });
  tell(0, "a", { who: "p" });
  tell(1, "a", { who: "q" });
  tell(20_000, "a", { who: "r" });
  assert.equal(set.size.groups, 1);
  set.forget(35_000);
  assert.equal(set.size.groups, 1, "an event of 30 s may still come, and its window holds that of 20 s");
  set.forget(35_001);
  assert.deepEqual(set.size, { groups: 0, hits: 0 });
});

test("C10 O08 tests that a correlation carries are run, and one that is wrong is seen", () => {
  const tests = `tests:
  match:
    - title: three
      events: [{event: {kinds: a, who: x}}, {after: 2s, repeat: 2, event: {kinds: a, who: x}}]
  no_match:
    - title: three people
      events: [{repeat: 3, event: {kinds: a, who: "p{n}"}}]
    - title: wrong
      events: [{repeat: 3, event: {kinds: a, who: x}}]
`;
  const file = understood(fileOf({ many: three }, tests));
  const [correlation] = file.correlations;
  assert.ok(correlation);
  const tested = runCorrelationTests(correlation, file);
  assert.deepEqual(tested.ok && tested.value.map((one) => one.ok), [true, true, false]);
});

const refusals: readonly { readonly section: string; readonly more?: string; readonly code: SigmaProblemCode }[] = [
  { section: three.replace("event_count", "value_percentile"), code: "sigma_correlation_type_unsupported" },
  { section: three.replace("event_count", "value_median"), code: "sigma_correlation_type_unsupported" },
  { section: "[a]", code: "sigma_correlation_malformed" },
  { section: three.replace("10s", "10"), code: "sigma_correlation_malformed" },
  { section: three.replace("10s", "0m"), code: "sigma_correlation_malformed" },
  { section: three.replace("10s", "banana"), code: "sigma_correlation_malformed" },
  { section: three.replace("gte: 3", "gte: many"), code: "sigma_correlation_malformed" },
  { section: three.replace("gte: 3", "gte: '3'"), code: "sigma_correlation_malformed" },
  { section: three.replace("gte: 3", "gte: -1"), code: "sigma_correlation_malformed" },
  { section: three.replace("gte: 3", "near: 3"), code: "sigma_correlation_malformed" },
  { section: three.replace("gte: 3", "gte: 3, field: who"), code: "sigma_correlation_malformed" },
  { section: three.replace("event_count", "value_count"), code: "sigma_correlation_malformed" },
  { section: three.replace("event_count", "value_sum"), code: "sigma_correlation_malformed" },
  {
    section: three.replace("event_count", "value_avg").replace("gte: 3", "gte: 3, field: [a, b]"),
    code: "sigma_correlation_malformed",
  },
  {
    section: three.replace("event_count", "temporal").replace("gte: 3", "field: who"),
    code: "sigma_correlation_malformed",
  },
  { section: three.replace("event_count", "temporal_ordered"), code: "sigma_correlation_malformed" },
  { section: three.replace("{gte: 3}", "{}"), code: "sigma_correlation_malformed" },
  { section: three.replace("[a]", "[]"), code: "sigma_correlation_malformed" },
  { section: three.replace("[a]", "[{a: b}]"), code: "sigma_correlation_malformed" },
  { section: three.replace("[who]", "[who, who]"), code: "sigma_correlation_malformed" },
  { section: three.replace("type:", "window: 3, type:"), code: "sigma_correlation_malformed" },
  { section: three.replace("type:", "generate: maybe, type:"), code: "sigma_correlation_malformed" },
  { section: three.replace("type:", "aliases: {p: who}, type:"), code: "sigma_correlation_malformed" },
  { section: three, more: "detection: {sel: {a: 1}, condition: sel}", code: "sigma_correlation_malformed" },
  { section: three, more: "tests: {match: [{title: t, event: {}}]}", code: "sigma_tests_malformed" },
];
for (const { section, more = "", code } of refusals) {
  test(`C10 ${code}: ${section.slice(0, 120)} ${more}`, () => {
    const parsed = parseSigma(fileOf({ many: section }, more), "f.yml");
    assert.deepEqual(parsed.ok ? [] : [...new Set(parsed.error.map((one) => one.code))], [code]);
  });
}

const meetings: readonly {
  readonly says: string;
  readonly sections: Readonly<Record<string, string>>;
  readonly code: SigmaProblemCode;
}[] = [
  {
    says: "a rule that is not there",
    sections: { many: three.replace("[a]", "[stare]") },
    code: "sigma_correlation_rule_unknown",
  },
  { says: "a rule twice", sections: { many: three.replace("[a]", "[a, a]") }, code: "sigma_correlation_malformed" },
  { says: "the name of a rule", sections: { a: three.replace("[a]", "[b]") }, code: "sigma_rule_id_duplicate" },
  { says: "itself", sections: { many: three.replace("[a]", "[many]") }, code: "sigma_correlation_ring" },
  {
    says: "a ring",
    sections: { one: three.replace("[a]", "[other]"), other: three.replace("[a]", "[one]") },
    code: "sigma_correlation_ring",
  },
  {
    says: "a field that the counted correlation has not",
    sections: { one: three, other: three.replace("[a]", "[one]").replace("[who]", "[till]") },
    code: "sigma_correlation_field_unknown",
  },
  {
    says: "an alias for a rule that is not counted",
    sections: { many: three.replace("{type", "{aliases: {who: {b: whom}}, type") },
    code: "sigma_correlation_rule_unknown",
  },
];
for (const { says, sections, code } of meetings) {
  test(`C10 ${code}: a correlation that counts or names ${says}, at its place`, () => {
    const text = fileOf(sections);
    const parsed = parseSigma(text, "f.yml");
    assert.ok(parsed.ok);
    const set = CorrelationSet.compile(parsed.value.correlations, parsed.value.rules);
    assert.ok(!set.ok);
    assert.deepEqual([...new Set(set.error.map((one) => one.code))], [code]);
    for (const { line, file, remedy } of set.error) assert.ok(line > 12 && file === "f.yml" && remedy !== "");
  });
}

test("C10 a timespan is a whole number with its unit", () => {
  const cases = { "90m": 5_400_000, "1d": 86_400_000, "5s": 5_000, "2h": 7_200_000 };
  for (const [text, ms] of Object.entries(cases)) assert.equal(timespanMs(text), ms);
  for (const text of ["", "m", "1M", "1.5h", "-1s", "99999999999d", "1 h", "9999d"])
    assert.equal(timespanMs(text), null);
});
