import { quoted, type Problems } from "../problem.ts";
import { parseCondition, type Condition } from "../read/condition.ts";
import type { SigmaLogsource } from "../read/rule-model.ts";
import { entryOf, type YamlMap, type YamlNode } from "../read/yaml-node.ts";
import { compileRegex } from "../value/regex.ts";
import type { FieldCondition, Gate, RuleCondition } from "./pipeline-model.ts";
import { malformed, textAt, textsAt, unsupported } from "./pipeline-text.ts";

/** The keys of a step that say where it applies. */
export const gateKeys: readonly string[] = ["rule", "field_name"].flatMap((side) =>
  ["conditions", "cond_op", "cond_not", "cond_expr"].map((key) => `${side}_${key}`),
);

type ConditionBySide = { readonly rule: RuleCondition; readonly field_name: FieldCondition };

const readers: {
  readonly [S in keyof ConditionBySide]: (node: YamlMap, problems: Problems) => ConditionBySide[S] | null;
} = { rule: readRuleCondition, field_name: readFieldCondition };

/**
 * The conditions of one side of a step: a list joined by `..._cond_op` (`and`, which is the default, or `or`), or a map of named ones
 * joined by `..._cond_expr`; the other way round with `..._cond_not`. Null where the step has none.
 */
export function readGate<S extends keyof ConditionBySide>(
  step: YamlMap,
  { side, problems }: { readonly side: S; readonly problems: Problems },
): Gate<ConditionBySide[S]> | null {
  const entry = entryOf(step, `${side}_conditions`);
  const joins = ["cond_op", "cond_not", "cond_expr"].flatMap((key) => entryOf(step, `${side}_${key}`) ?? []);
  if (entry === undefined) {
    for (const { key, keyPlace } of joins) malformed(problems, keyPlace, `${quoted(key)} has no conditions to join.`);
    return null;
  }
  const named = membersOf(entry.value);
  const conditions = new Map<string, ConditionBySide[S]>();
  for (const [name, node] of named ?? []) {
    const condition = node.kind === "map" ? readers[side](node, problems) : null;
    if (node.kind !== "map") malformed(problems, node.place, "A condition is not a map of keys.");
    if (condition !== null) conditions.set(name, condition);
  }
  if (named === null || named.length === 0) {
    return malformed(problems, entry.keyPlace, `${quoted(entry.key)} is neither a list nor a map of conditions.`);
  }
  const expression = readExpression(step, {
    side,
    isMap: entry.value.kind === "map",
    names: named.map(([name]) => name),
    problems,
  });
  if (expression === null || conditions.size < named.length) return null;
  return { conditions, expression };
}

function membersOf(node: YamlNode): readonly (readonly [string, YamlNode])[] | null {
  if (node.kind === "list") return node.items.map((item, at) => [String(at + 1), item]);
  return node.kind === "map" ? node.entries.map(({ key, value }) => [key, value]) : null;
}

type Joining = {
  readonly side: string;
  readonly isMap: boolean;
  readonly names: readonly string[];
  readonly problems: Problems;
};

function readExpression(step: YamlMap, { side, isMap, names, problems }: Joining): Condition | null {
  const text = entryOf(step, `${side}_cond_expr`);
  const operator = entryOf(step, `${side}_cond_op`);
  const not = entryOf(step, `${side}_cond_not`);
  if (text !== undefined) {
    if (!isMap || operator !== undefined || not !== undefined || text.value.kind !== "scalar") {
      return malformed(
        problems,
        text.keyPlace,
        `${quoted(text.key)} stands alone, and over a map of named conditions.`,
      );
    }
    const parsed = parseCondition(text.value.source, names);
    return parsed.ok ? parsed.value : malformed(problems, text.value.place, parsed.error.message);
  }
  if (isMap) return malformed(problems, step.place, `Named conditions want \`${side}_cond_expr\`.`);
  const kind = operator?.value.kind === "scalar" ? operator.value.source : "and";
  if (kind !== "and" && kind !== "or") {
    return malformed(problems, operator?.keyPlace ?? step.place, `\`${side}_cond_op\` is neither \`and\` nor \`or\`.`);
  }
  const isNot = not?.value.kind === "scalar" ? not.value.value : false;
  if (typeof isNot !== "boolean" || not?.value.kind === "list" || not?.value.kind === "map") {
    return malformed(problems, not?.keyPlace ?? step.place, `\`${side}_cond_not\` is neither true nor false.`);
  }
  const terms = names.map((name): Condition => ({ kind: "selection", name }));
  const joined: Condition = { kind, terms };
  return isNot ? { kind: "not", term: joined } : joined;
}

