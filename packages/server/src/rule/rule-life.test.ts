import assert from "node:assert/strict";
import { test } from "node:test";
import {
  activate,
  endShadow,
  isAboveBar,
  judgedAs,
  retire,
  bringBack,
  rolledBack,
  sign,
  stateOfRule,
  stateOfVersion,
  toShadow,
  wayBack,
  type RuleLife,
} from "./rule-life.ts";

const bar = { share: 0.8, verdictsMin: 10 };
const written: RuleLife = { latest: 3, live: null, shadow: null, asked: null, everLive: new Set() };
const anna = "user:anna";
const bob = "user:bob";
const judgedWell = { right: 9, wrong: 1 };

const refusals: readonly { readonly says: string; readonly run: () => unknown; readonly code: string }[] = [
  { says: "a version that was never written", run: () => toShadow(written, 4), code: "rule_version_unknown" },
  { says: "the pack's own file as a watcher", run: () => toShadow(written, 0), code: "rule_version_unknown" },
  {
    says: "what runs already, as a watcher",
    run: () => toShadow({ ...written, live: 2 }, 2),
    code: "rule_already_running",
  },
  { says: "what watches already", run: () => toShadow({ ...written, shadow: 2 }, 2), code: "rule_already_in_shadow" },
  { says: "the end of a watch that is not", run: () => endShadow(written), code: "rule_not_in_shadow" },
  {
    says: "a draft that would run without having watched, however well it was judged",
    run: () => activate(written, 3, { by: anna, kind: "rule", pages: false, judged: judgedWell, bar }),
    code: "rule_not_in_shadow",
  },
  {
    says: "another version than the one that watches",
    run: () =>
      activate({ ...written, shadow: 2 }, 3, { by: anna, kind: "rule", pages: false, judged: judgedWell, bar }),
    code: "rule_not_in_shadow",
  },
  {
    says: "what runs already, once more",
    run: () => activate({ ...written, live: 3 }, 3, { by: anna, kind: "rule", pages: true, judged: judgedWell, bar }),
    code: "rule_already_running",
  },
  {
    says: "a signature that nobody asked for",
    run: () => sign({ ...written, shadow: 3 }, 3, { by: bob, author: anna }),
    code: "rule_signature_not_asked",
  },
  {
    says: "the signature of whoever asked for it",
    run: () => sign({ ...written, shadow: 3, asked: { number: 3, by: anna } }, 3, { by: anna, author: "user:eve" }),
    code: "rule_second_person_needed",
  },
  {
    says: "the signature of the author",
    run: () => sign({ ...written, shadow: 3, asked: { number: 3, by: anna } }, 3, { by: bob, author: bob }),
    code: "rule_second_person_needed",
  },
  {
    says: "a signature under another version than the one it was asked for",
    run: () => sign({ ...written, shadow: 3, asked: { number: 3, by: anna } }, 2, { by: bob, author: anna }),
    code: "rule_signature_not_asked",
  },
  { says: "the end of a rule that does not run", run: () => retire(written), code: "rule_not_running" },
  {
    says: "a way back where nothing ever changed",
    run: () => wayBack(written, []),
    code: "rule_nothing_to_roll_back",
  },
  {
    says: "a way back to what runs now",
    run: () => wayBack({ live: 2, everLive: new Set([2]) }, [{ kind: "activated", liveBefore: 1, liveAfter: 2 }], 2),
    code: "rule_nothing_to_roll_back",
  },
  {
    says: "a way back to a draft that never ran",
    run: () => wayBack({ live: 2, everLive: new Set([1, 2]) }, [{ kind: "activated", liveBefore: 1, liveAfter: 2 }], 3),
    code: "rule_never_ran",
  },
  {
    says: "a way further back than everything that ran",
    run: () =>
      wayBack({ live: null, everLive: new Set([1]) }, [
        { kind: "activated", liveBefore: null, liveAfter: 1 },
        { kind: "rolled_back", liveBefore: 1, liveAfter: null },
      ]),
    code: "rule_nothing_to_roll_back",
  },
];
for (const { says, run, code } of refusals) {
  test(`C09 C11 refused: ${says}`, () => {
    assert.deepEqual(run(), { ok: false, error: { code } });
  });
}

