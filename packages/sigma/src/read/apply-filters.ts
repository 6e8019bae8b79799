import { Problems, quoted, type SigmaProblem } from "../problem.ts";
import { ok, refused, type Result } from "../result.ts";
import type { Condition } from "./condition.ts";
import type { SigmaFilter } from "./filter-model.ts";
import type { Selection, SigmaLogsource, SigmaRule } from "./rule-model.ts";

/**
 * The rules, each with the filters that are meant for it: its condition and theirs must hold.
 *
 * Refuses a filter that names a rule which is not there (`sigma_filter_rule_unknown`) or which reads another log source
 * (`sigma_filter_rule_unfit`): both would leave a rule louder than its author believes.
 */
export function applyFilters(
  rules: readonly SigmaRule[],
  filters: readonly SigmaFilter[],
): Result<readonly SigmaRule[], readonly SigmaProblem[]> {
  const found: SigmaProblem[] = [];
  for (const filter of filters) {
    const problems = new Problems(filter.file);
    for (const { name, place } of filter.rules ?? []) {
      const named = rules.filter((rule) => isNamed(rule, name));
      if (named.length === 0) {
        problems.add(place, {
          code: "sigma_filter_rule_unknown",
          message: `The filter is for ${quoted(name)}, and no rule has this id or name.`,
          remedy: "Name a rule of the same set by its id or name.",
        });
      } else if (!named.some((rule) => fits(filter.logsource, rule.logsource))) {
        problems.add(place, {
          code: "sigma_filter_rule_unfit",
          message: `The filter is for ${quoted(name)}, which reads another log source.`,
          remedy: "Give the filter the log source of the rule, or a part of it.",
        });
      }
    }
    found.push(...problems.found);
  }
  return found.length > 0 ? refused(found) : ok(narrowedBy(rules, filters));
}

/** The same of filters that were not refused before. */
export function narrowedBy(rules: readonly SigmaRule[], filters: readonly SigmaFilter[]): readonly SigmaRule[] {
  return rules.map((rule) => filters.filter((filter) => isFor(filter, rule)).reduce(narrowed, rule));
}

function isNamed(rule: SigmaRule, name: string): boolean {
  return rule.id === name || rule.name === name;
}

/** Whether the filter is meant for the rule, as its file says it. */
export function isFor(filter: SigmaFilter, rule: SigmaRule): boolean {
  const isMeant = filter.rules === null || filter.rules.some(({ name }) => isNamed(rule, name));
  return isMeant && fits(filter.logsource, rule.logsource);
}

/** Every part that the filter names is the rule's, letter case aside. */
function fits(filter: SigmaLogsource, rule: SigmaLogsource): boolean {
  return (["product", "category", "service"] as const).every(
    (part) => filter[part] === null || filter[part].toLowerCase() === rule[part]?.toLowerCase(),
  );
}

function narrowed(rule: SigmaRule, filter: SigmaFilter): SigmaRule {
  const { selections, condition } = rule.detection;
  // Both may have a selection of the same name, and explanations name them: those of the filter carry its title.
  const nameOf = (name: string) => {
    let own = `${filter.title}: ${name}`;
    while (selections.has(own)) own += "'";
    return own;
  };
  const names = new Map([...filter.detection.selections.keys()].map((name) => [name, nameOf(name)]));
  const all = new Map<string, Selection>(selections);
  for (const [name, selection] of filter.detection.selections) all.set(names.get(name) ?? name, selection);
  const besides = renamed(filter.detection.condition, names);
  return { ...rule, detection: { selections: all, condition: { kind: "and", terms: [condition, besides] } } };
}

function renamed(condition: Condition, names: ReadonlyMap<string, string>): Condition {
  switch (condition.kind) {
    case "selection":
      return { ...condition, name: names.get(condition.name) ?? condition.name };
    case "not":
      return { ...condition, term: renamed(condition.term, names) };
    case "and":
    case "or":
      return { ...condition, terms: condition.terms.map((term) => renamed(term, names)) };
  }
}
