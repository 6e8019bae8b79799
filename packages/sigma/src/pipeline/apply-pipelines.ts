import { ruleIdOf } from "../match/compile-rules.ts";
import { Problems, quoted, type Complaint, type SigmaProblem } from "../problem.ts";
import type { Condition } from "../read/condition.ts";
import type { SigmaCorrelation } from "../read/correlation-model.ts";
import type { FieldNames, PatternTest, Selection, SelectionItem, SigmaRule } from "../read/rule-model.ts";
import { ok, refused, unreachable, type Result } from "../result.ts";
import type { FieldCondition, Gate, PipelineStep, RuleCondition, SigmaPipeline } from "./pipeline-model.ts";

type Documents = { readonly rules: readonly SigmaRule[]; readonly correlations: readonly SigmaCorrelation[] };

/**
 * Rules and correlations as they fit the events that the pipelines are for. A correlation reads the fields of the events that its
 * rules matched, so its names are those that the pipelines give them in each of its rules.
 *
 * Refuses what a step refuses (`sigma_pipeline_rule_refused`) and a rule of which nothing would be left
 * (`sigma_pipeline_rule_empty`).
 */
export function applyPipelines(
  documents: Documents,
  pipelines: readonly SigmaPipeline[],
): Result<Documents, readonly SigmaProblem[]> {
  const ordered = pipelines.toSorted((a, b) => a.priority - b.priority);
  const found: SigmaProblem[] = [];
  const namesByRule = new Map<string, NamesOf>();
  const rules = documents.rules.map((rule) => {
    const fitting = new Fitting(rule);
    for (const { steps } of ordered) for (const step of steps) fitting.take(step);
    found.push(...fitting.problems.found);
    for (const name of [ruleIdOf(rule), rule.id, rule.name]) if (name !== null) namesByRule.set(name, fitting.namesOf);
    return fitting.rule;
  });
  if (found.length > 0) return refused(found);
  return ok({ rules, correlations: documents.correlations.map((one) => fitCorrelation(one, namesByRule)) });
}

type NamesOf = (names: FieldNames) => FieldNames;

/** One rule on its way through the steps. */
class Fitting {
  readonly problems: Problems;
  readonly #applied = new Set<string>();
  readonly #renamings: NamesOf[] = [];
  #rule: SigmaRule;

  constructor(rule: SigmaRule) {
    this.#rule = rule;
    this.problems = new Problems(rule.file);
  }

  get rule(): SigmaRule {
    return this.#rule;
  }

  /** How the steps so far name a field of the rule's events. */
  readonly namesOf: NamesOf = (names) => this.#renamings.reduce((now, renaming) => renaming(now), names);

