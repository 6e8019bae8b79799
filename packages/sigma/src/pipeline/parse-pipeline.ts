import { Problems, quoted, type SigmaProblem } from "../problem.ts";
import { readText } from "../read/parse-metadata.ts";
import { readYaml } from "../read/read-yaml.ts";
import { entryOf, type YamlMap, type YamlNode } from "../read/yaml-node.ts";
import { ok, refused, type Result } from "../result.ts";
import { malformed, unsupported } from "./pipeline-text.ts";
import { readChange } from "./read-change.ts";
import { readGate } from "./read-gate.ts";
import type { PipelineStep, SigmaPipeline } from "./pipeline-model.ts";

const pipelineKeys: ReadonlySet<string> = new Set(["name", "priority", "transformations", "description", "author"]);
const stepsMax = 5_000;

/**
 * Reads a file of field pipelines, one or more YAML documents (at most 1 MiB), in the form of pySigma's processing pipelines.
 *
 * Understood are the transformations field_name_mapping, field_name_prefix_mapping, field_name_prefix, field_name_suffix,
 * add_condition, change_logsource, drop_detection_item, rule_failure and detection_item_failure, with conditions on rules (logsource,
 * contains_field, tag, processing_item_applied) and on field names (include_fields, exclude_fields). Everything else is refused
 * with its place: a step passed over would leave rules that look at nothing. Never throws, whatever the text.
 */
export function parsePipelines(text: string, file: string): Result<readonly SigmaPipeline[], readonly SigmaProblem[]> {
  const problems = new Problems(file);
  const documents = readYaml(text, problems);
  const pipelines = documents.flatMap((document) => readPipeline(document, problems) ?? []);
  if (documents.length === 0 && problems.found.length === 0) {
    problems.add(
      { line: 1, column: 1 },
      { code: "sigma_file_empty", message: "The file holds no pipeline.", remedy: "Write one, or remove the file." },
    );
  }
  return problems.found.length > 0 ? refused(problems.found) : ok(pipelines);
}

function readPipeline(node: YamlNode, problems: Problems): SigmaPipeline | null {
  if (node.kind !== "map") return malformed(problems, node.place, "The document is not a map of keys.");
  for (const { key, keyPlace } of node.entries) {
    if (!pipelineKeys.has(key)) unsupported(problems, keyPlace, `${quoted(key)} of a pipeline`);
  }
  const steps: PipelineStep[] = [];
  const entry = entryOf(node, "transformations");
  if (entry?.value.kind !== "list" || entry.value.items.length > stepsMax) {
    return malformed(problems, entry?.keyPlace ?? node.place, "`transformations` is not a list of steps.");
  }
  for (const item of entry.value.items) {
    const step = readStep(item, problems);
    if (step !== null) steps.push(step);
  }
  return {
    file: problems.file,
    line: node.place.line,
    name: readText({ node, problems }, "name", 256),
    priority: readPriority(node, problems),
    steps,
  };
}

function readPriority(node: YamlMap, problems: Problems): number {
  const value = entryOf(node, "priority")?.value;
  if (value === undefined) return 0;
  if (value.kind === "scalar" && typeof value.value === "number" && Number.isSafeInteger(value.value))
    return value.value;
  malformed(problems, value.place, "`priority` is not a whole number.");
  return 0;
}

function readStep(node: YamlNode, problems: Problems): PipelineStep | null {
  if (node.kind !== "map") return malformed(problems, node.place, "A step is not a map of keys.");
  const id = entryOf(node, "id")?.value;
  const idText = id?.kind === "scalar" && id.source !== "" ? id.source : null;
  if (id !== undefined && idText === null) malformed(problems, id.place, "`id` of a step is not text.");
  const before = problems.found.length;
  const rules = readGate(node, { side: "rule", problems });
  const fields = readGate(node, { side: "field_name", problems });
  const change = readChange(node, problems);
  if (change === null || problems.found.length > before) return null;
  if (fields !== null && !["names", "drop_items", "refuse_items"].includes(change.kind)) {
    return malformed(problems, node.place, "The step changes no fields, and has conditions on their names.");
  }
  return { id: idText, place: node.place, rules, fields, change };
}
