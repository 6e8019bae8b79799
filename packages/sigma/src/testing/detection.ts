import { compileRules, type RuleSet } from "../match/compile-rules.ts";
import type { JsonObject } from "../json.ts";
import { parseRules } from "../read/parse-rules.ts";
import type { Placeholders } from "../read/placeholder.ts";
import type { SigmaRule } from "../read/rule-model.ts";

const head = `title: A rule
id: 6f0b1c7e-3a54-4f0e-9d55-0a3a5b0c9f11
logsource:
  product: tillwatch
detection:
`;

/** Line of the file on which the detection that is passed to `ruleText` begins. */
export const detectionLine = head.split("\n").length;

/** A whole rule around a detection, which is written without indentation. */
export function ruleText(detection: string): string {
  return head + detection.replace(/^/gm, "  ");
}

export function parsed(text: string): readonly SigmaRule[] {
  const rules = parseRules(text, "test.yml");
  if (!rules.ok) throw new Error(rules.error.map(({ code, message }) => `${code}: ${message}`).join("\n"));
  return rules.value;
}

export function ruleSetOf(text: string, placeholders: Placeholders = {}): RuleSet {
  const ruleSet = compileRules(parsed(text), { placeholders });
  if (!ruleSet.ok) throw new Error(ruleSet.error.map(({ code, message }) => `${code}: ${message}`).join("\n"));
  return ruleSet.value;
}

/** Whether a rule with this detection matches. */
export function fires(detection: string, event: JsonObject, placeholders: Placeholders = {}): boolean {
  return ruleSetOf(ruleText(detection), placeholders).evaluate(event).length > 0;
}

/** Whether a rule with this one selection matches. */
export function selects(selection: string, event: JsonObject, placeholders: Placeholders = {}): boolean {
  return fires(`sel:\n${selection.replace(/^/gm, "  ")}\ncondition: sel`, event, placeholders);
}

/** The codes with which a file is refused; empty if it is not. */
export function refusalsOf(text: string): readonly string[] {
  const rules = parseRules(text, "test.yml");
  return rules.ok ? [] : rules.error.map(({ code }) => code);
}
