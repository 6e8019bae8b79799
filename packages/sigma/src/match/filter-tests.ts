import type { FilterEffect } from "../compile.ts";
import type { JsonObject } from "../json.ts";
import type { SigmaFilter } from "../read/filter-model.ts";
import type { EventLogsource, RuleSet } from "./compile-rules.ts";
import type { RuleTestResult } from "./rule-tests.ts";

/** `proves`: some rule matches the event without the filter. Where none does, the test says nothing of it, and is not ok. */
export type FilterTestResult = RuleTestResult & { readonly proves: boolean };

/**
 * Runs the events that a filter carries under `tests` against the rules that it narrows. `match`: every rule that matches without it matches
 * with it. `no_match`: some rule matches without it, and none with it. `logsourceOf`: where an event comes from; left out, all of these
 * rules are asked.
 */
export function runFilterTests(
  filter: SigmaFilter,
  effect: FilterEffect,
  logsourceOf?: (event: JsonObject) => EventLogsource,
): readonly FilterTestResult[] {
  const idsIn = (set: RuleSet, event: JsonObject) =>
    set.evaluate(event, logsourceOf?.(event)).map(({ ruleId }) => ruleId);
  const run = (expected: "match" | "no_match") => (testCase: SigmaFilter["tests"]["match"][number]) => {
    const before = idsIn(effect.without, testCase.event);
    const left = new Set(idsIn(effect.with, testCase.event));
    const stay = before.filter((id) => left.has(id)).length;
    const matches = expected === "match" ? before.length > 0 && stay === before.length : stay > 0;
    const got = matches ? ("match" as const) : ("no_match" as const);
    const proves = before.length > 0;
    return { title: testCase.title, expected, got, proves, ok: proves && got === expected };
  };
  return [...filter.tests.match.map(run("match")), ...filter.tests.noMatch.map(run("no_match"))];
}
