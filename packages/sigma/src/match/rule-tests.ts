import { ruleIdOf, type RuleSet } from "./compile-rules.ts";
import type { SigmaRule } from "../read/rule-model.ts";

export type RuleTestResult = {
  readonly title: string;
  readonly expected: "match" | "no_match";
  readonly got: "match" | "no_match";
  readonly ok: boolean;
};

/**
 * Runs the events that a rule carries under `tests` against the set that it is in, whatever their log source. A rule
 * that is not in the set matches nothing.
 */
export function runRuleTests(rule: SigmaRule, ruleSet: RuleSet): readonly RuleTestResult[] {
  const ruleId = ruleIdOf(rule);
  const run = (expected: "match" | "no_match") => (testCase: SigmaRule["tests"]["match"][number]) => {
    const matches = ruleSet.evaluate(testCase.event);
    const got = matches.some((match) => match.ruleId === ruleId) ? ("match" as const) : ("no_match" as const);
    return { title: testCase.title, expected, got, ok: got === expected };
  };
  return [...rule.tests.match.map(run("match")), ...rule.tests.noMatch.map(run("no_match"))];
}
