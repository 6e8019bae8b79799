import {
  compile,
  correlationIdOf,
  ruleIdOf,
  runCorrelationTests,
  runFilterTests,
  runRuleTests,
  type CorrelationSet,
  type Detector,
  type RuleSet,
  type SigmaCorrelation,
  type SigmaProblem,
  type SigmaRule,
} from "@tillwatch/sigma";
import { isJsonObject, ok, type JsonObject, type Result } from "@tillwatch/wire";

/** Rules over audit entries, ready to watch with. `makeCounts` begins to count anew. */
export type MisuseRules = {
  readonly version: string;
  readonly rules: readonly SigmaRule[];
  readonly correlations: readonly SigmaCorrelation[];
  readonly filters: Detector["documents"]["filters"];
  readonly ruleSet: RuleSet;
  readonly effectOf: Detector["effectOf"];
  readonly makeCounts: () => CorrelationSet;
};

/** Where the events of these rules come from. */
export const misuseSource = { product: "tillwatch", service: "record" } as const;

/** Parses and compiles: all of the files, or the list of what is wrong. */
export function loadMisuseRules(
  files: readonly { readonly file: string; readonly text: string }[],
  version: string,
): Result<MisuseRules, readonly SigmaProblem[]> {
  const detector = compile(files);
  if (!detector.ok) return detector;
  const { documents, ruleSet, effectOf, startCorrelating } = detector.value;
  return ok({ version, ...documents, ruleSet, effectOf, makeCounts: startCorrelating });
}

export type MisuseTest = {
  readonly rule: string;
  readonly title: string;
  readonly expected: string;
  readonly ok: boolean;
};

/** The tests that rules, correlations and filters carry. A rule that only serves to be counted is proven by its correlation. */
export function runMisuseTests(loaded: MisuseRules): readonly MisuseTest[] {
  const { rules, correlations, filters, ruleSet, effectOf } = loaded;
  const counted = (one: SigmaCorrelation) => {
    const tested = runCorrelationTests(one, loaded);
    if (!tested.ok) throw new Error("the misuse rules compiled before and do not now");
    return tested.value;
  };
  return [
    ...rules.flatMap((rule) => runRuleTests(rule, ruleSet).map((test) => ({ rule: rule.title, ...test }))),
    ...correlations.flatMap((one) => counted(one).map((test) => ({ rule: one.title, ...test }))),
    ...filters.flatMap((one) => runFilterTests(one, effectOf(one)).map((test) => ({ rule: one.title, ...test }))),
  ];
}

/** Our own section of a rule or correlation: who is flagged and what people read. */
export type MisuseWords = {
  /** The sentence of the case; `{actor}`, `{count}` and the names of fields stand for their values. */
  readonly says: string;
  /** Field whose value is flagged; null: nobody. */
  readonly flags: string | null;
};

export function misuseWords(rule: { readonly title: string; readonly custom: JsonObject }): MisuseWords {
  const own = rule.custom["tillwatch"];
  const section = isJsonObject(own) ? own : {};
  const { says, flags } = section;
  return {
    says: typeof says === "string" ? says : rule.title,
    flags: flags === null ? null : typeof flags === "string" ? flags : "actor",
  };
}

/** Every rule that can speak, for people: id, title, level, description. */
export function speakingRules(loaded: MisuseRules): readonly {
  readonly id: string;
  readonly title: string;
  readonly level: string;
  readonly description: string | null;
}[] {
  const silent = loaded.makeCounts().silentRules;
  const rules = loaded.rules
    .filter((rule) => !silent.has(ruleIdOf(rule)))
    .map((rule) => ({ ...rule, id: ruleIdOf(rule) }));
  const counts = loaded.correlations.map((one) => ({ ...one, id: correlationIdOf(one) }));
  return [...rules, ...counts].map(({ id, title, level, description }) => ({
    id,
    title,
    level: level ?? "medium",
    description,
  }));
}
