import { parseCondition, type Condition } from "./condition.ts";
import { lowerValue } from "./lower-value.ts";
import { parseModifiers } from "./modifier.ts";
import { quoted, type Place, type Problems } from "../problem.ts";
import type { Detection, ItemSpec, Pattern, Selection, SelectionItem } from "./rule-model.ts";
import { showPattern } from "./show-pattern.ts";
import type { YamlEntry, YamlMap, YamlNode, YamlScalar } from "./yaml-node.ts";

const fieldNameLengthMax = 512;

/** Reads a rule's `detection`. Null if anything in it was refused; what, stands in `problems`. */
export function parseDetection(entry: YamlEntry, problems: Problems): Detection | null {
  if (entry.value.kind !== "map") {
    problems.add(entry.keyPlace, {
      code: "sigma_detection_malformed",
      message: "The detection is not a map.",
      remedy: "Write named selections and a condition under `detection`.",
    });
    return null;
  }
  const before = problems.found.length;
  const selections = new Map<string, Selection>();
  const names: string[] = [];
  for (const { key, keyPlace, value } of entry.value.entries) {
    if (key === "condition") continue;
    if (key === "timeframe") {
      problems.add(keyPlace, {
        code: "sigma_timeframe_not_supported",
        message: "`timeframe` belongs to aggregations, which are not part of Sigma since version 2.",
        remedy: "Write a correlation rule with `timespan` instead.",
      });
      continue;
    }
    // A refused selection still has its name, so that the condition is not blamed as well.
    names.push(key);
    const selection = parseSelection(value, { name: key, place: keyPlace, problems });
    if (selection !== null) selections.set(key, selection);
  }
  const condition = parseConditions(entry.value, { names, place: entry.keyPlace, problems });
  return condition === null || problems.found.length > before ? null : { selections, condition };
}

function parseConditions(
  detection: YamlMap,
  context: { readonly names: readonly string[]; readonly place: Place; readonly problems: Problems },
): Condition | null {
  const { names, place, problems } = context;
  const entry = detection.entries.find(({ key }) => key === "condition");
  const missing = (where: Place) => {
    problems.add(where, {
      code: "sigma_key_missing",
      message: "The detection has no condition.",
      remedy: "Add `condition:` with text, or a list of texts of which one must hold.",
    });
    return null;
  };
  if (entry === undefined) return missing(place);
  const nodes = entry.value.kind === "list" ? entry.value.items : [entry.value];
  if (nodes.length === 0) return missing(entry.keyPlace);
  const terms: Condition[] = [];
  for (const node of nodes) {
    if (node.kind !== "scalar" || node.source.trim() === "" || node.value === null) return missing(node.place);
    const parsed = parseCondition(node.source, names);
    if (parsed.ok) terms.push(parsed.value);
    else problems.add(placeInside(node, parsed.error.offset), parsed.error);
  }
  const [only] = terms;
  if (terms.length !== nodes.length || only === undefined) return null;
  return terms.length === 1 ? only : { kind: "or", terms };
}

function placeInside(node: YamlScalar, offset: number): Place {
  const { line, column } = node.place;
  if (!node.verbatim || node.source.slice(0, offset).includes("\n")) return { line, column };
  return { line, column: column + offset };
}

type SelectionContext = { readonly name: string; readonly place: Place; readonly problems: Problems };

/** One selection: a map, a list of maps, or keywords. Null if anything in it was refused. */
export function parseSelection(node: YamlNode, context: SelectionContext): Selection | null {
  if (node.kind === "map") return parseMap(node, context);
  if (node.kind === "scalar") {
    return malformed(context, node.place, `The selection ${quoted(context.name)} is a single value.`);
  }
  if (node.items.length === 0) return emptySelection(context);
  const members: Selection[] = [];
  const keywords: YamlScalar[] = [];
  for (const item of node.items) {
    if (item.kind === "list") {
      malformed(context, item.place, `The selection ${quoted(context.name)} holds a list in a list.`);
    } else if (item.kind === "map") {
      const member = parseMap(item, context);
      if (member !== null) members.push(member);
    } else {
      keywords.push(item);
    }
  }
  if (keywords.length > 0) {
    const item = parseItem({ field: null, modifiers: [], scalars: keywords, place: node.place }, context.problems);
    if (item !== null) members.unshift({ kind: "items", items: [item] });
  }
  const [only] = members;
  return members.length === 1 && only !== undefined ? only : { kind: "any", members };
}

function parseMap(node: YamlMap, context: SelectionContext): Selection | null {
  if (node.entries.length === 0) return emptySelection(context);
  const items: SelectionItem[] = [];
  for (const entry of node.entries) {
    const item = parseField(entry, context);
    if (item !== null) items.push(item);
  }
  return { kind: "items", items };
}

