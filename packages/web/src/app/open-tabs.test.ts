import assert from "node:assert/strict";
import { test } from "node:test";
import { openTabs } from "./open-tabs.ts";

const tabs = [
  { id: "ask", label: "Ask", any: ["audit:read"] },
  { id: "controls", label: "Controls", any: ["control:read", "control:run"] },
] as const;

test("U06 only tabs with something in them are offered, and an address of another leads to the first", () => {
  const ids = (...may: readonly string[]) => {
    const found = openTabs(tabs, "ask", (action) => may.includes(action));
    return [found.value, ...found.tabs.map(({ id }) => id)];
  };
  assert.deepEqual(ids("audit:read", "control:read"), ["ask", "ask", "controls"]);
  assert.deepEqual(ids("control:run"), ["controls", "controls"]);
  assert.deepEqual(ids(), [""]);
});
