import type { SigmaCorrelation } from "./correlation-model.ts";
import type { JsonObject } from "../json.ts";
import type { SigmaFilter } from "./filter-model.ts";
import { parseCorrelation } from "./parse-correlation.ts";
import { parseDetection } from "./parse-detection.ts";
import { parseFilter } from "./parse-filter.ts";
import {
  readLevel,
  readLogsource,
  readRelated,
  readStatus,
  readText,
  readTexts,
  type Metadata,
} from "./parse-metadata.ts";
import { parseRuleTests } from "./parse-rule-tests.ts";
import { Problems, quoted, type SigmaProblem } from "../problem.ts";
import { ok, refused, type Result } from "../result.ts";
import type { SigmaRule } from "./rule-model.ts";
import { readYaml } from "./read-yaml.ts";
import { entryOf, toJson, type YamlMap, type YamlNode } from "./yaml-node.ts";

/** Field naming schemes that rules may be written in: Sigma's own, and the field names of Tillwatch signals. */
const taxonomies: readonly string[] = ["sigma", "tillwatch"];

const definedKeys: readonly string[] = [
  "title",
  "id",
  "name",
  "related",
  "taxonomy",
  "status",
  "description",
  "license",
  "author",
  "references",
  "date",
  "modified",
  "logsource",
  "detection",
  "fields",
  "falsepositives",
  "level",
  "tags",
  "scope",
];

/** What files of Sigma hold, each kind in the order of the documents. */
export type SigmaDocuments = {
  readonly rules: readonly SigmaRule[];
  readonly correlations: readonly SigmaCorrelation[];
  readonly filters: readonly SigmaFilter[];
};

/**
 * Reads a file of Sigma: rules, correlations and filters, one or more YAML documents (at most 1 MiB).
 *
 * Follows Sigma 2.1; the points that it leaves open are decided in docs/formats/sigma-semantics.md. Either every
 * document is understood entirely, or all problems of the file come back: nothing is skipped and nothing is read as
 * "no match". `file` is only a name for the problems. Never throws, whatever the text.
 */
export function parseSigma(text: string, file: string): Result<SigmaDocuments, readonly SigmaProblem[]> {
  return parseDocuments(text, file, { rulesAlone: false });
}

/** The same for a file that may hold rules alone: a correlation or a filter in it is refused by name. */
export function parseRules(text: string, file: string): Result<readonly SigmaRule[], readonly SigmaProblem[]> {
  const parsed = parseDocuments(text, file, { rulesAlone: true });
  return parsed.ok ? ok(parsed.value.rules) : parsed;
}

function parseDocuments(
  text: string,
  file: string,
  { rulesAlone }: { readonly rulesAlone: boolean },
): Result<SigmaDocuments, readonly SigmaProblem[]> {
  const problems = new Problems(file);
  const documents = readYaml(text, problems);
  const rules: SigmaRule[] = [];
  const correlations: SigmaCorrelation[] = [];
  const filters: SigmaFilter[] = [];
  for (const document of documents) {
    const kind = rulesAlone || document.kind !== "map" ? "rule" : kindOf(document);
    if (kind === "correlation" && document.kind === "map") {
      push(correlations, parseCorrelation(document, problems, definedKeys));
    } else if (kind === "filter" && document.kind === "map") push(filters, parseFilter(document, problems));
    else push(rules, parseDocument(document, problems));
  }
  if (documents.length === 0 && problems.found.length === 0) {
    problems.add(
      { line: 1, column: 1 },
      { code: "sigma_file_empty", message: "The file holds no rule.", remedy: "Write a rule, or remove the file." },
    );
  }
  return problems.found.length > 0 ? refused(problems.found) : ok({ rules, correlations, filters });
}

function kindOf(document: YamlMap): "rule" | "correlation" | "filter" {
  if (entryOf(document, "correlation") !== undefined) return "correlation";
  return entryOf(document, "filter") === undefined ? "rule" : "filter";
}

function push<T>(list: T[], one: T | null): void {
  if (one !== null) list.push(one);
}

