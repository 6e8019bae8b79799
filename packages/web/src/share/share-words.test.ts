import assert from "node:assert/strict";
import { test } from "node:test";
import { endOfDay, groundText } from "./share-words.ts";

test("O10 a share ends with the day that was chosen, and says what for and why", () => {
  const end = endOfDay("2026-12-24");
  assert.ok(end !== null);
  assert.equal(new Date(end).getDate(), 24);
  for (const wrong of ["", "24.12.2026", "2026-13-40", "2026-12-24T00:00"]) assert.equal(endOfDay(wrong), null, wrong);
  assert.equal(groundText("Legal claim", "  file 12/26 "), "Legal claim: file 12/26");
});
