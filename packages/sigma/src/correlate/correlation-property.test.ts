import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { JsonValue } from "../json.ts";
import type { SigmaCorrelation } from "../read/correlation-model.ts";
import { fileOf, Standing, understood, type Told } from "../testing/correlation.ts";
import { correlationTypes } from "../read/correlation-model.ts";
import type { CorrelationSet } from "./correlation-set.ts";
import { measureNow, measureOne } from "./measure.ts";

const spanMs = 10_000;
/** Longer than the window, so that an event can come when its window is over. */
const latenessMs = 25_000;

/** Each with what a plain reading of the page says: the measure of one window. */
type Occurrence = { readonly atMs: number; readonly ref: string; readonly rule: string; readonly value: JsonValue };
type Reading = {
  readonly section: string;
  readonly measure: (window: readonly Occurrence[]) => number;
  readonly holds: (value: number) => boolean;
};

const sum = (window: readonly Occurrence[]) => window.reduce((all, { value }) => all + Number(value), 0);
const rulesIn = (window: readonly Occurrence[]) => new Set(window.map(({ rule }) => rule)).size;
const sectionOf = (type: string, rules: string, condition: string) =>
  `{type: ${type}, rules: [${rules}], group-by: [who], timespan: 10s${condition === "" ? "" : `, condition: {${condition}}`}}`;

const readings: readonly Reading[] = [
  { section: sectionOf("event_count", "a, b", "gte: 3"), measure: (w) => w.length, holds: (v) => v >= 3 },
  { section: sectionOf("event_count", "a", "lt: 3"), measure: (w) => w.length, holds: (v) => v < 3 },
  { section: sectionOf("event_count", "a, b", "eq: 2"), measure: (w) => w.length, holds: (v) => v === 2 },
  { section: sectionOf("event_count", "a, b", "neq: 2"), measure: (w) => w.length, holds: (v) => v !== 2 },
  {
    section: sectionOf("event_count", "a, b", "gt: 1, lte: 3"),
    measure: (w) => w.length,
    holds: (v) => v > 1 && v <= 3,
  },
  {
    section: sectionOf("value_count", "a, b", "field: amount, gte: 3"),
    measure: (w) => new Set(w.map(({ value }) => value)).size,
    holds: (v) => v >= 3,
  },
  { section: sectionOf("value_sum", "a, b", "field: amount, gte: 6"), measure: sum, holds: (v) => v >= 6 },
  { section: sectionOf("value_sum", "a, b", "field: amount, lt: 0"), measure: sum, holds: (v) => v < 0 },
  {
    section: sectionOf("value_avg", "a, b", "field: amount, gt: 2.5"),
    measure: (w) => sum(w) / w.length,
    holds: (v) => v > 2.5,
  },
  { section: sectionOf("temporal", "a, b, c", ""), measure: rulesIn, holds: (v) => v === 3 },
  { section: sectionOf("temporal", "a, b, c", "lte: 2"), measure: rulesIn, holds: (v) => v <= 2 },
  {
    section: sectionOf("temporal_ordered", "a, b, c", ""),
    measure: (w) => (inOrder(w, ["a", "b", "c"]) ? 3 : 0),
    holds: (v) => v === 3,
  },
];

/** Whether one can be chosen of each rule so that none lies before the one chosen ahead of it. */
function inOrder(window: readonly Occurrence[], rules: readonly string[], fromMs = Number.NEGATIVE_INFINITY): boolean {
  const [rule, ...others] = rules;
  if (rule === undefined) return true;
  return window.some((one) => one.rule === rule && one.atMs >= fromMs && inOrder(window, others, one.atMs));
}

const told = fc
  .array(
    fc.record({
      gapMs: fc.constantFrom(0, 0, 1, 999, 1_000, 1_000, 2_500, 4_000, 10_000, 10_001, 25_000),
      kinds: fc.subarray(["a", "b", "c"], { minLength: 1 }),
      who: fc.constantFrom("x", "x", "y", "z"),
      amount: fc.constantFrom<JsonValue>(1, 2, 2.5, -3, 4, "3", "text", null),
      delayMs: fc.oneof(fc.constant(0), fc.constantFrom(1_000, 9_000, 12_000), fc.integer({ min: 0, max: latenessMs })),
    }),
    { maxLength: 120, size: "max" },
  )
  .map((steps) => {
    let atMs = 1_000_000;
    return steps.map(({ gapMs, delayMs, ...event }, n): Told & { readonly delayMs: number } => {
      atMs += gapMs;
      return { atMs, ref: `e${n}`, event, delayMs };
    });
  });

const inTime = (events: readonly (Told & { readonly delayMs: number })[]): readonly Told[] =>
  events.toSorted((one, other) => one.atMs + one.delayMs - (other.atMs + other.delayMs));

