import assert from "node:assert/strict";
import { test } from "node:test";
import type { ScoredSituation } from "../flow.ts";
import type { IncidentRow } from "./incident-row.ts";
import { scoreEntry } from "./machine-entries.ts";

/** Only what the line reads. */
function said(severity: number, was: number | null): string {
  const score = { severity, level: 3, confidence: 0.9, weightsVersion: "w", rulesVersion: "r" };
  const one = { score, threshold: 0.9, decisionId: "d" } as unknown as ScoredSituation;
  const row = { id: "i", machineSeverity: was, score: null, incidentSinceMs: 1 } as unknown as IncidentRow;
  return scoreEntry({ nowMs: 0, newId: () => "id" }, row, one).says;
}

const cases: readonly (readonly [number, number | null, string])[] = [
  [0.5744, null, "Severity 0.57, level 3, confidence 0.90."],
  [0.9939, 0.5744, "Severity 0.994, was 0.57, level 3, confidence 0.90."],
  [0.999, 0.9939, "Severity 0.999, was 0.994, level 3, confidence 0.90."],
  [0.999, 0.999, "Severity stays 0.999, level 3, confidence 0.90."],
];

for (const [severity, was, says] of cases) {
  test(`E05 nobody is certain: ${severity} after ${was ?? "nothing"} never reads 1.00`, () => {
    assert.equal(said(severity, was), says);
  });
}

test("E05 a fall below the threshold is told, never rounded up to it", () => {
  assert.match(said(0.8996, 0.95), /^Severity 0\.899, was 0\.95.*below the threshold now and stays open/);
});
