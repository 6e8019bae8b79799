import type { CorrelationSet, RuleSet, SigmaCorrelation, SigmaMatch, SigmaRule } from "@tillwatch/sigma";
import type { Detection, MatchedOn, TriageLevel } from "@tillwatch/wire";
import { isJsonObject, replaceSealedIn } from "@tillwatch/wire";
import type { CorrelationFound, DetectedSignal, EnrichedSignal } from "../flow.ts";
import { detectionOf, stands } from "./found.ts";
import type { SiteCounts } from "./site-counts.ts";

/** What our own section of a rule file says: `tillwatch: {category, level}`. */
export type RuleMeaning = { readonly category: string; readonly triageLevel: TriageLevel };

/** Rules ready to run, with what each one means, correlations too. `version` names the exact content. */
export type LoadedRules = {
  readonly version: string;
  readonly ruleSet: RuleSet;
  readonly meanings: ReadonlyMap<string, RuleMeaning>;
  readonly correlations: ReadonlyMap<string, SigmaCorrelation>;
  /** Of rules and correlations, by id. */
  readonly titles: ReadonlyMap<string, string>;
  /** Rules that only serve to be counted: what they match is no detection. */
  readonly silent: ReadonlySet<string>;
  /** How far back correlations look; 0 without any. */
  readonly timespanMs: number;
  /** Empty windows, of one site. */
  readonly startCounting: () => CorrelationSet;
};

const valueLengthMax = 200;
const sealedLengthMax = 1_000;

/** What sealed texts say, by their sealed forms. */
export type OpenedTexts = ReadonlyMap<string, string>;

const noTexts: OpenedTexts = new Map();

export type DetectInputs = { readonly rules: LoadedRules; readonly counts: SiteCounts; readonly texts?: OpenedTexts };

/** Runs every rule of the signal's service over its view, with the sealed texts in it opened, and counts what correlations count. */
export function detect(enriched: EnrichedSignal, { rules, counts, texts = noTexts }: DetectInputs): DetectedSignal {
  const { service, view, signal } = enriched;
  const inputs = { signalId: signal.id, service, view };
  const { matches, sealedBy } = matchView(inputs, rules, texts);
  const found = count(enriched, matches, { rules, counts });
  const detections = detectionsOf({ ...inputs, found }, matches, { rules, sealedBy });
  return found.length === 0 ? { ...enriched, detections } : { ...enriched, detections, found };
}

/** Counts signals of before again, without deciding again. */
export function recount(enriched: EnrichedSignal, { rules, counts, texts = noTexts }: DetectInputs): void {
  const { service, view, signal } = enriched;
  const { matches } = matchView({ signalId: signal.id, service, view }, rules, texts);
  count(enriched, matches, { rules, counts });
}

/** Correlations read the view as it is kept: what is sealed in it is compared in its sealed form. */
function count(
  { signal, correctedAtMs, view }: EnrichedSignal,
  matches: readonly SigmaMatch[],
  { rules, counts }: Omit<DetectInputs, "texts">,
): readonly CorrelationFound[] {
  if (rules.correlations.size === 0 || matches.length === 0) return [];
  const { id: signalId, siteId, receivedAtMs } = signal;
  const ruleIds = matches.map(({ ruleId }) => ruleId);
  return counts.add({ siteId, signalId, atMs: correctedAtMs, receivedAtMs, view, ruleIds });
}

export type RuleInputs = {
  readonly signalId: string;
  readonly service: string;
  readonly view: EnrichedSignal["view"];
  readonly found?: readonly CorrelationFound[];
};

/**
 * The same from recorded inputs: what a decision replay calls. What a rule matched on is named in its sealed form. What correlations
 * found is one of the inputs; where it is not what the rule asks for, it is no detection.
 */
export function detectView(inputs: RuleInputs, rules: LoadedRules, texts: OpenedTexts = noTexts): readonly Detection[] {
  const { matches, sealedBy } = matchView(inputs, rules, texts);
  return detectionsOf(inputs, matches, { rules, sealedBy });
}

