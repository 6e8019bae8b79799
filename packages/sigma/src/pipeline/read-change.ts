import { quoted, type Problems } from "../problem.ts";
import { parseSelection } from "../read/parse-detection.ts";
import type { FieldNames } from "../read/rule-model.ts";
import { entryOf, namesIn, type YamlMap } from "../read/yaml-node.ts";
import type { PipelineChange } from "./pipeline-model.ts";
import { malformed, textAt, unsupported } from "./pipeline-text.ts";
import { gateKeys, readLogsourceParts } from "./read-gate.ts";

type Read = (step: YamlMap, problems: Problems) => PipelineChange | null;

const transformations: Readonly<Record<string, { readonly keys: readonly string[]; readonly read: Read }>> = {
  field_name_mapping: { keys: ["mapping"], read: readMapping },
  field_name_prefix_mapping: { keys: ["mapping"], read: readPrefixMapping },
  field_name_prefix: { keys: ["prefix"], read: affix("prefix", (text, field) => text + field) },
  field_name_suffix: { keys: ["suffix"], read: affix("suffix", (text, field) => field + text) },
  add_condition: { keys: ["conditions", "name", "negated"], read: readCondition },
  change_logsource: { keys: ["product", "category", "service"], read: readLogsource },
  drop_detection_item: { keys: [], read: () => ({ kind: "drop_items" }) },
  rule_failure: { keys: ["message"], read: refusal("refuse_rule") },
  detection_item_failure: { keys: ["message"], read: refusal("refuse_items") },
};

/** What a step does; null with a problem where that is not understood whole. */
export function readChange(step: YamlMap, problems: Problems): PipelineChange | null {
  const type = textAt(step, "type", problems);
  if (type === null) return null;
  const transformation = Object.hasOwn(transformations, type) ? transformations[type] : undefined;
  if (transformation === undefined) return unsupported(problems, step.place, `The transformation ${quoted(type)}`);
  const known = ["id", "type", ...gateKeys, ...transformation.keys];
  const others = step.entries.filter(({ key }) => !known.includes(key));
  for (const { key, keyPlace } of others) unsupported(problems, keyPlace, `${quoted(key)} of ${quoted(type)}`);
  return others.length > 0 ? null : transformation.read(step, problems);
}

function readMapping(step: YamlMap, problems: Problems): PipelineChange | null {
  const mapping = readNames(step, problems);
  if (mapping === null) return null;
  const byName = new Map(mapping);
  return { kind: "names", namesOf: (field) => byName.get(field) ?? null };
}

function readPrefixMapping(step: YamlMap, problems: Problems): PipelineChange | null {
  const mapping = readNames(step, problems);
  if (mapping === null) return null;
  // The first prefix that fits is taken, as pySigma takes it; an empty one fits every name.
  const namesOf = (field: string): FieldNames | null => {
    const found = mapping.find(([prefix]) => field.startsWith(prefix));
    if (found === undefined) return null;
    const [prefix, [first, ...others]] = found;
    const rest = field.slice(prefix.length);
    return [first + rest, ...others.map((other) => other + rest)];
  };
  return { kind: "names", namesOf };
}

function readNames(step: YamlMap, problems: Problems): readonly (readonly [string, FieldNames])[] | null {
  const entry = entryOf(step, "mapping");
  if (entry?.value.kind !== "map" || entry.value.entries.length === 0) {
    return malformed(problems, entry?.keyPlace ?? step.place, "`mapping` is not a map from names to names.");
  }
  const pairs: (readonly [string, FieldNames])[] = [];
  for (const { key, keyPlace, value } of entry.value.entries) {
    const [first, ...others] = (namesIn(value) ?? []).map(({ name }) => name);
    if (first === undefined) malformed(problems, keyPlace, `${quoted(key)} is mapped to no name.`);
    else pairs.push([key, [first, ...others]]);
  }
  return pairs.length < entry.value.entries.length ? null : pairs;
}

function affix(key: "prefix" | "suffix", join: (text: string, field: string) => string): Read {
  return (step, problems) => {
    const text = textAt(step, key, problems);
    return text === null ? null : { kind: "names", namesOf: (field) => [join(text, field)] };
  };
}

function readCondition(step: YamlMap, problems: Problems): PipelineChange | null {
  const entry = entryOf(step, "conditions");
  if (entry === undefined) return malformed(problems, step.place, "`conditions` is missing.");
  const named = entryOf(step, "name");
  const name = named === undefined ? "_pipeline" : textAt(step, "name", problems);
  const negated = entryOf(step, "negated")?.value;
  const isNegated = negated === undefined ? false : negated.kind === "scalar" ? negated.value : null;
  if (typeof isNegated !== "boolean") {
    return malformed(problems, negated?.place ?? step.place, "`negated` is neither true nor false.");
  }
  const selection = parseSelection(entry.value, { name: "conditions", place: entry.keyPlace, problems });
  return selection === null || name === null ? null : { kind: "condition", name, selection, negated: isNegated };
}

function readLogsource(step: YamlMap, problems: Problems): PipelineChange | null {
  const logsource = readLogsourceParts(step, problems);
  return logsource === null ? null : { kind: "logsource", logsource };
}

function refusal(kind: "refuse_rule" | "refuse_items"): Read {
  return (step, problems) => {
    const message = textAt(step, "message", problems);
    return message === null ? null : { kind, message };
  };
}
