import assert from "node:assert/strict";
import { test } from "node:test";
import type { PolicyMatrix } from "@tillwatch/wire";
import { scopesFor, vendorHours } from "./vendor-scopes.ts";

const cell = (answer: PolicyMatrix["rows"][number]["cells"][number]["answer"]) => ({ answer, by: [] });
const matrix: PolicyMatrix = {
  version: "1",
  roles: ["analyst", "administrator"],
  rows: [
    { action: "source:read", says: "sees who signals", cells: [cell("allowed"), cell("allowed")] },
    { action: "event:read", says: "follows live", cells: [cell("allowed"), cell("allowed")] },
    { action: "device:revoke", says: "ends a device", cells: [cell("refused"), cell("with_second_proof")] },
  ],
  policies: [],
};

test("N12 a vendor is offered what the role may, without what is for nobody from outside", () => {
  const actions = (role: string) => scopesFor(matrix, role, ["event:read"]).map(({ action }) => action);
  assert.deepEqual(actions("analyst"), ["source:read"]);
  assert.deepEqual(actions("administrator"), ["source:read", "device:revoke"]);
  assert.deepEqual(actions("nobody"), []);
});

test("N12 no span is offered that the settings refuse", () => {
  assert.deepEqual(vendorHours(8), [1, 2, 4, 8]);
  assert.deepEqual(vendorHours(0.5), [0.5]);
});
