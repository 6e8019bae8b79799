import {
  compile,
  correlationIdOf,
  ruleIdOf,
  runCorrelationTests,
  runFilterTests,
  runRuleTests,
  type Detector,
  type FilterEffect,
  type JsonObject,
  type SigmaCorrelation,
  type SigmaFilter,
  type SigmaProblem,
  type SigmaRule,
} from "@tillwatch/sigma";
import { ok, type Result, type RuleTest } from "@tillwatch/wire";
import type { RuleFile, Rulebook } from "../pack/load-rules.ts";
import { factsOf, product, serviceOf, type RuleFacts, type RuleWords } from "./rule-facts.ts";

/** What runs, which a filter is read beside: it says nothing by itself. */
export type Beside = { readonly content: { readonly body: string }; readonly rulebook: Pick<Rulebook, "detector"> };

type CheckedFilter = { readonly facts: RuleFacts; readonly tests: readonly RuleTest[] };

/**
 * A filter among the rules that run, in place of another version of it: what it narrows, and what came of its tests. What its rules, and
 * correlations over them, prove of themselves must hold with it too: a test of theirs that it breaks is listed as one that fails.
 */
export function checkFilter(
  { filter, given }: { readonly filter: SigmaFilter; readonly given: RuleFile },
  words: Pick<RuleWords, "pointsOf">,
  { content, rulebook }: Beside,
): Result<CheckedFilter, readonly SigmaProblem[]> {
  const { filters } = rulebook.detector.documents;
  const replaced = new Set(filters.filter(({ id }) => id !== null && id === filter.id).map((one) => one.file));
  const others = (JSON.parse(content.body) as readonly RuleFile[]).filter((one) => !replaced.has(one.file));
  const previous = rulebook.detector;
  const without = compile(others, { previous });
  if (!without.ok) return without;
  const narrowing = compile([...others, given], { previous });
  if (!narrowing.ok) return narrowing;
  const own = narrowing.value.documents.filters.find(({ file }) => file === given.file);
  if (own === undefined) throw new Error("a filter that compiled is among what compiled");
  const effect = narrowing.value.effectOf(own);
  const broken = brokenTests(effect, { before: without.value, after: narrowing.value });
  const tests = [...ownTests(own, effect), ...broken];
  return ok({
    facts: factsOfFilter(own, { rules: effect.rules, correlations: narrowing.value.documents.correlations }, words),
    tests,
  });
}

/** A filter pages where one of the rules that it narrows does, or a correlation that counts one: it can keep somebody off his feet. */
export function factsOfFilter(
  { id, title, logsource }: SigmaFilter,
  { rules, correlations }: { readonly rules: readonly SigmaRule[]; readonly correlations: readonly SigmaCorrelation[] },
  words: Pick<RuleWords, "pointsOf">,
): RuleFacts {
  const names = new Set(rules.flatMap((rule) => [rule.id, rule.name, ruleIdOf(rule)]));
  const counting = correlations.filter((one) => one.rules.some(({ name }) => names.has(name)));
  const narrowed = [...rules, ...counting].map((one) => factsOf(one, words));
  const categories = new Set(narrowed.map(({ category }) => category));
  const [category = "other"] = categories;
  return {
    kind: "filter",
    id: id ?? title,
    title,
    level: null,
    category: categories.size === 1 ? category : "other",
    triageLevel: Math.max(1, ...narrowed.map(({ triageLevel }) => triageLevel)),
    points: null,
    service: logsource.service,
    pages: narrowed.some(({ pages }) => pages),
    narrows: rules.map((rule) => rule.title).toSorted((a, b) => a.localeCompare(b, "en")),
  };
}

const sourceOf = (event: JsonObject) => ({ product, service: serviceOf(event) });

function ownTests(filter: SigmaFilter, effect: FilterEffect): readonly RuleTest[] {
  const cases = [...filter.tests.match, ...filter.tests.noMatch];
  return runFilterTests(filter, effect, sourceOf).map(({ proves, ...test }, at) => {
    const { service } = sourceOf(cases[at]?.event ?? {});
    const from = service === "" ? ", and it comes from no service" : "";
    return { ...test, note: proves ? null : `no rule that it narrows matches it without the filter${from}` };
  });
}

type Both = { readonly before: Detector; readonly after: Detector };

function brokenTests({ rules }: FilterEffect, { before, after }: Both): readonly RuleTest[] {
  const note = "passes without this filter, and not with it";
  const both = <T extends { readonly ok: boolean; readonly title: string }>(
    whose: string,
    [was, is]: readonly [readonly T[], readonly T[]],
  ) =>
    is.flatMap((one, at) =>
      !one.ok && was[at]?.ok === true ? [{ ...one, title: `${whose}: ${one.title}`, note }] : [],
    );
  const ofRules = rules.flatMap((rule) =>
    both(rule.title, [runRuleTests(rule, before.ruleSet), runRuleTests(rule, after.ruleSet)]),
  );
  const names = new Set(rules.flatMap((rule) => [rule.id, rule.name]));
  const ofCorrelations = after.documents.correlations
    .filter((one) => one.rules.some(({ name }) => names.has(name)))
    .flatMap((one) => both(one.title, [countingTests(one, before), countingTests(one, after)]));
  return [...ofRules, ...ofCorrelations].map(({ title, expected, got, ok: passes }) => ({
    title,
    expected,
    got,
    ok: passes,
    note,
  }));
}

function countingTests(correlation: SigmaCorrelation, { documents, ruleSet }: Detector) {
  const results = runCorrelationTests(correlation, { ...documents, ruleSet });
  if (!results.ok) throw new Error(`${correlationIdOf(correlation)} compiled before and does not now`);
  return results.value;
}