function occurrencesOf(
  correlation: SigmaCorrelation,
  events: readonly Told[],
): ReadonlyMap<string, readonly Occurrence[]> {
  const groups = new Map<string, Occurrence[]>();
  const isTemporal = correlation.type.startsWith("temporal");
  for (const { atMs, ref, event } of events) {
    const kinds = event["kinds"] as readonly string[];
    const rules = correlation.rules.map(({ name }) => name).filter((name) => kinds.includes(name));
    const amount = event["amount"] ?? null;
    const isNumber = typeof amount === "number" || amount === "3";
    const isOut =
      (correlation.type === "value_count" && amount === null) ||
      ((correlation.type === "value_sum" || correlation.type === "value_avg") && !isNumber);
    for (const rule of isOut ? [] : isTemporal ? rules : rules.slice(0, 1)) {
      const value = isTemporal || correlation.type === "event_count" ? null : isNumber ? Number(amount) : amount;
      const group = event["who"] as string;
      groups.set(group, [...(groups.get(group) ?? []), { atMs, ref, rule, value }]);
    }
  }
  return groups;
}

/** What the page says, written as slowly as it is said. */
function plainReading({ measure, holds }: Reading, correlation: SigmaCorrelation, events: readonly Told[]) {
  const found: object[] = [];
  for (const [who, occurrences] of occurrencesOf(correlation, events)) {
    let heldMs: number | null = null;
    for (const atMs of [...new Set(occurrences.map((one) => one.atMs))].toSorted((one, other) => one - other)) {
      const window = occurrences.filter((one) => one.atMs >= atMs - spanMs && one.atMs <= atMs);
      const value = measure(window);
      const isNew = heldMs === null || atMs - heldMs > spanMs;
      if (holds(value) && isNew)
        found.push({ who, atMs, value, count: window.length, made: window.map(({ ref }) => ref).toSorted() });
      heldMs = holds(value) ? atMs : null;
    }
  }
  return found;
}

const ordered = (found: readonly object[]) => found.map((one) => JSON.stringify(one)).toSorted();

for (const reading of readings) {
  test(`C10 what stands is what a plain reading finds, in whatever order the events came: ${reading.section}`, () => {
    const file = understood(fileOf({ counted: reading.section }), { latenessMs });
    const [correlation] = file.correlations;
    assert.ok(correlation);
    let spoke = 0;
    fc.assert(
      fc.property(told, (events) => {
        const standing = new Standing(file);
        for (const event of inTime(events)) standing.tell(event);
        const said = standing.findings().map((finding) => {
          const { group, atMs, value, count, made } = finding as {
            readonly group: { readonly who: string };
            readonly atMs: number;
            readonly value: number;
            readonly count: number;
            readonly made: readonly string[];
          };
          return { who: group.who, atMs, value, count, made: made.map((one) => one.slice(2)).toSorted() };
        });
        spoke += said.length;
        assert.deepEqual(ordered(said), ordered(plainReading(reading, correlation, events)));
        assert.deepEqual(standing.set.losses, { late: 0, cut: 0, groups: 0, hits: 0 });
      }),
      { numRuns: 150 },
    );
    assert.ok(spoke > 100, `found ${spoke} in all`);
  });
}

const chained = fileOf({
  many: sectionOf("event_count", "a", "gte: 2"),
  quiet: sectionOf("event_count", "b", "lt: 2"),
  both: "{type: temporal_ordered, rules: [many, quiet], group-by: [who], timespan: 20s}",
  often:
    "{type: event_count, rules: [both, c], group-by: [person], aliases: {person: {both: who, c: who}}, timespan: 1m, condition: {gte: 2}}",
});

test("C10 correlations over correlations: any order within the lateness gives the same findings", () => {
  const file = understood(chained, { latenessMs });
  let spoke = 0;
  fc.assert(
    fc.property(told, (events) => {
      const late = new Standing(file);
      for (const event of inTime(events)) late.tell(event);
      const straight = new Standing(file);
      for (const event of events) straight.tell(event);
      assert.deepEqual(late.findings(), straight.findings());
      spoke += straight.findings().length;
    }),
    { numRuns: 300 },
  );
  assert.ok(spoke > 0, "something was found at all");
});

test("C10 S06 cut at any place, saved, read from JSON and gone on with: every word is the same", () => {
  const file = understood(chained, { latenessMs, groupsMax: 2, hitsInGroupMax: 4 });
  fc.assert(
    fc.property(told, fc.nat(120), (events, cut) => {
      const whole = new Standing(file);
      const arrived = inTime(events);
      const said = arrived.map((event) => whole.tell(event));
      const first = new Standing(file);
      const firstSaid = arrived.slice(0, cut).map((event) => first.tell(event));
      const set: CorrelationSet = file.make();
      set.restore(JSON.parse(JSON.stringify(first.set.save())));
      const after = arrived
        .slice(cut)
        .map((event) => set.add({ ...event, matches: file.ruleSet.evaluate(event.event) }));
      assert.deepEqual([...firstSaid, ...after], said);
      assert.deepEqual(set.losses, whole.set.losses);
    }),
    { numRuns: 200 },
  );
});

