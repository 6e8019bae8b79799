import { anchorsOf, Costs, type Anchor } from "./anchor.ts";
import { compileDetection, type CompiledRule } from "./compile-rule.ts";
import { FieldTable } from "./event-view.ts";
import { expandDetection } from "../read/expand-detection.ts";
import type { Placeholders } from "../read/placeholder.ts";
import type { Problems } from "../problem.ts";
import type { Detection, SigmaRule } from "../read/rule-model.ts";

/** A rule ready to run. */
export class ReadyRule {
  readonly rule: SigmaRule;
  readonly placeholders: Placeholders;
  readonly compiled: CompiledRule;
  readonly #detection: Detection;
  readonly #costs: Costs;
  #anchors: readonly Anchor[] | null | undefined;

  constructor(rule: SigmaRule, detection: Detection, { placeholders, fields, costs }: Making) {
    this.rule = rule;
    this.placeholders = placeholders;
    this.compiled = compileDetection(detection, fields);
    this.#detection = detection;
    this.#costs = costs;
    costs.count(detection);
  }

  /** What the rule needs of an event to match. Chosen once, when it is first asked for, by the costs of that time: any choice is right. */
  get anchors(): readonly Anchor[] | null {
    if (this.#anchors === undefined) this.#anchors = anchorsOf(this.#detection, this.#costs.of);
    return this.#anchors;
  }
}

type Making = { readonly placeholders: Placeholders; readonly fields: FieldTable; readonly costs: Costs };

/**
 * Rules made ready, which sets that follow one another share: a rule that stays is not made ready again. A rule is told by being the same
 * object, so nothing can be mistaken for another; it is forgotten with the last set that holds it.
 */
export class RuleMemory {
  readonly fields = new FieldTable();
  readonly #costs = new Costs();
  readonly #ready = new WeakMap<SigmaRule, ReadyRule>();
  #made = 0;

  /** The numbers of fields are never given up, so that after many changes it is time for a new memory. */
  isWorn(rules: number): boolean {
    return this.#made > 1_000 + 4 * rules;
  }

  /** Null where a placeholder was refused; why, stands in `problems`. */
  ready(rule: SigmaRule, placeholders: Placeholders, problems: Problems): ReadyRule | null {
    const known = this.#ready.get(rule);
    if (known?.placeholders === placeholders) return known;
    const before = problems.found.length;
    const detection = expandDetection(rule.detection, { placeholders, problems });
    if (problems.found.length > before) return null;
    const made = new ReadyRule(rule, detection, { placeholders, fields: this.fields, costs: this.#costs });
    this.#ready.set(rule, made);
    this.#made += 1;
    return made;
  }
}
