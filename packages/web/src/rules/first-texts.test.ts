import assert from "node:assert/strict";
import { test } from "node:test";
import { firstFilter, firstRule, newId } from "./first-texts.ts";

const id = "5f0e6c1a-3c77-4d6e-9a01-0000000000f1";
const rule = (tests: string) => ({
  id: "5f0e6c1a-3c77-4d6e-9a01-0000000000a1",
  title: "Expensive line voided",
  service: "till",
  text: `title: Expensive line voided\n${tests}`,
});

test("C09 a new filter begins with the event that its rule must match, at another device", () => {
  const tests = `tests:
  match:
    - title: "headphones"
      event:
        {
          event_type: pos_line_void,
          device: { id: T-07, kind: till },
          data: { amount_minor: 29900 },
        }
  no_match:
    - { title: bread, event: { event_type: bread } }
`;
  const text = firstFilter(id, rule(tests));
  assert.match(text, /rules: \[5f0e6c1a-3c77-4d6e-9a01-0000000000a1\] # Expensive line voided\n/);
  const events = [...text.matchAll(/event: (.*)/g)].map(([, event]) => event);
  assert.deepEqual(events, [
    "{ event_type: pos_line_void, device: { id: T-07, kind: till }, data: { amount_minor: 29900 } }",
    "{ event_type: pos_line_void, device: { id: TRAINING-01, kind: till }, data: { amount_minor: 29900 } }",
  ]);
});

test("C09 a new filter for a rule without an event in braces, or for no rule, is whole all the same", () => {
  for (const text of [
    firstFilter(id, null),
    firstFilter(id, rule("")),
    firstFilter(id, rule("tests:\n  match: [{ title: a, event: { b")),
  ]) {
    assert.match(text, /event: \{ event_type: pos_void, .*id: T-01/);
    assert.match(text, /no_match:\n.*\n.*TRAINING-01/);
  }
  assert.match(firstFilter(id, null), /rules: any\n/);
  assert.doesNotMatch(firstFilter(id, { ...rule(""), service: null }), /service:/);
  assert.match(newId(), /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.match(firstRule(id), new RegExp(`^id: ${id}$`, "m"));
});
