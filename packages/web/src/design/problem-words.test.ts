import assert from "node:assert/strict";
import { test } from "node:test";
import { headingOf, remedyOf } from "./problem-words.ts";

test("U06 a refusal is told in words for people: no phrase of the protocol, no way that only a program goes", () => {
  const cases = [
    ["Unprocessable Entity", "This cannot be done as it is"],
    ["Bad Request", "Something is missing or has another form"],
    ["Two people are needed", "Two people are needed"],
    ["constructor", "constructor"],
  ] as const;
  for (const [title, says] of cases) assert.equal(headingOf({ title }), says);
  assert.equal(remedyOf({ remedy: "See the operation in /openapi.json for the expected shape." }), null);
  assert.equal(
    remedyOf({ remedy: "Correct what detail and pointer name; /docs and docs/errors.md say what is expected." }),
    null,
  );
  assert.equal(remedyOf({ remedy: "Choose one of legal_claim." }), "Choose one of legal_claim.");
  assert.equal(remedyOf({}), null);
});