test("C10 B05 what is told twice counts once", () => {
  const file = understood(chained, { latenessMs });
  fc.assert(
    fc.property(told, (events) => {
      const once = new Standing(file);
      const twice = new Standing(file);
      for (const event of inTime(events)) {
        once.tell(event);
        twice.tell(event);
        assert.deepEqual(twice.tell(event), []);
      }
      assert.deepEqual(twice.findings(), once.findings());
    }),
    { numRuns: 100 },
  );
});

/** More of one group-by than share what their groups are looked up in, and some of another one. */
const manyOfOne: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [0, 1, 2, 3, 4].flatMap((n) => [
      [`often${n}`, sectionOf("event_count", ["a", "b", "a, c"][n % 3] ?? "a", `gte: ${(n % 3) + 1}`)],
      [`sums${n}`, sectionOf("value_sum", "a, b, c", `field: amount, gt: ${n - 1}`)],
    ]),
  ),
  row: sectionOf("temporal_ordered", "often1, c", ""),
  other: sectionOf("event_count", "a", "gte: 2").replace("who", "amount"),
  all: sectionOf("event_count", "a", "gte: 4").replace("group-by: [who], ", ""),
};

test("C10 B05 correlations that group by the same fields say what each says by itself, where groups are dropped and forgotten too", () => {
  const generating = (section: string) => section.replace("{type", "{generate: true, type");
  const options = { latenessMs, groupsMax: 2, hitsInGroupMax: 5 };
  const sections = Object.entries(manyOfOne);
  const loud = Object.fromEntries(sections.map(([name, section]) => [name, generating(section)]));
  const together = understood(fileOf(loud), options);
  const alone = sections.map(([name, section]) => {
    const below = name === "row" ? { often1: manyOfOne["often1"] ?? "" } : {};
    return { name, file: understood(fileOf({ ...below, [name]: section }), options) };
  });
  let lost = 0;
  fc.assert(
    fc.property(told, fc.nat(120), (events, quietAt) => {
      const all = new Standing(together);
      const each = alone.map(({ name, file }) => ({ name, standing: new Standing(file) }));
      for (const [nth, event] of inTime(events).entries()) {
        if (nth === quietAt) {
          for (const { set } of [all, ...each.map(({ standing }) => standing)]) set.forget(event.atMs + latenessMs / 2);
        }
        const said = all.tell(event);
        for (const { name, standing } of each) {
          const own = said.filter((one) => (one.kind === "withdrawn" ? one.ruleId : one.finding.ruleId) === name);
          assert.deepEqual(own.map(plainly), standing.tell(event).map(plainly), name);
        }
      }
      const inEach = (of: (set: CorrelationSet) => number) =>
        each.reduce((count, { name, standing }) => count + (name === "row" ? 0 : of(standing.set)), 0);
      const row = each.find(({ name }) => name === "row")?.standing.set.save().stores["row"];
      const { losses, size } = all.set;
      assert.equal(losses.groups, inEach((set) => set.losses.groups) + (row?.groupsLost ?? 0));
      assert.equal(losses.hits, inEach((set) => set.losses.hits) + (row?.hitsLost ?? 0));
      assert.equal(size.groups, inEach((set) => set.size.groups) + (row?.groups.length ?? 0));
      lost += losses.groups;
    }),
    { numRuns: 150 },
  );
  assert.ok(lost > 100, `${lost} groups were dropped`);
});

/** A change without the correlation itself, of which the two differ in where their files have them. */
const plainly = (change: ReturnType<Standing["tell"]>[number]) =>
  change.kind === "withdrawn" ? change : { ...change, finding: { ...change.finding, correlation: null } };

test("C10 a hit alone measures what a window of that hit measures", () => {
  const place = { line: 1, column: 1 };
  for (const type of correlationTypes) {
    for (const rules of [1, 2]) {
      const correlation = { type, rules: Array.from({ length: rules }, () => ({ name: "a", place })) };
      for (const value of [-0, 0, 0.1, 1e299, 5e-324, -3]) {
        const hit = { atMs: 1, ref: "e", rule: 0, nth: 0, value };
        const window = { hits: [hit], first: 0, last: 0 };
        assert.ok(Object.is(measureOne(correlation, hit), measureNow(correlation, window)), `${type} ${value}`);
      }
    }
  }
});
