import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compile, type Detector, type SigmaFile } from "./compile.ts";
import type { CorrelationChange } from "./correlate/correlation-set.ts";

const spanMs = 10_000;
const ruleOf = (kind: string, remark: number): SigmaFile => ({
  file: `${kind}.yml`,
  text: `title: Kind ${kind}\nname: ${kind}\nlogsource: {product: retail}\ndetection: {sel: {kind: ${kind}}, condition: sel} # ${remark}\n`,
});
const counted: SigmaFile = {
  file: "counted.yml",
  text: ["event_count, condition: {gte: 2}", "value_sum, condition: {field: amount, gte: 5}"]
    .map(
      (type, at) =>
        `title: c${at}\nname: c${at}\ncorrelation: {rules: [${at === 0 ? "a" : "a, b"}], group-by: [who], timespan: ${spanMs / 1000}s, type: ${type}}\n`,
    )
    .join("---\n"),
};
const filesOf = (remark: number) => [ruleOf("a", 0), ruleOf("b", remark), counted];

const happened = fc.record({
  gapMs: fc.constantFrom(0, 1_000, 4_000, 10_000, 10_001),
  kind: fc.constantFrom("a", "b", "c"),
  who: fc.constantFrom("x", "y"),
  amount: fc.integer({ min: 1, max: 4 }),
  /** Before it, the rules are taken in anew. */
  isReload: fc.boolean(),
});
type Happened = typeof happened extends fc.Arbitrary<infer T> ? T : never;

/** Everything that is found, in its order: matches by their rule, and what the correlations say. */
function found(events: readonly Happened[], takeIn: (before: Detector, nth: number) => Detector) {
  const first = compile(filesOf(0));
  assert.ok(first.ok);
  let detector = first.value;
  let correlations = detector.startCorrelating();
  let atMs = 1_000_000;
  const all: (string | CorrelationChange)[] = [];
  for (const [nth, { gapMs, isReload, ...event }] of events.entries()) {
    const next = isReload ? takeIn(detector, nth) : detector;
    if (next !== detector) {
      const state = correlations.save();
      detector = next;
      correlations = detector.startCorrelating();
      correlations.restore(JSON.parse(JSON.stringify(state)));
    }
    atMs += gapMs;
    const matches = detector.ruleSet.evaluate(event);
    all.push(...matches.map(({ ruleId }) => `${nth} ${ruleId}`));
    all.push(...correlations.add({ atMs, ref: `e${nth}`, event, matches }));
  }
  return all;
}

test("C09 C10 C11 rules taken in while events flow neither lose nor double one, nor what is counted of them", () => {
  fc.assert(
    fc.property(fc.array(happened, { maxLength: 60, size: "max" }), (events) => {
      const takenIn = found(events, (before, nth) => {
        const after = compile(filesOf(nth), { previous: before });
        assert.ok(after.ok);
        return after.value;
      });
      assert.deepEqual(
        takenIn,
        found(events, (before) => before),
      );
    }),
    { numRuns: 100 },
  );
});

test("C09 C11 of files that stay the rules are the same objects, of those that changed they are read again", () => {
  const before = compile(filesOf(0));
  assert.ok(before.ok);
  const after = compile(filesOf(1), { previous: before.value });
  assert.ok(after.ok);
  const [a, b] = [before.value.documents.rules, after.value.documents.rules];
  assert.equal(a[0], b[0]);
  assert.notEqual(a[1], b[1]);
  assert.deepEqual(a[1], b[1]);
});

test("C09 C11 a file that changed for the worse is refused with its place, and what ran before still runs", () => {
  const before = compile(filesOf(0));
  assert.ok(before.ok);
  const [first, ...others] = filesOf(0);
  const broken = compile([...others, { file: "a.yml", text: `${first?.text.replace("kind: a", "kind|no: a")}` }], {
    previous: before.value,
  });
  assert.ok(!broken.ok);
  assert.deepEqual(
    broken.error.map(({ code, file, line }) => ({ code, file, line })),
    [{ code: "sigma_modifier_unknown", file: "a.yml", line: 4 }],
  );
  assert.deepEqual(
    before.value.ruleSet.evaluate({ kind: "a" }).map(({ ruleId }) => ruleId),
    ["a"],
  );
});

test("C09 after very many changes the numbers of fields begin anew, and what is found stays right", () => {
  let detector = compile([]);
  for (let round = 0; round < 1_100; round += 1) {
    assert.ok(detector.ok);
    const text = `title: A rule\nlogsource: {product: retail}\ndetection: {sel: {field${round}: a}, condition: sel}\n`;
    detector = compile([{ file: "a.yml", text }], { previous: detector.value });
    assert.ok(detector.ok);
    assert.equal(detector.value.ruleSet.evaluate({ [`field${round}`]: "A" }).length, 1);
    assert.equal(detector.value.ruleSet.evaluate({ [`field${round - 1}`]: "A" }).length, 0);
  }
});