function parseField(entry: YamlEntry, context: SelectionContext): SelectionItem | null {
  const { key, keyPlace, value } = entry;
  const [field = "", ...modifiers] = key.split("|");
  if (field.length > fieldNameLengthMax || (field === "" && modifiers.length === 0) || field !== field.trim()) {
    context.problems.add(keyPlace, {
      code: "sigma_field_name_malformed",
      message: `${quoted(key)} is not a field name.`,
      remedy: `Write the name without spaces around it, at most ${fieldNameLengthMax} characters; keywords as a list or under '|all'.`,
    });
    return null;
  }
  if (value.kind === "map") {
    context.problems.add(value.place, {
      code: "sigma_value_malformed",
      message: `The field ${quoted(field)} holds a map.`,
      remedy: "Name nested fields by a dotted path, like `parent.child: value`.",
    });
    return null;
  }
  const nodes = value.kind === "list" ? value.items : [value];
  const scalars = nodes.filter((node) => node.kind === "scalar");
  if (scalars.length !== nodes.length) {
    context.problems.add(value.place, {
      code: "sigma_value_malformed",
      message: `The list of ${quoted(field)} holds a list or a map.`,
      remedy: "Write plain values; several conditions on one field go into several selections.",
    });
    return null;
  }
  if (nodes.length === 0) return emptyList(keyPlace, { field, problems: context.problems });
  const inList = value.kind === "list";
  const nulls = inList ? scalars.filter((scalar) => scalar.value === null) : [];
  for (const scalar of nulls) refuseNull(scalar.place, context.problems);
  if (nulls.length > 0) return null;
  return parseItem({ field: field === "" ? null : field, modifiers, scalars, place: keyPlace }, context.problems);
}

type RawItem = {
  readonly field: string | null;
  readonly modifiers: readonly string[];
  readonly scalars: readonly YamlScalar[];
  readonly place: Place;
};

function parseItem(raw: RawItem, problems: Problems): SelectionItem | null {
  const spec = parseModifiers(raw.modifiers, raw.field === null);
  if (!spec.ok) {
    problems.add(raw.place, spec.error);
    return null;
  }
  if (spec.value.all && raw.scalars.length < 2) {
    problems.add(raw.place, {
      code: "sigma_all_needs_list",
      message: "`all` with a single value.",
      remedy: "Remove `all`, or list the values that must all be found.",
    });
    return null;
  }
  if (spec.value.operator === "exists" && raw.scalars.length > 1) {
    problems.add(raw.place, {
      code: "sigma_modifier_value_type",
      message: "`exists` with several values.",
      remedy: "Write `exists: true` or `exists: false`.",
    });
    return null;
  }
  const patterns: Pattern[] = [];
  for (const scalar of raw.scalars) {
    const pattern = parsePattern(scalar, { spec: spec.value, isKeyword: raw.field === null, problems });
    if (pattern !== null) patterns.push(pattern);
  }
  return { fields: raw.field === null ? null : [raw.field], spec: spec.value, patterns, place: raw.place };
}

type PatternContext = { readonly spec: ItemSpec; readonly isKeyword: boolean; readonly problems: Problems };

function parsePattern(scalar: YamlScalar, context: PatternContext): Pattern | null {
  const { spec, isKeyword, problems } = context;
  if (isKeyword && scalar.value === null) {
    refuseNull(scalar.place, problems);
    return null;
  }
  // A keyword is sought within the values of the event, and as it is written: `42` is the text "42".
  const seen = isKeyword ? { ...scalar, value: scalar.source, plain: false } : scalar;
  const effective = isKeyword && spec.operator === "equals" ? ({ ...spec, operator: "contains" } as const) : spec;
  const lowered = lowerValue(seen, effective);
  if (!lowered.ok) {
    problems.add(scalar.place, lowered.error);
    return null;
  }
  return { test: lowered.value, shown: showPattern(scalar.source, spec), place: scalar.place };
}

function refuseNull(place: Place, problems: Problems): void {
  problems.add(place, {
    code: "sigma_null_in_list",
    message: "null stands in a list of values.",
    remedy: "Write a selection of its own with `field: null` and join it in the condition.",
  });
}

function malformed(context: SelectionContext, place: Place, message: string): null {
  context.problems.add(place, {
    code: "sigma_selection_malformed",
    message,
    remedy: "Write a map of fields, a list of maps, or a list of keywords.",
  });
  return null;
}

function emptySelection(context: SelectionContext): null {
  context.problems.add(context.place, {
    code: "sigma_selection_empty",
    message: `The selection ${quoted(context.name)} holds nothing to look for.`,
    remedy: "Add a field or a keyword, or remove the selection.",
  });
  return null;
}

function emptyList(place: Place, at: { readonly field: string; readonly problems: Problems }): null {
  at.problems.add(place, {
    code: "sigma_selection_empty",
    message: `The field ${quoted(at.field)} has an empty list of values.`,
    remedy: "Add a value; ask for a field without text with ''.",
  });
  return null;
}