function parseDocument(node: YamlNode, problems: Problems): SigmaRule | null {
  if (node.kind !== "map") {
    problems.add(node.place, {
      code: "sigma_document_not_a_map",
      message: "The document is not a map of keys.",
      remedy: "Begin the rule with `title:`.",
    });
    return null;
  }
  return isOtherKind(node, problems) ? null : parseRule(node, problems);
}

/** Documents that are no single-event rules. Where others are allowed, they were taken out before. */
function isOtherKind(node: YamlMap, problems: Problems): boolean {
  const action = entryOf(node, "action");
  if (action !== undefined && entryOf(node, "title") === undefined) {
    problems.add(action.keyPlace, {
      code: "sigma_document_action_not_supported",
      message: "`action` documents (global, reset, repeat) are not part of Sigma since version 2.",
      remedy: "Write each rule out as a document of its own.",
    });
    return true;
  }
  for (const kind of ["correlation", "filter"] as const) {
    const entry = entryOf(node, kind);
    if (entry === undefined) continue;
    problems.add(entry.keyPlace, {
      code: `sigma_${kind}_not_supported_yet`,
      message: `This document is a Sigma ${kind}; at this place only single-event rules can be used yet.`,
      remedy: `Move the ${kind} to a file that is not loaded, until ${kind}s are supported here.`,
    });
    return true;
  }
  return false;
}

function parseRule(node: YamlMap, problems: Problems): SigmaRule | null {
  const before = problems.found.length;
  const metadata: Metadata = { node, problems };
  for (const key of ["title", "logsource", "detection"] as const) {
    if (entryOf(node, key) !== undefined) continue;
    problems.add(node.place, {
      code: "sigma_key_missing",
      message: `The rule has no ${quoted(key)}.`,
      remedy: `Add \`${key}:\`.`,
    });
  }
  const detectionEntry = entryOf(node, "detection");
  const detection = detectionEntry === undefined ? null : parseDetection(detectionEntry, problems);
  const testsEntry = entryOf(node, "tests");
  const tests = testsEntry === undefined ? { match: [], noMatch: [] } : parseRuleTests(testsEntry, problems);
  const rule: Omit<SigmaRule, "detection"> = {
    file: problems.file,
    line: node.place.line,
    id: readId(metadata),
    name: readText(metadata, "name", 256),
    title: readText(metadata, "title", 256) ?? "",
    status: readStatus(metadata),
    level: readLevel(metadata),
    description: readText(metadata, "description", 65_535),
    author: readText(metadata, "author", 4_096),
    license: readText(metadata, "license", 256),
    date: readText(metadata, "date", 32),
    modified: readText(metadata, "modified", 32),
    taxonomy: readTaxonomy(metadata),
    tags: readTexts(metadata, "tags"),
    references: readTexts(metadata, "references"),
    falsepositives: readTexts(metadata, "falsepositives"),
    fields: readTexts(metadata, "fields"),
    scope: readTexts(metadata, "scope"),
    related: readRelated(metadata),
    logsource: readLogsource(metadata),
    custom: readCustom(node),
    tests,
  };
  return detection === null || problems.found.length > before ? null : { ...rule, detection };
}

function readId(metadata: Metadata): string | null {
  const id = readText(metadata, "id", 256);
  if (id === null || /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(id)) return id;
  metadata.problems.add(entryOf(metadata.node, "id")?.value.place ?? metadata.node.place, {
    code: "sigma_id_malformed",
    message: `${quoted(id)} is not a UUID.`,
    remedy: "Give the rule a random UUID (version 4) and never change it.",
  });
  return null;
}

function readTaxonomy(metadata: Metadata): string {
  const taxonomy = readText(metadata, "taxonomy", 256) ?? "sigma";
  if (!taxonomies.includes(taxonomy)) {
    metadata.problems.add(entryOf(metadata.node, "taxonomy")?.value.place ?? metadata.node.place, {
      code: "sigma_taxonomy_unknown",
      message: `The field names of the taxonomy ${quoted(taxonomy)} are not known here.`,
      remedy: `Translate the rule to the taxonomy ${taxonomies.join(" or ")}.`,
    });
  }
  return taxonomy;
}

function readCustom(node: YamlMap): JsonObject {
  const entries = node.entries.filter(({ key }) => !definedKeys.includes(key));
  return Object.fromEntries(entries.map(({ key, value }) => [key, toJson(value)]));
}
