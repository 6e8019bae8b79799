import {
  compile,
  compileRules,
  correlationIdOf,
  CorrelationSet,
  ruleIdOf,
  type Detector,
  type SigmaCorrelation,
  type SigmaProblem,
  type SigmaRule,
} from "@tillwatch/sigma";
import { isJsonObject, ok, refused, type Result } from "@tillwatch/wire";
import { meaningOf, type LoadedRules } from "../detect/detect.ts";
import { windowLimits } from "../detect/site-counts.ts";
import type { RuleWords } from "../score/weights.ts";

export type RuleFile = { readonly file: string; readonly text: string };

export type Rulebook = {
  readonly rules: LoadedRules;
  readonly words: ReadonlyMap<string, RuleWords>;
  readonly parsed: readonly SigmaRule[];
  readonly detector: Detector;
};

/** Windows live in memory and are rebuilt from the log when a process starts. */
const timespanMaxMs = 24 * 60 * 60_000;

/**
 * Parses and compiles files of rules, correlations and filters: all of them, or the list of what is wrong. What `previous` holds of them
 * is taken from it, so that a change of a few rules costs only these.
 */
export function loadRules(
  files: readonly RuleFile[],
  version: string,
  previous?: Rulebook,
): Result<Rulebook, readonly SigmaProblem[]> {
  const detector = compile(files, {
    correlations: windowLimits,
    ...(previous === undefined ? {} : { previous: previous.detector }),
  });
  if (!detector.ok) return detector;
  const { documents, ruleSet, startCorrelating: startCounting } = detector.value;
  const windows = startCounting();
  const timespanMs = windows.timespanMaxMs;
  if (timespanMs > timespanMaxMs) return refused(longestOf(documents.correlations).map(tooLong));
  const parsed = documents.rules;
  const rules = { version, ruleSet, ...namesOf(documents), silent: windows.silentRules, timespanMs, startCounting };
  const words = new Map(
    [
      ...parsed.map((rule) => [ruleIdOf(rule), rule] as const),
      ...documents.correlations.map((one) => [correlationIdOf(one), one] as const),
    ].map(([id, one]) => [id, wordsOf(one)]),
  );
  return ok({ rules, words, parsed, detector: detector.value });
}

/** What some of its files say, by themselves: narrowed as in the whole, with windows of their own. They MUST count no rule of another file. */
export function rulesOfFiles({ detector }: Rulebook, files: ReadonlySet<string>, version: string): LoadedRules {
  const rules = detector.documents.rules.filter(({ file }) => files.has(file));
  const correlations = detector.documents.correlations.filter(({ file }) => files.has(file));
  const ruleSet = compileRules(rules);
  const start = () => CorrelationSet.compile(correlations, rules, windowLimits);
  const windows = start();
  if (!ruleSet.ok || !windows.ok) throw new Error("a part of rules that compiled, and counts no others, compiles too");
  const startCounting = () => {
    const started = start();
    if (!started.ok) throw new Error("what compiled before compiles again");
    return started.value;
  };
  const { silentRules: silent, timespanMaxMs: timespanMs } = windows.value;
  return { version, ruleSet: ruleSet.value, ...namesOf({ rules, correlations }), silent, timespanMs, startCounting };
}

function namesOf(documents: Pick<Detector["documents"], "rules" | "correlations">) {
  const correlations = new Map(documents.correlations.map((one) => [correlationIdOf(one), one]));
  const all = [...documents.rules.map((rule) => [ruleIdOf(rule), rule] as const), ...correlations];
  return {
    meanings: new Map(all.map(([id, one]) => [id, meaningOf(one)])),
    correlations,
    titles: new Map(all.map(([id, { title }]) => [id, title])),
  };
}

function longestOf(correlations: readonly SigmaCorrelation[]): readonly SigmaCorrelation[] {
  const longestMs = Math.max(...correlations.map(({ timespanMs }) => timespanMs));
  return correlations.filter(({ timespanMs }) => timespanMs === longestMs);
}

function tooLong({ file, line }: SigmaCorrelation): SigmaProblem {
  return {
    code: "sigma_correlation_too_long",
    file,
    line,
    column: 1,
    message: "Together with what it counts, the correlation looks back over more than a day.",
    remedy: "Shorten `timespan`; what happens over days is a question to the stored incidents.",
  };
}

function wordsOf(rule: Pick<SigmaRule, "custom" | "title">): RuleWords {
  const own = rule.custom["tillwatch"];
  const section = isJsonObject(own) ? own : {};
  const points = section["points"];
  const says = section["says"];
  return {
    points: typeof points === "number" && Number.isInteger(points) ? points : null,
    says: typeof says === "string" ? says : rule.title,
  };
}
