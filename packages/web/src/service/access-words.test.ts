import assert from "node:assert/strict";
import { test } from "node:test";
import type { Program, ProgramKey } from "./access-shapes.ts";
import { lastUse, placesText, programLook } from "./access-words.ts";

const nowMs = Date.parse("2026-11-20T10:00:00Z");
const key = (days: number, more: Partial<ProgramKey> = {}): ProgramKey => ({
  id: "aaaaaaaaaaaa",
  state: "live",
  createdAt: "2026-11-01T00:00:00Z",
  expiresAt: new Date(nowMs + days * 86_400_000).toISOString(),
  lastUsedAt: null,
  because: "x",
  ...more,
});
const program = (keys: readonly ProgramKey[], state: Program["state"] = "active"): Program => ({
  id: "p",
  token: "service:p",
  name: "screen",
  purpose: "x",
  roles: [],
  scopes: [],
  sites: null,
  regions: null,
  state,
  because: "x",
  keys,
});

test("N10 what a program's keys need is told first", () => {
  const cases = [
    { program: program([]), want: "No key" },
    { program: program([key(-1, { state: "expired" })]), want: "No key" },
    { program: program([key(13)]), want: "Key ends in 13 d" },
    { program: program([key(100)]), want: "Key holds" },
    { program: program([key(3), key(100)]), want: "Being rotated" },
    { program: program([key(100)], "ended"), want: "Ended" },
  ];
  for (const { program: one, want } of cases) assert.equal(programLook(one, nowMs).says, want);
});

test("N11 when something was last used, and where it reaches", () => {
  const used = program([
    key(1, { lastUsedAt: "2026-11-02T00:00:00Z" }),
    key(1, { lastUsedAt: "2026-11-09T00:00:00Z" }),
  ]);
  assert.deepEqual([lastUse(used), lastUse(program([key(1)]))], ["2026-11-09T00:00:00Z", null]);
  assert.equal(placesText({ sites: null, regions: null }), "every site");
  assert.equal(placesText({ sites: ["S-1"], regions: ["north"] }), "S-1, region north");
  assert.equal(placesText({ sites: [], regions: [] }), "no site");
});
