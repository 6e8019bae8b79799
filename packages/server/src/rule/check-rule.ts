import {
  compile,
  parseSigma,
  runCorrelationTests,
  runRuleTests,
  type Detector,
  type RuleSet,
  type SigmaCorrelation,
  type SigmaDocuments,
  type SigmaFilter,
  type SigmaProblem,
  type SigmaRule,
} from "@tillwatch/sigma";
import { ok, refused, type Result, type RuleKind, type RuleProblem, type RuleTest } from "@tillwatch/wire";
import { checkFilter, type Beside } from "./check-filter.ts";
import { placeIn, sectionProblems } from "./check-section.ts";
import { factsOf, product, serviceOf, type RuleFacts, type RuleWords } from "./rule-facts.ts";

export type CheckedRule = { readonly facts: RuleFacts; readonly tests: readonly RuleTest[] };

/** Longest rule file, in UTF-16 code units. */
export const ruleTextMax = 64 * 1024;

const file = "rule";
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Reads one rule file as a person hands it in, and runs the tests that it carries; a filter beside the rules that run, which it narrows.
 * Refuses with every problem by line and column; a test that fails is no problem of the file but stands in `tests`.
 */
export function checkRule(text: string, words: RuleWords, beside: Beside): Result<CheckedRule, readonly RuleProblem[]> {
  const parsed = parseSigma(text, file);
  if (!parsed.ok) return refused(parsed.error.map(toProblem));
  const head = headOf(parsed.value);
  if (head === null) return refused([problemAt(1, oneRule)]);
  if (head.kind === "filter") return checkedFilter(text, head.of, { words, beside });
  const compiled = compile([{ file, text }]);
  return compiled.ok
    ? checkedRule(head.of, { text, detector: compiled.value, words })
    : refused(compiled.error.map(toProblem));
}

type FilterGiven = { readonly words: RuleWords; readonly beside: Beside };

function checkedFilter(
  text: string,
  filter: SigmaFilter,
  { words, beside }: FilterGiven,
): Result<CheckedRule, readonly RuleProblem[]> {
  const problems = [
    ...(uuid.test(filter.id ?? "") ? [] : [problemAt(filter.line, noId)]),
    ...(filter.logsource.product === product ? [] : [problemAt(filter.line, otherProduct)]),
  ];
  if (problems.length > 0) return refused(problems);
  const checked = checkFilter({ filter, given: { file, text } }, words, beside);
  if (!checked.ok) return refused(checked.error.map(toProblem));
  return checked.value.facts.narrows.length > 0 ? checked : refused([problemAt(filter.line, narrowsNothing)]);
}

type RuleGiven = { readonly text: string; readonly detector: Detector; readonly words: RuleWords };

function checkedRule(
  head: SigmaRule | SigmaCorrelation,
  { text, detector, words }: RuleGiven,
): Result<CheckedRule, readonly RuleProblem[]> {
  const { documents, ruleSet } = detector;
  const facts = factsOf(head, words, documents.rules);
  const foreign = documents.rules.filter(({ logsource }) => logsource.product !== product);
  const problems = [
    ...(uuid.test(head.id ?? "") ? [] : [problemAt(head.line, noId)]),
    ...sectionProblems(head, text, words.categories),
    ...foreign.map(({ line }) => problemAt(line, otherProduct)),
  ];
  if (problems.length > 0) return refused(problems);
  return ok({ facts, tests: "type" in head ? countingTests(head, detector) : testsOf(head, ruleSet) });
}

export type Head =
  | { readonly kind: "rule"; readonly of: SigmaRule }
  | { readonly kind: "correlation"; readonly of: SigmaCorrelation }
  | { readonly kind: "filter"; readonly of: SigmaFilter };

/** What a file is about: its one rule, its one correlation with nothing beside it but the rules that it counts, its one filter. null: none of them. */
export function headOf({ rules, correlations, filters }: SigmaDocuments): Head | null {
  const [rule, ...others] = rules;
  const [correlation, ...more] = correlations;
  const [filter, ...filtersBeside] = filters;
  if (filter !== undefined) {
    const isAlone = rules.length === 0 && correlations.length === 0 && filtersBeside.length === 0;
    return isAlone ? { kind: "filter", of: filter } : null;
  }
  if (more.length > 0) return null;
  if (correlation === undefined) return others.length > 0 || rule === undefined ? null : { kind: "rule", of: rule };
  const counted = new Set(correlation.rules.map(({ name }) => name));
  const isCounted = ({ id, name }: SigmaRule) => [id, name].some((word) => word !== null && counted.has(word));
  return rules.length > 0 && rules.every(isCounted) ? { kind: "correlation", of: correlation } : null;
}

