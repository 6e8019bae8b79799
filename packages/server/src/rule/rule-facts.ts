import type { SigmaCorrelation, SigmaRule } from "@tillwatch/sigma";
import { isJsonObject, type JsonObject, type RuleKind } from "@tillwatch/wire";
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
  readonly narrows: readonly string[]; // titles of rules; of a filter alone
};

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

/** What every signal here is of; a rule for another one would never be asked. */
export const product = "retail";

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
    narrows: [],
  };
}

/** null: several, or any. */
function serviceOfAll(rules: readonly SigmaRule[]): string | null {
  const services = new Set(rules.map(({ logsource }) => logsource.service));
  const [only = null] = services;
  return services.size === 1 ? only : null;
}

/** From which service an event of a test comes; empty: none. */
export function serviceOf(event: JsonObject): string {
  const device = event["device"];
  const kind = isJsonObject(device) ? device["kind"] : null;
  return typeof kind === "string" ? kind : "";
}
