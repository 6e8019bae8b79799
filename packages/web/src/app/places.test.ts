import assert from "node:assert/strict";
import { test } from "node:test";
import type { Action } from "./may.ts";
import { besideTheBar, placesFor } from "./places.ts";

const labels = (...actions: readonly Action[]) => {
  const { work, trust } = placesFor((action) => actions.includes(action));
  return [...work, ...trust].map(({ label }) => label);
};

test("U06 the navigation shows what leads somewhere, for each kind of user, and nothing else", () => {
  assert.deepEqual(labels(), []);
  assert.deepEqual(labels("incident:list", "site:list", "incident:report", "grant:request", "policy:read"), [
    "Queue",
    "Report",
    "Access for a time",
    "Policies",
  ]);
  // A partner has cases that were shared and no shop to queue by.
  assert.deepEqual(labels("incident:list", "share:list"), ["Shared"]);
  assert.deepEqual(labels("incident:list", "site:list", "incident:report", "share:list"), ["Queue", "Report"]);
  assert.deepEqual(labels("control:read"), ["Audit"]);
  assert.deepEqual(labels("analytics:export"), ["Privacy"]);
});

test("U06 every page that a phone's bar has no room for is on the page that the bar's last place leads to", () => {
  const all = besideTheBar(() => true).map(({ label }) => label);
  const { work, trust } = placesFor(() => true);
  const inBar = work.slice(0, 4).map(({ label }) => label);
  assert.deepEqual(
    [...inBar, ...all],
    [...work, ...trust].map(({ label }) => label),
  );
  assert.ok(all.includes("Rules"));
});