/** What a text that was understood once is about; null where it is not any more. */
export function kindOfText(text: string): RuleKind | null {
  const parsed = parseSigma(text, file);
  return parsed.ok ? (headOf(parsed.value)?.kind ?? null) : null;
}

/** Its own, and those of the rules that it counts as far as they fail: what proves the rules does not prove what counts them. */
function countingTests(correlation: SigmaCorrelation, { documents, ruleSet }: Detector): readonly RuleTest[] {
  const own = runCorrelationTests(correlation, { ...documents, ruleSet });
  if (!own.ok) throw new Error(`${correlation.title} compiled before and does not now`);
  const failing = documents.rules.flatMap((rule) =>
    testsOf(rule, ruleSet).flatMap((one) => (one.ok ? [] : [{ ...one, title: `${rule.title}: ${one.title}` }])),
  );
  return [...own.value.map((one) => ({ ...one, note: null })), ...failing];
}

/** Whether the tests let a rule go on: at least one event each way, and none fails. */
export function testsPass(tests: readonly RuleTest[]): boolean {
  const both = ["match", "no_match"].every((way) => tests.some(({ expected }) => expected === way));
  return both && tests.every((one) => one.ok);
}

/** The tests as the pipeline would see their events: an event that must match comes from the service that the rule asks for. */
function testsOf(rule: SigmaRule, ruleSet: RuleSet): readonly RuleTest[] {
  const results = runRuleTests(rule, ruleSet);
  const cases = [...rule.tests.match, ...rule.tests.noMatch];
  return results.map((result, at) => {
    const service = serviceOf(cases[at]?.event ?? {});
    const heard = ruleSet.evaluate(cases[at]?.event ?? {}, { product, service }).length > 0;
    if (result.expected === "no_match" || heard || result.got === "no_match") return { ...result, note: null };
    const wanted = rule.logsource.service;
    const note = `it matches, but comes from ${service === "" ? "no service" : service}${wanted === null ? "" : ` and the rule asks for ${wanted}`}: it would never run`;
    return { ...result, got: "no_match" as const, ok: false, note };
  });
}

type Complaint = Pick<RuleProblem, "code" | "message" | "remedy">;

function problemAt(line: number, complaint: Complaint): RuleProblem {
  return { line, column: 1, ...complaint };
}

function toProblem({ code, line, column, message, remedy }: SigmaProblem): RuleProblem {
  return { code, line, column, message, remedy };
}

/** What a new rule must not have: the id of one that is there. Where it stands in the text. */
export function takenId(text: string): RuleProblem {
  const parsed = parseSigma(text, file);
  const line = (parsed.ok ? headOf(parsed.value)?.of.line : null) ?? 1;
  return { ...placeIn(text, line, ["id"]), ...idTaken };
}

export const idTaken = {
  code: "rule_id_taken",
  message: "A rule with this id is there already.",
  remedy: "Give the new rule another id, or change the rule that is there.",
};
const oneRule = {
  code: "rule_one_document",
  message:
    "The file is neither one rule, nor one correlation with the rules that it counts and no others, nor one filter.",
  remedy: "Give each rule and each filter a file of its own, and each correlation one with what it counts.",
};
const noId = {
  code: "rule_id_missing",
  message: "The rule has no UUID as its id.",
  remedy: "Add `id:` with a UUID of its own, in lower case; it stays the same through all versions.",
};
const otherProduct = {
  code: "rule_product_foreign",
  message: "The rule does not ask for `product: retail`, and no signal here has another.",
  remedy: "Write `product: retail` under `logsource`.",
};
const narrowsNothing = {
  code: "rule_filter_idle",
  message: "No rule that runs reads the log source of the filter: it would narrow nothing.",
  remedy: "Name the service of the rules that are meant, or their ids under `filter: rules:`.",
};