test("C11 a rule that pages runs at once above the bar, and asks for a signature below it", () => {
  const life = { ...written, shadow: 3 };
  const by = { by: anna, kind: "rule" as const, pages: true, bar };
  assert.deepEqual(activate(life, 3, { ...by, judged: judgedWell }), {
    ok: true,
    value: { kind: "activated", live: 3, shadow: null, asked: null },
  });
  const waiting = {
    ok: true,
    value: { kind: "signature_asked", live: null, shadow: 3, asked: { number: 3, by: anna } },
  };
  assert.deepEqual(activate(life, 3, { ...by, judged: { right: 7, wrong: 3 } }), waiting);
  assert.deepEqual(activate(life, 3, { ...by, judged: { right: 9, wrong: 0 } }), waiting, "too few verdicts");
});

test("C11 a filter over what pages waits for a signature however well it was judged, and is right about what people called false", () => {
  const life = { ...written, shadow: 3 };
  const by = { by: anna, kind: "filter" as const, judged: { right: 99, wrong: 0 }, bar };
  const asked = activate(life, 3, { ...by, pages: true });
  assert.ok(asked.ok && asked.value.kind === "signature_asked");
  const runs = activate(life, 3, { ...by, pages: false });
  assert.ok(runs.ok && runs.value.kind === "activated");
  assert.deepEqual(judgedAs("filter", { right: 1, wrong: 7 }), { right: 7, wrong: 1 });
  assert.deepEqual(judgedAs("rule", { right: 1, wrong: 7 }), { right: 1, wrong: 7 });
});

test("C11 a rule that pages nobody runs without verdicts", () => {
  const done = activate({ ...written, shadow: 3 }, 3, {
    by: anna,
    kind: "rule",
    pages: false,
    judged: { right: 0, wrong: 0 },
    bar,
  });
  assert.ok(done.ok && done.value.kind === "activated");
});

test("C11 the signature of another person lets it run", () => {
  const life = { ...written, live: 1, shadow: 3, asked: { number: 3, by: anna }, everLive: new Set([1]) };
  assert.deepEqual(sign(life, 3, { by: bob, author: anna }), {
    ok: true,
    value: { live: 3, shadow: null, asked: null },
  });
});

test("C11 another version that watches voids the signature that was asked for", () => {
  const life = { ...written, shadow: 2, asked: { number: 2, by: anna } };
  assert.deepEqual(toShadow(life, 3), { ok: true, value: { live: null, shadow: 3, asked: null } });
});

test("C09 a roll back ends the watch of the version that runs again, and leaves another watching", () => {
  const life = { ...written, live: 3, shadow: 1, everLive: new Set([1, 2, 3]) };
  assert.deepEqual(rolledBack(life, 1), { live: 1, shadow: null, asked: null });
  assert.deepEqual(rolledBack(life, 2), { live: 2, shadow: 1, asked: null });
  assert.deepEqual(rolledBack(life, null), { live: null, shadow: 1, asked: null });
});

/** Each version by how it came to run or went: 2 let run, -2 retired, "<1" rolled back to 1. */
function history(...steps: readonly (number | string)[]) {
  let live: number | null = null;
  const changes = steps.map((step) => {
    const liveBefore = live;
    const back = typeof step === "string";
    live = back ? Number(step.slice(1)) || null : step < 0 ? null : step;
    const kind = back ? ("rolled_back" as const) : step < 0 ? ("retired" as const) : ("activated" as const);
    return { kind, liveBefore, liveAfter: live };
  });
  const everLive = new Set(changes.flatMap(({ liveAfter }) => (liveAfter === null ? [] : [liveAfter])));
  return [{ live, everLive }, changes] as const;
}

