import assert from "node:assert/strict";
import { test } from "node:test";
import { incidentStates } from "@tillwatch/wire";
import { allowedTransitions, checkTransition, closeReasonOf } from "./transitions.ts";

test("F06 the machine's states are never a person's choice, and nothing is a dead end", () => {
  for (const from of incidentStates) {
    const allowed = allowedTransitions(from);
    assert.ok(allowed.length > 0, from);
    for (const to of incidentStates) {
      const checked = checkTransition({ from, to, because: "resolved" });
      assert.equal(checked.ok, allowed.includes(to), `${from} to ${to}`);
    }
    assert.ok(!allowed.includes("watch") && !allowed.includes("aged_out") && !allowed.includes(from));
  }
});

test("F06 closing names one of four reasons; more may follow after a colon", () => {
  const cases = [
    { says: "resolved", want: "resolved" },
    { says: "duplicate: of TW-2026-000001", want: "duplicate" },
    { says: "unfounded because he paid", want: null },
    { says: "", want: null },
    { says: "Resolved", want: null },
  ];
  for (const c of cases) assert.equal(closeReasonOf(c.says), c.want, c.says);
});
