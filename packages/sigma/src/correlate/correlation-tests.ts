import type { RuleSet } from "../match/compile-rules.ts";
import type { JsonObject, JsonValue } from "../json.ts";
import type { SigmaProblem } from "../problem.ts";
import type { CorrelationTestCase, SigmaCorrelation } from "../read/correlation-model.ts";
import type { SigmaDocuments } from "../read/parse-rules.ts";
import { ok, type Result } from "../result.ts";
import { correlationIdOf } from "./correlation-plan.ts";
import { CorrelationSet } from "./correlation-set.ts";

export type CorrelationTestResult = {
  readonly title: string;
  readonly expected: "match" | "no_match";
  readonly got: "match" | "no_match";
  readonly ok: boolean;
};

/**
 * Runs the events that a correlation carries through the rules and correlations that it counts, each test on its own: it is a match where
 * a finding of the correlation stands in the end. Refuses what `CorrelationSet.compile` refuses.
 */
export function runCorrelationTests(
  correlation: SigmaCorrelation,
  { rules, correlations, ruleSet }: Pick<SigmaDocuments, "rules" | "correlations"> & { readonly ruleSet: RuleSet },
): Result<readonly CorrelationTestResult[], readonly SigmaProblem[]> {
  const results: CorrelationTestResult[] = [];
  for (const expected of ["match", "no_match"] as const) {
    for (const test of expected === "match" ? correlation.tests.match : correlation.tests.noMatch) {
      // What only serves another is heard here too: its own tests are about itself.
      const audible = correlations.map((one) => ({ ...one, generate: true }));
      const set = CorrelationSet.compile(audible, rules);
      if (!set.ok) return set;
      const got = stands(correlationIdOf(correlation), test, { set: set.value, ruleSet });
      results.push({ title: test.title, expected, got, ok: got === expected });
    }
  }
  return ok(results);
}

type Running = { readonly set: CorrelationSet; readonly ruleSet: RuleSet };

function stands(id: string, test: CorrelationTestCase, { set, ruleSet }: Running): "match" | "no_match" {
  const standing = new Set<string>();
  let atMs = 0;
  let n = 0;
  for (const step of test.steps) {
    atMs += step.afterMs;
    for (let times = 0; times < step.repeat; times += 1) {
      n += 1;
      const event = numbered(step.event, n) as JsonObject;
      for (const change of set.add({ atMs, ref: String(n), event, matches: ruleSet.evaluate(event) })) {
        if (change.kind === "withdrawn") standing.delete(change.id);
        else if (change.finding.ruleId === id) standing.add(change.finding.id);
        if (change.kind === "found") for (const replaced of change.replaces) standing.delete(replaced);
      }
    }
  }
  return standing.size > 0 ? "match" : "no_match";
}

function numbered(value: JsonValue, n: number): JsonValue {
  if (typeof value === "string") return value.replaceAll("{n}", String(n));
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map((one) => numbered(one, n));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, numbered(one, n)]));
}