function matchView(inputs: RuleInputs, rules: LoadedRules, texts: OpenedTexts) {
  const sealedBy = new Map<string, string>();
  const view = texts.size === 0 ? inputs.view : openView(inputs.view, texts, sealedBy);
  return { matches: rules.ruleSet.evaluate(view, { product: "retail", service: inputs.service }), sealedBy };
}

/** Ids of what of a set matches, with the sealed texts opened, silent rules too. */
export function matchedBy(
  ruleSet: RuleSet,
  { service, view }: Pick<RuleInputs, "service" | "view">,
  texts: OpenedTexts,
): readonly string[] {
  const opened = texts.size === 0 ? view : openView(view, texts, new Map());
  return ruleSet.evaluate(opened, { product: "retail", service }).map(({ ruleId }) => ruleId);
}

function detectionsOf(inputs: RuleInputs, matches: readonly SigmaMatch[], known: Known): readonly Detection[] {
  const signalId = inputs.signalId as Detection["signalId"];
  const { silent, correlations, meanings, titles } = known.rules;
  const own = matches.filter(({ ruleId }) => !silent.has(ruleId)).map((match) => toDetection(match, signalId, known));
  const counted = (inputs.found ?? []).flatMap((found) => {
    const correlation = correlations.get(found.ruleId);
    if (correlation === undefined || !stands(found, correlation)) return [];
    return [detectionOf(found, { signalId, correlation, meaning: meanings.get(found.ruleId) ?? noMeaning, titles })];
  });
  return [...own, ...counted];
}

const noMeaning: RuleMeaning = { category: "other", triageLevel: 1 };

/** Opens what `texts` holds, and keeps in `sealedBy` which sealed form each text has: the same text twice has that of its last place. */
function openView(view: RuleInputs["view"], texts: OpenedTexts, sealedBy: Map<string, string>): RuleInputs["view"] {
  const opened = replaceSealedIn(view, (sealed) => {
    const text = texts.get(sealed) ?? sealed;
    sealedBy.set(text, sealed);
    return text;
  });
  return isJsonObject(opened) ? opened : view;
}

type Known = { readonly rules: LoadedRules; readonly sealedBy: ReadonlyMap<string, string> };

function toDetection(match: SigmaMatch, signalId: Detection["signalId"], { rules, sealedBy }: Known): Detection {
  const meaning = rules.meanings.get(match.ruleId) ?? noMeaning;
  return {
    signalId,
    ruleId: match.ruleId,
    ruleTitle: match.title,
    ruleLevel: match.level,
    category: meaning.category,
    triageLevel: meaning.triageLevel,
    because: match.because.map((because) => toMatchedOn(because, sealedBy)),
  };
}

function toMatchedOn(because: SigmaMatch["because"][number], sealedBy: Known["sealedBy"]): MatchedOn {
  const value = typeof because.value === "string" ? because.value : JSON.stringify(because.value);
  return {
    selection: because.selection,
    field: because.field,
    value: shownValue(value, sealedBy.get(value)),
    pattern: because.pattern,
  };
}

// Half of a sealed text is worth nothing: it is named whole or not at all. A report's text stands in the signal itself.
function shownValue(value: string, sealed: string | undefined): string {
  if (sealed === undefined) return value.slice(0, valueLengthMax);
  return sealed.length <= sealedLengthMax ? sealed : "(what the person wrote)";
}

/** Category and level of a rule or correlation; one without our section is `other`, level 1. */
export function meaningOf(rule: Pick<SigmaRule, "custom">): RuleMeaning {
  const own = rule.custom["tillwatch"];
  const section = isJsonObject(own) ? own : {};
  const level = section["level"];
  return {
    category: typeof section["category"] === "string" ? section["category"] : "other",
    triageLevel: level === 2 || level === 3 ? level : 1,
  };
}
