import { CandidateIndex } from "./candidate-index.ts";
import type { Because } from "./compile-rule.ts";
import { EventView, type FieldTable } from "./event-view.ts";
import { RuleMemory, type ReadyRule } from "./rule-memory.ts";
import type { JsonObject } from "../json.ts";
import type { Placeholders } from "../read/placeholder.ts";
import { Problems, quoted, type SigmaProblem } from "../problem.ts";
import { ok, refused, type Result } from "../result.ts";
import type { SigmaLevel, SigmaRule } from "../read/rule-model.ts";

export type SigmaMatch = {
  /** The rule's id; where it has none its name, and where it has neither its title. */
  readonly ruleId: string;
  readonly title: string;
  /** `medium` where the rule gives none. */
  readonly level: SigmaLevel;
  readonly tags: readonly string[];
  /** Never empty. Values are references into the event. */
  readonly because: readonly Because[];
};

/** Where an event comes from. A part that is not given is equal to no rule's. */
export type EventLogsource = {
  readonly product?: string | undefined;
  readonly category?: string | undefined;
  readonly service?: string | undefined;
};

export type RuleSet = {
  readonly rules: readonly SigmaRule[];
  /**
   * The rules that match the event, in the order of `rules`. With a log source, only rules run of which every given part
   * (product, category, service) is equal to it, letter case aside; without one, all rules run.
   */
  readonly evaluate: (event: JsonObject, logsource?: EventLogsource) => readonly SigmaMatch[];
};

/** How a rule is named in matches and tests. */
export function ruleIdOf(rule: SigmaRule): string {
  return rule.id ?? rule.name ?? rule.title;
}

/**
 * Makes rules ready to run: all of them or, with every problem listed, none.
 *
 * Refuses placeholders that `options.placeholders` does not define (`sigma_placeholder_unknown`) and two rules that
 * would be named the same in matches (`sigma_rule_id_duplicate`).
 */
export function compileRules(
  rules: readonly SigmaRule[],
  options: { readonly placeholders?: Placeholders } = {},
): Result<RuleSet, readonly SigmaProblem[]> {
  return compileKnownRules(rules, options.placeholders ?? noPlaceholders, new RuleMemory());
}

export const noPlaceholders: Placeholders = {};

/** The same with a memory of rules that were made ready before. */
export function compileKnownRules(
  rules: readonly SigmaRule[],
  placeholders: Placeholders,
  memory: RuleMemory,
): Result<RuleSet, readonly SigmaProblem[]> {
  const found: SigmaProblem[] = [];
  const ready: ReadyRule[] = [];
  const seen = new Map<string, SigmaRule>();
  for (const rule of rules) {
    const problems = new Problems(rule.file);
    const id = ruleIdOf(rule);
    const twin = seen.get(id.toLowerCase());
    if (twin !== undefined) {
      problems.add(
        { line: rule.line, column: 1 },
        {
          code: "sigma_rule_id_duplicate",
          message: `The rule is named ${quoted(id)}, like the one at ${twin.file}:${twin.line}.`,
          remedy: "Give each rule an id of its own.",
        },
      );
    }
    seen.set(id.toLowerCase(), rule);
    const made = memory.ready(rule, placeholders, problems);
    if (made !== null) ready.push(made);
    found.push(...problems.found);
  }
  return found.length > 0 ? refused(found) : ok(new CompiledRuleSet(ready, memory.fields));
}

class CompiledRuleSet implements RuleSet {
  readonly rules: readonly SigmaRule[];
  readonly #ready: readonly ReadyRule[];
  readonly #fields: FieldTable;
  readonly #view: EventView;
  readonly #routes: Routes;
  readonly #indexes = new Map<number, CandidateIndex>();

  constructor(ready: readonly ReadyRule[], fields: FieldTable) {
    this.rules = ready.map(({ rule }) => rule);
    this.#ready = ready;
    this.#fields = fields;
    this.#view = new EventView(fields);
    this.#routes = new Routes(this.rules);
    // An arrow, so that callers may pass the function on by itself.
    this.evaluate = (event, logsource) => this.#evaluate(event, logsource);
  }

  readonly evaluate: RuleSet["evaluate"];

  #evaluate(event: JsonObject, logsource: EventLogsource | undefined): readonly SigmaMatch[] {
    this.#view.look(event);
    const matches: SigmaMatch[] = [];
    for (const at of this.#indexFor(logsource).candidates(this.#view)) {
      const ready = this.#ready[at];
      if (ready === undefined || !ready.compiled.matches(this.#view)) continue;
      const { rule, compiled } = ready;
      matches.push({
        ruleId: ruleIdOf(rule),
        title: rule.title,
        level: rule.level ?? "medium",
        tags: rule.tags,
        because: compiled.explain(this.#view),
      });
    }
    return matches;
  }

  #indexFor(logsource: EventLogsource | undefined): CandidateIndex {
    const route = logsource === undefined ? -1 : this.#routes.routeOf(logsource);
    const known = this.#indexes.get(route);
    if (known !== undefined) return known;
    const chosen = this.#ready.flatMap((ready, at) => {
      const runs = logsource === undefined || logsourceFits(ready.rule, logsource);
      return runs ? [{ at, anchors: ready.anchors }] : [];
    });
    const index = new CandidateIndex(chosen, this.#fields);
    this.#indexes.set(route, index);
    return index;
  }
}

const parts = ["product", "category", "service"] as const;

/** Log sources told apart by the values that rules name: bounded by the rules, whatever the events claim. */
class Routes {
  /** The values that rules name, each part's numbered from 1; 0 is any other value, or none. */
  readonly #known: readonly (readonly [(typeof parts)[number], ReadonlyMap<string, number>])[];

  constructor(rules: readonly SigmaRule[]) {
    this.#known = parts.map((part) => {
      const named = new Set(rules.flatMap((rule) => rule.logsource[part]?.toLowerCase() ?? []));
      return [part, new Map([...named].map((value, at) => [value, at + 1]))] as const;
    });
  }

  routeOf(logsource: EventLogsource): number {
    let route = 0;
    for (const [part, values] of this.#known) {
      const value = logsource[part];
      const number = value === undefined ? 0 : (values.get(value.toLowerCase()) ?? 0);
      route = route * (values.size + 1) + number;
    }
    return route;
  }
}

function logsourceFits(rule: SigmaRule, logsource: EventLogsource): boolean {
  return parts.every((part) => {
    const wanted = rule.logsource[part];
    return wanted === null || wanted.toLowerCase() === logsource[part]?.toLowerCase();
  });
}
