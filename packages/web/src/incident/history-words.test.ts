import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonValue } from "@tillwatch/wire";
import { fieldWords, valueWords } from "./history-words.ts";

test("F16 every kind of tracked value reads as a person says it", () => {
  const override = { severity: 0.4, because: "a test", actor: "user:1", at: "2026-11-21T11:39:38.827Z" };
  const cases: readonly (readonly [string, JsonValue, string | null])[] = [
    ["state", "open", "open"],
    ["summary", "", null],
    ["override", null, null],
    ["override", override, "severity 0.40"],
    ["machineSeverity", 0.99934, "0.999"],
    ["level", 3, "3"],
    ["personFields", ["category", "zoneId"], "category, zoneId"],
    ["personFields", [], null],
    ["loss", { amountMinor: 5, currency: null }, "amount minor 5, currency nothing"],
    ["asset", true, "true"],
  ];
  for (const [field, value, want] of cases) assert.equal(valueWords(value, field), want, field);
  assert.equal(fieldWords("machineSeverity"), "machine severity");
});
