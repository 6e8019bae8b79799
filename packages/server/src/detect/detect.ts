import type { RuleSet, SigmaMatch, SigmaRule } from "@tillwatch/sigma";
import type { Detection, MatchedOn, TriageLevel } from "@tillwatch/wire";
import { isJsonObject } from "@tillwatch/wire";
import type { DetectedSignal, EnrichedSignal } from "../flow.ts";

/** What our own section of a rule file says: `tillwatch: {category, level}`. */
export type RuleMeaning = { readonly category: string; readonly triageLevel: TriageLevel };

/** Rules ready to run, with what each one means. `version` names the exact content. */
export type LoadedRules = {
  readonly version: string;
  readonly ruleSet: RuleSet;
  readonly meanings: ReadonlyMap<string, RuleMeaning>;
};

const valueLengthMax = 200;

/** Runs every rule of the signal's service over its view. */
export function detect(enriched: EnrichedSignal, rules: LoadedRules): DetectedSignal {
  const { service, view, signal } = enriched;
  return { ...enriched, detections: detectView({ signalId: signal.id, service, view }, rules) };
}

export type RuleInputs = { readonly signalId: string; readonly service: string; readonly view: EnrichedSignal["view"] };

/** The same from recorded inputs: what a decision replay calls. */
export function detectView(inputs: RuleInputs, rules: LoadedRules): readonly Detection[] {
  const matches = rules.ruleSet.evaluate(inputs.view, { product: "retail", service: inputs.service });
  return matches.map((match) => toDetection(match, inputs.signalId as Detection["signalId"], rules));
}

function toDetection(match: SigmaMatch, signalId: Detection["signalId"], rules: LoadedRules): Detection {
  const meaning = rules.meanings.get(match.ruleId) ?? { category: "other", triageLevel: 1 };
  return {
    signalId,
    ruleId: match.ruleId,
    ruleTitle: match.title,
    ruleLevel: match.level,
    category: meaning.category,
    triageLevel: meaning.triageLevel,
    because: match.because.map(toMatchedOn),
  };
}

function toMatchedOn(because: SigmaMatch["because"][number]): MatchedOn {
  const value = typeof because.value === "string" ? because.value : JSON.stringify(because.value);
  return {
    selection: because.selection,
    field: because.field,
    value: value.slice(0, valueLengthMax),
    pattern: because.pattern,
  };
}

/** Category and level of a rule; a rule without our section is `other`, level 1. */
export function meaningOf(rule: SigmaRule): RuleMeaning {
  const own = rule.custom["tillwatch"];
  const section = isJsonObject(own) ? own : {};
  const level = section["level"];
  return {
    category: typeof section["category"] === "string" ? section["category"] : "other",
    triageLevel: level === 2 || level === 3 ? level : 1,
  };
}
