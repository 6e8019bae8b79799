import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyProposal, problemsOf } from "./watch-words.ts";

const whole = { ageBand: "a30_44", ground: "organised_theft", days: "30", because: "The third time this week" };

test("U07 a proposal to watch for somebody names what it lacks, field by field, before the server is asked", () => {
  assert.deepEqual(Object.keys(problemsOf(emptyProposal, 90)), ["ageBand", "ground", "because"]);
  assert.deepEqual(problemsOf(whole, 90), {});
  const cases = [
    [{ ageBand: "" }, "ageBand"],
    [{ ground: "" }, "ground"],
    [{ because: "  too few " }, "because"],
    ...["", "0", "91", "-1", "1.5", "1e1", "many", "99999"].map((days) => [{ days }, "days"] as const),
  ] as const;
  for (const [news, lacks] of cases) assert.deepEqual(Object.keys(problemsOf({ ...whole, ...news }, 90)), [lacks]);
  for (const days of ["1", "90", " 7 "]) assert.deepEqual(problemsOf({ ...whole, days }, 90), {}, days);
});