  take(step: PipelineStep): void {
    const { rules, fields, change, id } = step;
    if (rules !== null && !opens(rules, (condition) => this.#meets(condition))) return;
    const isMeant = (field: string) => fields === null || opens(fields, (condition) => meetsField(condition, field));
    if (id !== null) this.#applied.add(id);
    switch (change.kind) {
      case "names": {
        const renaming = renamingOf((field) => (isMeant(field) ? change.namesOf(field) : null));
        this.#renamings.push(renaming);
        this.#rule = renamed(this.#rule, renaming);
        return;
      }
      case "condition":
        this.#rule = withCondition(this.#rule, change);
        return;
      case "logsource":
        this.#rule = { ...this.#rule, logsource: change.logsource };
        return;
      case "drop_items":
        this.#drop(isMeant);
        return;
      case "refuse_rule":
        this.#refuse({ code: "sigma_pipeline_rule_refused", message: change.message, remedy: refusalRemedy });
        return;
      case "refuse_items": {
        const field = fieldsOf(this.#rule).find(isMeant);
        if (field === undefined) return;
        const message = `${change.message} (the field ${quoted(field)})`;
        this.#refuse({ code: "sigma_pipeline_rule_refused", message, remedy: refusalRemedy });
        return;
      }
      default:
        unreachable(change);
    }
  }

  #meets(condition: RuleCondition): boolean {
    switch (condition.kind) {
      case "logsource":
        return (["product", "category", "service"] as const).every((part) => {
          const wanted = condition.logsource[part];
          return wanted === null || wanted.toLowerCase() === this.#rule.logsource[part]?.toLowerCase();
        });
      case "contains_field":
        return fieldsOf(this.#rule).includes(condition.field);
      case "tag":
        return this.#rule.tags.some((tag) => tag.toLowerCase() === condition.tag.toLowerCase());
      case "processing_item_applied":
        return this.#applied.has(condition.id);
      case "is_sigma_rule":
        return true;
      case "is_sigma_correlation_rule":
        return false;
      default:
        return unreachable(condition);
    }
  }

  #drop(isMeant: (field: string) => boolean): void {
    const selections = new Map<string, Selection>();
    const gone = new Set<string>();
    for (const [name, selection] of this.#rule.detection.selections) {
      const left = without(selection, (item) => item.fields?.some(isMeant) ?? false);
      if (left === null) gone.add(name);
      else selections.set(name, left);
    }
    const condition = withoutSelections(this.#rule.detection.condition, gone);
    if (condition !== null) this.#rule = { ...this.#rule, detection: { selections, condition } };
    else {
      this.#refuse({
        code: "sigma_pipeline_rule_empty",
        message: "A step of a pipeline takes everything out of the rule that it looks for.",
        remedy: "Let `drop_detection_item` name fewer fields, or keep it from this rule by `rule_conditions`.",
      });
    }
  }

  #refuse(complaint: Complaint): void {
    this.problems.add({ line: this.#rule.line, column: 1 }, complaint);
  }
}

const refusalRemedy = "Take the rule out, or use a pipeline that is made for it.";

function opens<T>({ conditions, expression }: Gate<T>, meets: (condition: T) => boolean): boolean {
  switch (expression.kind) {
    case "selection": {
      const condition = conditions.get(expression.name);
      return condition !== undefined && meets(condition);
    }
    case "not":
      return !opens({ conditions, expression: expression.term }, meets);
    case "and":
      return expression.terms.every((term) => opens({ conditions, expression: term }, meets));
    case "or":
      return expression.terms.some((term) => opens({ conditions, expression: term }, meets));
    default:
      return unreachable(expression);
  }
}

function meetsField({ includes, fits }: FieldCondition, field: string): boolean {
  return fits(field) === includes;
}

/** Each name by what it becomes; a name that becomes nothing else stays. */
function renamingOf(namesOf: (field: string) => FieldNames | null): NamesOf {
  return ([first, ...others]) => {
    const all = new Set<string>();
    for (const name of [first, ...others]) for (const one of namesOf(name) ?? [name]) all.add(one);
    const [head = first, ...rest] = all;
    return [head, ...rest];
  };
}

function renamed(rule: SigmaRule, renaming: NamesOf): SigmaRule {
  const selections = new Map<string, Selection>();
  for (const [name, selection] of rule.detection.selections) {
    selections.set(
      name,
      mapItems(selection, (item) => ({
        ...item,
        fields: item.fields === null ? null : renaming(item.fields),
        patterns: item.patterns.map((pattern) => ({ ...pattern, test: renamedTest(pattern.test, renaming) })),
      })),
    );
  }
  const fields = rule.fields.flatMap((field) => renaming([field]));
  return { ...rule, fields, detection: { ...rule.detection, selections } };
}

function renamedTest(test: PatternTest, renaming: NamesOf): PatternTest {
  if (test.kind === "fieldref") return { ...test, fields: renaming(test.fields) };
  return test.kind === "one_of" ? { ...test, tests: test.tests.map((one) => renamedTest(one, renaming)) } : test;
}

function mapItems(selection: Selection, change: (item: SelectionItem) => SelectionItem): Selection {
  return selection.kind === "items"
    ? { ...selection, items: selection.items.map(change) }
    : { ...selection, members: selection.members.map((member) => mapItems(member, change)) };
}

/** What is left of a selection; null: nothing. */
function without(selection: Selection, isGone: (item: SelectionItem) => boolean): Selection | null {
  if (selection.kind === "items") {
    const items = selection.items.filter((item) => !isGone(item));
    return items.length === 0 ? null : { ...selection, items };
  }
  const members = selection.members.flatMap((member) => without(member, isGone) ?? []);
  return members.length === 0 ? null : { ...selection, members };
}

/** A condition as if the selections had never been written in it; null: nothing is left. */
function withoutSelections(condition: Condition, gone: ReadonlySet<string>): Condition | null {
  if (gone.size === 0) return condition;
  switch (condition.kind) {
    case "selection":
      return gone.has(condition.name) ? null : condition;
    case "not": {
      const term = withoutSelections(condition.term, gone);
      return term === null ? null : { kind: "not", term };
    }
    case "and":
    case "or": {
      const terms = condition.terms.flatMap((term) => withoutSelections(term, gone) ?? []);
      const [only] = terms;
      return terms.length > 1 ? { kind: condition.kind, terms } : (only ?? null);
    }
    default:
      return unreachable(condition);
  }
}

type Added = { readonly name: string; readonly selection: Selection; readonly negated: boolean };

function withCondition(rule: SigmaRule, { name, selection, negated }: Added): SigmaRule {
  const { selections, condition } = rule.detection;
  let own = name;
  while (selections.has(own)) own += "'";
  const added: Condition = { kind: "selection", name: own };
  const terms: readonly Condition[] = [negated ? { kind: "not", term: added } : added, condition];
  return {
    ...rule,
    detection: { selections: new Map([...selections, [own, selection]]), condition: { kind: "and", terms } },
  };
}

/** Every field that the rule looks at, as it is named now. */
function fieldsOf(rule: SigmaRule): readonly string[] {
  const found = new Set<string>();
  const collect = (selection: Selection): void => {
    if (selection.kind === "any") for (const member of selection.members) collect(member);
    else for (const { fields } of selection.items) for (const field of fields ?? []) found.add(field);
  };
  for (const selection of rule.detection.selections.values()) collect(selection);
  return [...found];
}

function fitCorrelation(correlation: SigmaCorrelation, namesByRule: ReadonlyMap<string, NamesOf>): SigmaCorrelation {
  const asked = new Set([...correlation.groupBy, ...correlation.condition.fields]);
  const aliases = new Map(correlation.aliases);
  for (const field of asked) {
    const byRule = new Map(correlation.aliases.get(field) ?? []);
    for (const { name } of correlation.rules) {
      // What counts correlations reads their group-by, which keeps its names.
      const namesOf = namesByRule.get(name);
      if (namesOf === undefined) continue;
      const before: FieldNames = byRule.get(name) ?? [field];
      const after = namesOf(before);
      if (after.length > 1 || after[0] !== field) byRule.set(name, after);
      else byRule.delete(name);
    }
    if (byRule.size > 0) aliases.set(field, byRule);
    else aliases.delete(field);
  }
  return { ...correlation, aliases };
}