const keysOf: Readonly<Record<string, readonly string[]>> = {
  logsource: ["product", "category", "service"],
  contains_field: ["field"],
  tag: ["tag"],
  processing_item_applied: ["processing_item_id"],
  is_sigma_rule: [],
  is_sigma_correlation_rule: [],
  include_fields: ["fields", "mode"],
  exclude_fields: ["fields", "mode"],
};

/** The type of a condition, if it holds no key that the type does not know. */
function readType(node: YamlMap, problems: Problems): string | null {
  const type = textAt(node, "type", problems);
  const known = type === null || !Object.hasOwn(keysOf, type) ? undefined : keysOf[type];
  if (type === null) return null;
  if (known === undefined) return unsupported(problems, node.place, `The condition ${quoted(type)}`);
  for (const { key, keyPlace } of node.entries) {
    if (key !== "type" && !known.includes(key)) return unsupported(problems, keyPlace, `${quoted(key)} of a condition`);
  }
  return type;
}

function readRuleCondition(node: YamlMap, problems: Problems): RuleCondition | null {
  const type = readType(node, problems);
  switch (type) {
    case null:
      return null;
    case "logsource": {
      const logsource = readLogsourceParts(node, problems);
      return logsource === null ? null : { kind: "logsource", logsource };
    }
    case "contains_field": {
      const field = textAt(node, "field", problems);
      return field === null ? null : { kind: "contains_field", field };
    }
    case "tag": {
      const tag = textAt(node, "tag", problems);
      return tag === null ? null : { kind: "tag", tag };
    }
    case "processing_item_applied": {
      const id = textAt(node, "processing_item_id", problems);
      return id === null ? null : { kind: "processing_item_applied", id };
    }
    case "is_sigma_rule":
    case "is_sigma_correlation_rule":
      return { kind: type };
    default:
      return unsupported(problems, node.place, `The condition ${quoted(type)} on rules`);
  }
}

/** At least one of product, category and service; null with a problem otherwise. */
export function readLogsourceParts(node: YamlMap, problems: Problems): SigmaLogsource | null {
  const read = (key: string) => (entryOf(node, key) === undefined ? null : textAt(node, key, problems));
  const [product, category, service] = [read("product"), read("category"), read("service")];
  if (product !== null || category !== null || service !== null)
    return { product, category, service, definition: null };
  return malformed(problems, node.place, "A log source names neither product nor category nor service.");
}

function readFieldCondition(node: YamlMap, problems: Problems): FieldCondition | null {
  const type = readType(node, problems);
  if (type === null) return null;
  if (type !== "include_fields" && type !== "exclude_fields") {
    return unsupported(problems, node.place, `The condition ${quoted(type)} on field names`);
  }
  const fields = textsAt(node, "fields", problems);
  const mode = entryOf(node, "mode") === undefined ? "plain" : textAt(node, "mode", problems);
  if (fields === null || mode === null) return null;
  const includes = type === "include_fields";
  if (mode === "plain") return { includes, fits: (field) => fields.includes(field) };
  if (mode !== "re") return malformed(problems, node.place, "`mode` is neither `plain` nor `re`.");
  const tests: ((text: string) => boolean)[] = [];
  for (const pattern of fields) {
    // pySigma matches at the start of the name, and need not reach its end.
    const regex = compileRegex(`^(?:${pattern})`, { insensitive: false, multiline: false, dotall: false });
    if (regex.ok) tests.push(regex.value);
    else problems.add(node.place, regex.error);
  }
  return { includes, fits: (field) => tests.some((test) => test(field)) };
}
