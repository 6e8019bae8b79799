import assert from "node:assert/strict";
import { test } from "node:test";
import { testPolicies } from "../../testing/access.ts";
import { shippedPolicies } from "../../testing/pack.ts";
import { actionNames } from "../actions.ts";
import { matrixOf } from "./matrix.ts";
import { PolicyEngine } from "./policy-engine.ts";
import { loadPolicies, overduePolicies } from "./policy-set.ts";
import { policyTestGaps, readPolicyTests, runPolicyTests } from "./policy-tests.ts";
import { roles } from "../principal.ts";

const engine = new PolicyEngine(testPolicies());

test("U03 the tests beside the shipped policies hold, speak of every role, and fail when a wall is taken away", () => {
  const tests = readPolicyTests(shippedPolicies(), testPolicies());
  assert.ok(tests.ok);
  const failed = runPolicyTests(engine, tests.value).filter(({ ok }) => !ok);
  assert.deepEqual(
    failed.map(({ test: one, got }) => [one.says, one.action, got]),
    [],
  );
  const spoken = new Set(tests.value.flatMap((one) => (one.kind === "stated" ? one.principal.roles : [])));
  assert.deepEqual(
    roles.filter((role) => !spoken.has(role)),
    [],
  );
  for (const id of ["wall-organisation", "wall-place", "wall-restricted", "purpose-needed", "purpose-secondary-use"]) {
    const files = new Map([...shippedPolicies()].map(([file, text]) => [file, without(text, id)]));
    const weaker = loadPolicies(files);
    assert.ok(weaker.ok, id);
    const stated = tests.value.filter(({ kind }) => kind === "stated"); // cells ask about one's own place: no wall stands there
    const results = runPolicyTests(new PolicyEngine(weaker.value), stated);
    assert.ok(
      results.some(({ ok }) => !ok),
      `nothing notices that ${id} is gone`,
    );
  }
});

function without(text: string, id: string): string {
  const at = text.indexOf(`@id("${id}")`);
  return at < 0 ? text : text.slice(0, at) + text.slice(text.indexOf(";", at) + 1);
}

test("U03 a policy test that cannot be meant is refused", () => {
  const cases = [
    ["tests: []", /tests/],
    ['tests: [{ says: a, who: {}, action: "incident:lend", what: { kind: incident }, expect: allow }]', /no action/],
    ['tests: [{ says: a, who: {}, action: "incident:read", what: { kind: incident }, expect: maybe }]', /expect/],
    [
      'tests: [{ says: a, who: {}, action: "incident:read", what: { kind: incident }, expect: allow, by: me }]',
      /no policy me/,
    ],
    [
      'tests: [{ says: a, who: {}, action: "incident:read", what: { kind: incident }, context: { purpose: fun }, expect: allow }]',
      /no purpose/,
    ],
    ['matrix: { "incident:lend": { allowed: [guard] } }', /no such action/],
    ['matrix: { "device:renew": { allowed: [guard] } }', /no such action of people/],
    ['matrix: { "incident:close": { allowed: [guard], own_only: [guard] } }', /stands twice/],
    ['matrix: { "incident:close": { perhaps: [guard] } }', /perhaps|additional/],
    ["{}", /a.test.yaml|fewer|properties|minimum/],
  ] as const;
  for (const [text, want] of cases) {
    const read = readPolicyTests(new Map([["policies/a.test.yaml", text]]), testPolicies());
    assert.ok(!read.ok, text);
    assert.match(read.error[0]?.message ?? "", want);
  }
});

test("N01 U03 every action and role has its case beside the policies, one that allows and one that refuses; a gap is named", () => {
  const set = testPolicies();
  const read = readPolicyTests(shippedPolicies(), set);
  assert.ok(read.ok);
  assert.deepEqual(policyTestGaps(set, read.value), []);
  const cells = read.value.filter(({ kind }) => kind === "cell");
  assert.ok(cells.length > 70 * roles.length);
  const allBut = (action: string) => read.value.filter((one) => one.action !== action);
  assert.deepEqual(policyTestGaps(set, allBut("incident:close")), [
    "incident:close: its row of the matrix",
    "incident:close: who may",
    "incident:close: who may not",
  ]);
  const allowing = read.value.filter(({ action, expect }) => action !== "device:renew" || expect === "allow");
  assert.deepEqual(policyTestGaps(set, allowing), ["device:renew: who may not"]);
  // A cell that says another thing than the policies is found.
  const wrong = readPolicyTests(
    new Map([["policies/a.test.yaml", 'matrix: { "incident:close": { allowed: [store_manager, guard] } }']]),
    set,
  );
  assert.ok(wrong.ok);
  const failed = runPolicyTests(engine, wrong.value).filter(({ ok }) => !ok);
  assert.deepEqual(
    failed.map(({ test: one, got }) => [one.says, one.expect, got]),
    [
      ["matrix: guard", "allowed", "refused"],
      ["matrix: investigator", "refused", "allowed"],
    ],
  );
});

test("U01 policies whose review is due are told", () => {
  assert.deepEqual(overduePolicies(testPolicies(), "2026-12-01"), []);
  assert.equal(overduePolicies(testPolicies(), "2035-01-01").length, testPolicies().policies.size);
});

test("N01 every cell of the matrix is an answer of the policies", async () => {
  const matrix = await matrixOf(engine, "2026-12-01");
  const cell = (action: string, role: (typeof roles)[number]) =>
    matrix.rows.find((row) => row.action === action)?.cells[roles.indexOf(role)]?.answer;
  assert.ok(matrix.rows.length > actionNames.length - 5);
  const cases = [
    ["exhibit:open", "investigator", "with_purpose"],
    ["exhibit:open", "auditor", "refused"],
    ["exhibit:open", "partner_officer", "with_purpose"],
    ["packet:release", "counsel", "with_second_proof"],
    ["incident:open", "colleague", "own_only"],
    ["incident:close", "guard", "refused"],
    ["audit:read", "auditor", "allowed"],
    ["break_glass:use", "guard", "with_second_proof"],
    ["account:recover", "administrator", undefined],
  ] as const;
  for (const [action, role, want] of cases) assert.equal(cell(action, role), want, `${action} ${role}`);
});
