import {
  compile,
  runCorrelationTests,
  runRuleTests,
  type Detector,
  type RuleSet,
  type SigmaCorrelation,
  type SigmaDocuments,
  type SigmaProblem,
  type SigmaRule,
} from "@tillwatch/sigma";
import {
  isJsonObject,
  ok,
  refused,
  type JsonObject,
  type Result,
  type RuleKind,
  type RuleProblem,
  type RuleTest,
} from "@tillwatch/wire";
import { meaningOf } from "../detect/detect.ts";

/** What a rule file says of itself, as lists show it. */
export type RuleFacts = {
  readonly kind: RuleKind;
  readonly id: string;
  readonly title: string;
  readonly level: string | null;
  readonly category: string;
  readonly triageLevel: number;
  readonly points: number | null; // null: by its level
  readonly service: string | null;
  readonly pages: boolean;
};

export type CheckedRule = { readonly facts: RuleFacts; readonly tests: readonly RuleTest[] };

export type RuleWords = {
  /** Codes of the taxonomy. */
  readonly categories: ReadonlySet<string>;
  /** What a rule counts: by score.yaml where that names it, else as its file says (`stated`), else by its level. */
  readonly pointsOf: (rule: {
    readonly id: string;
    readonly level: string | null;
    readonly stated: number | null;
  }) => number;
};

/** Longest rule file, in UTF-16 code units. */
export const ruleTextMax = 64 * 1024;

const file = "rule";
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const product = "retail";

/**
 * Reads one rule file as a person hands it in, and runs the tests that it carries. Refuses with every problem by line and column; a test
 * that fails is no problem of the file but stands in `tests`.
 */
export function checkRule(text: string, words: RuleWords): Result<CheckedRule, readonly RuleProblem[]> {
  const compiled = compile([{ file, text }]);
  if (!compiled.ok) return refused(compiled.error.map(toProblem));
  const { documents, ruleSet } = compiled.value;
  const head = headOf(documents);
  if (head === null) return refused([problemAt(1, oneRule)]);
  const facts = factsOf(head, words, documents.rules);
  const foreign = documents.rules.filter(({ logsource }) => logsource.product !== product);
  const problems = [...problemsOf(head, facts, words), ...foreign.map(({ line }) => problemAt(line, otherProduct))];
  if (problems.length > 0) return refused(problems);
  return ok({ facts, tests: "type" in head ? countingTests(head, compiled.value) : testsOf(head, ruleSet) });
}

/** What a file is about: its one rule, or its one correlation with nothing beside it but the rules that it counts. null: neither. */
export function headOf({ rules, correlations, filters }: SigmaDocuments): SigmaRule | SigmaCorrelation | null {
  const [rule, ...others] = rules;
  const [correlation, ...more] = correlations;
  if (filters.length > 0 || more.length > 0) return null;
  if (correlation === undefined) return others.length > 0 ? null : (rule ?? null);
  const counted = new Set(correlation.rules.map(({ name }) => name));
  const isCounted = ({ id, name }: SigmaRule) => [id, name].some((word) => word !== null && counted.has(word));
  return rules.length > 0 && rules.every(isCounted) ? correlation : null;
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

/**
 * What is known of a parsed rule. It pages if it can put somebody on his feet: alone or together with others, for every rule that adds
 * points carries a situation towards an incident, and a level of 2 or 3 raises one.
 */
export function factsOf(
  rule: SigmaRule | SigmaCorrelation,
  { pointsOf }: Pick<RuleWords, "pointsOf">,
  counted: readonly SigmaRule[] = [],
): RuleFacts {
  const { category, triageLevel } = meaningOf(rule);
  const own = rule.custom["tillwatch"];
  const stated = isJsonObject(own) ? own["points"] : null;
  const points = typeof stated === "number" && Number.isInteger(stated) ? stated : null;
  const id = rule.id ?? "";
  return {
    kind: "type" in rule ? "correlation" : "rule",
    id,
    title: rule.title,
    level: rule.level,
    category,
    triageLevel,
    points,
    service: "type" in rule ? serviceOfAll(counted) : rule.logsource.service,
    pages: triageLevel > 1 || pointsOf({ id, level: rule.level, stated: points }) > 0,
  };
}

/** null: several, or any. */
function serviceOfAll(rules: readonly SigmaRule[]): string | null {
  const services = new Set(rules.map(({ logsource }) => logsource.service));
  const [only = null] = services;
  return services.size === 1 ? only : null;
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

function serviceOf(event: JsonObject): string {
  const device = event["device"];
  const kind = isJsonObject(device) ? device["kind"] : null;
  return typeof kind === "string" ? kind : "";
}

function problemsOf(
  rule: SigmaRule | SigmaCorrelation,
  facts: RuleFacts,
  { categories }: RuleWords,
): readonly RuleProblem[] {
  const own = rule.custom["tillwatch"];
  const section = isJsonObject(own) ? own : {};
  const points = section["points"];
  const wrong: readonly (readonly [boolean, Complaint])[] = [
    [!uuid.test(rule.id ?? ""), noId],
    [section["category"] !== undefined && !categories.has(facts.category), unknownCategory],
    [![undefined, 1, 2, 3].includes(section["level"] as number | undefined), badLevel],
    [points !== undefined && !(Number.isInteger(points) && Math.abs(Number(points)) <= 100_000), badPoints],
    [section["says"] !== undefined && typeof section["says"] !== "string", badSays],
  ];
  return wrong.flatMap(([holds, complaint]) => (holds ? [problemAt(rule.line, complaint)] : []));
}

type Complaint = Pick<RuleProblem, "code" | "message" | "remedy">;

function problemAt(line: number, complaint: Complaint): RuleProblem {
  return { line, column: 1, ...complaint };
}

function toProblem({ code, line, column, message, remedy }: SigmaProblem): RuleProblem {
  return { code, line, column, message, remedy };
}

const oneRule = {
  code: "rule_one_document",
  message: "The file is neither one rule, nor one correlation with the rules that it counts and no others.",
  remedy:
    "Give each rule a file of its own, and each correlation one with what it counts; filters belong into the pack.",
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
const unknownCategory = {
  code: "rule_category_unknown",
  message: "`tillwatch.category` is not in the taxonomy.",
  remedy: "Use a code of taxonomy.yaml.",
};
const badLevel = {
  code: "rule_section_malformed",
  message: "`tillwatch.level` is not 1, 2 or 3.",
  remedy: "Say 1, 2 or 3, or leave it out for 1.",
};
const badPoints = {
  code: "rule_section_malformed",
  message: "`tillwatch.points` is not a whole number up to 100000.",
  remedy: "Say thousandths of log-odds as a whole number, or leave it out for those of the level.",
};
const badSays = {
  code: "rule_section_malformed",
  message: "`tillwatch.says` is not a text.",
  remedy: "Say in a sentence what was seen.",
};
