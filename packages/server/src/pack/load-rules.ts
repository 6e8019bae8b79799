import { compileRules, parseRules, ruleIdOf, type SigmaProblem, type SigmaRule } from "@tillwatch/sigma";
import { isJsonObject, ok, refused, type Result } from "@tillwatch/wire";
import { meaningOf, type LoadedRules } from "../detect/detect.ts";
import type { RuleWords } from "../score/weights.ts";

export type RuleFile = { readonly file: string; readonly text: string };

export type Rulebook = {
  readonly rules: LoadedRules;
  readonly words: ReadonlyMap<string, RuleWords>;
  readonly parsed: readonly SigmaRule[];
};

/** Parses and compiles rule files: all of them, or the list of what is wrong. */
export function loadRules(files: readonly RuleFile[], version: string): Result<Rulebook, readonly SigmaProblem[]> {
  const results = files.map(({ text, file }) => parseRules(text, file));
  const problems = results.flatMap((result) => (result.ok ? [] : result.error));
  if (problems.length > 0) return refused(problems);
  const parsed = results.flatMap((result) => (result.ok ? result.value : []));
  const compiled = compileRules(parsed);
  if (!compiled.ok) return refused(compiled.error);
  const meanings = new Map(parsed.map((rule) => [ruleIdOf(rule), meaningOf(rule)]));
  const words = new Map(parsed.map((rule) => [ruleIdOf(rule), wordsOf(rule)]));
  return ok({ rules: { version, ruleSet: compiled.value, meanings }, words, parsed });
}

function wordsOf(rule: SigmaRule): RuleWords {
  const own = rule.custom["tillwatch"];
  const section = isJsonObject(own) ? own : {};
  const points = section["points"];
  const says = section["says"];
  return {
    points: typeof points === "number" && Number.isInteger(points) ? points : null,
    says: typeof says === "string" ? says : rule.title,
  };
}