const waysBack = [
  { says: "what a first version replaced is nothing", of: [1], to: { live: null, guarded: false } },
  { says: "a bad change goes at once", of: [1, 2], to: { live: 1, guarded: false } },
  { says: "a second step leads further back", of: [1, 2, 3, "<2"], to: { live: 1, guarded: false } },
  { says: "and to nothing in the end", of: [1, 2, "<1"], to: { live: null, guarded: false } },
  { says: "what was retired is guarded", of: [1, -1], to: { live: 1, guarded: true } },
  { says: "let run again, its change can be undone", of: [1, -1, 1], to: { live: null, guarded: false } },
  { says: "and what follows it too", of: [1, -1, 1, 2], to: { live: 1, guarded: false } },
] as const;
for (const { says, of, to } of waysBack) {
  test(`C09 C11 the way back: ${says}`, () => {
    const [life, changes] = history(...of);
    assert.deepEqual(wayBack(life, changes), { ok: true, value: to });
  });
}

test("C09 C11 a version that was taken out is guarded also when it is named, whatever runs", () => {
  const cases = [
    { of: [1, 2, "<1"], to: 2, guarded: true },
    { of: [1, 2, 3, "<1"], to: 3, guarded: true },
    { of: [1, 2, 3, "<1"], to: 2, guarded: false },
    { of: [1, -1, 2], to: 1, guarded: true },
    { of: [1, "<"], to: 1, guarded: true },
    { of: [1, 2, "<1", 2, 3], to: 2, guarded: false },
  ];
  for (const { of, to, guarded } of cases) {
    const [life, changes] = history(...of);
    assert.deepEqual(wayBack(life, changes, to), { ok: true, value: { live: to, guarded } }, of.join(" "));
  }
});

test("C11 what was retired runs again with precision, or waits for a signature without watching", () => {
  const life = { ...written, shadow: 3, everLive: new Set([1]) };
  const by = { by: anna, kind: "rule" as const, pages: true, bar };
  assert.deepEqual(bringBack(life, 1, { ...by, judged: judgedWell }), {
    kind: "activated",
    live: 1,
    shadow: 3,
    asked: null,
  });
  const { kind, ...points } = bringBack(life, 1, { ...by, judged: { right: 0, wrong: 0 } });
  assert.deepEqual([kind, points], ["signature_asked", { live: null, shadow: 3, asked: { number: 1, by: anna } }]);
  const waiting = { ...life, ...points };
  assert.deepEqual(sign(waiting, 1, { by: bob, author: anna }), {
    ok: true,
    value: { live: 1, shadow: 3, asked: null },
  });
  assert.deepEqual(retire(waiting), { ok: true, value: { live: null, shadow: 3, asked: null, number: 1 } });
});

test("C11 the bar takes a share of right verdicts and a least number of them", () => {
  const cases = [
    [8, 2, true],
    [7, 3, false],
    [9, 0, false],
    [0, 0, false],
    [10, 0, true],
  ] as const;
  for (const [right, wrong, want] of cases) assert.equal(isAboveBar({ right, wrong }, bar), want, `${right}:${wrong}`);
  assert.equal(isAboveBar({ right: 0, wrong: 0 }, { share: 0, verdictsMin: 0 }), false, "nothing is no precision");
});

test("C11 states follow from what runs, watches and ran", () => {
  const life = { ...written, live: 2, shadow: 3, everLive: new Set([1, 2]) };
  assert.deepEqual(
    [1, 2, 3].map((number) => stateOfVersion(life, number)),
    ["retired", "active", "shadow"],
  );
  assert.equal(stateOfVersion(written, 1), "draft");
  assert.deepEqual([life, { ...life, live: null }, { ...life, live: null, shadow: null }, written].map(stateOfRule), [
    "active",
    "shadow",
    "retired",
    "draft",
  ]);
});
