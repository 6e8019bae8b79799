import { ruleIdOf } from "../match/compile-rules.ts";
import { Problems, quoted, type SigmaProblem } from "../problem.ts";
import type { SigmaCorrelation } from "../read/correlation-model.ts";
import type { SigmaRule } from "../read/rule-model.ts";
import { ok, refused, type Result } from "../result.ts";
import { aliased } from "./counted-event.ts";

/** How a correlation is named in what it finds: its id; where it has none its name, and where it has neither its title. */
export function correlationIdOf(correlation: SigmaCorrelation): string {
  return correlation.id ?? correlation.name ?? correlation.title;
}

/** What a correlation counts: a rule or another correlation, by the id that matches carry. */
export type Counted = {
  readonly id: string;
  /** Its place in the correlation's list, from 0. */
  readonly rule: number;
  /** By which an alias may call it. */
  readonly names: readonly string[];
};

export type PlannedCorrelation = {
  readonly correlation: SigmaCorrelation;
  readonly id: string;
  readonly counted: ReadonlyMap<string, Counted>;
};

type Known = {
  readonly id: string;
  readonly names: readonly string[];
  readonly correlation: SigmaCorrelation | null;
};

/**
 * Puts correlations behind those that they count. Refuses two of one name, a counted rule that is not there or named twice, a ring of
 * correlations, and a field that a counted correlation does not group by: it has no other.
 */
export function planCorrelations(
  correlations: readonly SigmaCorrelation[],
  rules: readonly SigmaRule[],
): Result<readonly PlannedCorrelation[], readonly SigmaProblem[]> {
  const known = new Register(rules);
  const found: SigmaProblem[] = [];
  for (const correlation of correlations) {
    const problems = new Problems(correlation.file);
    known.add(correlation, problems);
    found.push(...problems.found);
  }
  const plans = correlations.map((correlation) => {
    const problems = new Problems(correlation.file);
    const counted = countedBy(correlation, known, problems);
    found.push(...problems.found);
    return { correlation, id: correlationIdOf(correlation), counted };
  });
  const ordered = inOrder(plans);
  for (const { correlation } of plans.filter((plan) => !ordered.includes(plan))) {
    const problems = new Problems(correlation.file);
    problems.add(placeOf(correlation), {
      code: "sigma_correlation_ring",
      message: `The correlation ${quoted(correlationIdOf(correlation))} counts itself, by way of what it counts.`,
      remedy: "Take one of the correlations out of the ring.",
    });
    found.push(...problems.found);
  }
  return found.length > 0 ? refused(found) : ok(ordered);
}

class Register {
  readonly #byName = new Map<string, Known[]>();
  readonly #ids = new Set<string>();

  constructor(rules: readonly SigmaRule[]) {
    for (const rule of rules) this.#file({ id: ruleIdOf(rule), names: namesOf(rule), correlation: null });
  }

  add(correlation: SigmaCorrelation, problems: Problems): void {
    const id = correlationIdOf(correlation);
    if (this.#ids.has(id.toLowerCase())) {
      problems.add(placeOf(correlation), {
        code: "sigma_rule_id_duplicate",
        message: `The correlation is named ${quoted(id)}, like another rule.`,
        remedy: "Give each rule an id of its own.",
      });
    }
    this.#file({ id, names: namesOf(correlation), correlation });
  }

  named(name: string): readonly Known[] {
    return this.#byName.get(name) ?? [];
  }

  #file(known: Known): void {
    this.#ids.add(known.id.toLowerCase());
    for (const name of new Set(known.names)) this.#byName.set(name, [...this.named(name), known]);
  }
}

function namesOf({ id, name }: { readonly id: string | null; readonly name: string | null }): readonly string[] {
  return [id, name].filter((one) => one !== null);
}

function countedBy(correlation: SigmaCorrelation, known: Register, problems: Problems): ReadonlyMap<string, Counted> {
  const counted = new Map<string, Counted>();
  for (const [rule, { name, place }] of correlation.rules.entries()) {
    const [one, another] = known.named(name);
    if (one === undefined || another !== undefined) {
      problems.add(place, {
        code: "sigma_correlation_rule_unknown",
        message: `The correlation counts ${quoted(name)}, and ${one === undefined ? "no rule has" : "several rules have"} this id or name.`,
        remedy: "Name a rule or a correlation of the same set by its id or name.",
      });
    } else if (counted.has(one.id)) {
      problems.add(place, {
        code: "sigma_correlation_malformed",
        message: `The correlation names the rule ${quoted(name)} twice.`,
        remedy: "Name each rule once; event_count says how often it must occur.",
      });
    } else {
      counted.set(one.id, { id: one.id, rule, names: one.names });
      for (const field of one.correlation === null ? [] : fieldsMissing(correlation, one.correlation)) {
        problems.add(place, {
          code: "sigma_correlation_field_unknown",
          message: `The correlation asks for ${quoted(field)}, and ${quoted(name)}, a correlation, does not group by it.`,
          remedy: "Take the field into the group-by of the correlation that is counted, or give it an alias.",
        });
      }
    }
  }
  for (const [alias, byRule] of correlation.aliases) {
    for (const name of byRule.keys()) {
      if ([...counted.values()].some(({ names }) => names.includes(name))) continue;
      problems.add(placeOf(correlation), {
        code: "sigma_correlation_rule_unknown",
        message: `The alias ${quoted(alias)} names the rule ${quoted(name)}, which the correlation does not count.`,
        remedy: "Name the rule as the list `rules` names it, or take it out of the alias.",
      });
    }
  }
  return counted;
}

function fieldsMissing(correlation: SigmaCorrelation, counted: SigmaCorrelation): readonly string[] {
  const asked = [...correlation.groupBy, ...correlation.condition.fields];
  return asked.filter(
    (field) => !aliased(correlation, field, namesOf(counted)).every((name) => counted.groupBy.includes(name)),
  );
}

/** Those that stand on no ring, each behind what it counts; otherwise as they came. */
function inOrder(plans: readonly PlannedCorrelation[]): readonly PlannedCorrelation[] {
  const ids = new Set(plans.map(({ id }) => id));
  const placed = new Set<string>();
  const ordered: PlannedCorrelation[] = [];
  for (let before = -1; ordered.length > before;) {
    before = ordered.length;
    for (const plan of plans) {
      const isReady = [...plan.counted.keys()].every((id) => !ids.has(id) || placed.has(id));
      if (!isReady || ordered.includes(plan)) continue;
      ordered.push(plan);
      placed.add(plan.id);
    }
  }
  return ordered;
}

function placeOf({ line }: SigmaCorrelation): { readonly line: number; readonly column: number } {
  return { line, column: 1 };
}
