import { quoted, type Place, type Problems } from "../problem.ts";
import type { SigmaFilter } from "./filter-model.ts";
import { parseDetection } from "./parse-detection.ts";
import { parseRuleTests } from "./parse-rule-tests.ts";
import { readLogsource, readText, type Metadata } from "./parse-metadata.ts";
import { entryOf, namesIn, type YamlMap } from "./yaml-node.ts";

/** Reads a document that has the key `filter`; null where it is refused, with its problems added. */
export function parseFilter(node: YamlMap, problems: Problems): SigmaFilter | null {
  const before = problems.found.length;
  const metadata: Metadata = { node, problems };
  const entry = entryOf(node, "filter");
  if (entry?.value.kind !== "map") {
    refuse(problems, entry?.keyPlace ?? node.place, "`filter` is not a map.");
    return null;
  }
  for (const key of ["title", "logsource"]) {
    if (entryOf(node, key) === undefined) refuse(problems, node.place, `The filter has no ${quoted(key)}.`);
  }
  for (const key of ["detection", "correlation"]) {
    const other = entryOf(node, key);
    if (other !== undefined) refuse(problems, other.keyPlace, `A filter holds no ${quoted(key)}.`);
  }
  const rules = readRules(entry.value, { place: entry.keyPlace, problems });
  const entries = entry.value.entries.filter(({ key }) => key !== "rules");
  const detection = parseDetection({ ...entry, value: { ...entry.value, entries } }, problems);
  const testsEntry = entryOf(node, "tests");
  const filter = {
    file: problems.file,
    line: node.place.line,
    id: readText(metadata, "id", 256),
    name: readText(metadata, "name", 256),
    title: readText(metadata, "title", 256) ?? "",
    description: readText(metadata, "description", 65_535),
    logsource: readLogsource(metadata),
    rules,
    tests: testsEntry === undefined ? { match: [], noMatch: [] } : parseRuleTests(testsEntry, problems),
  };
  return detection === null || problems.found.length > before ? null : { ...filter, detection };
}

/** `any` is a word of the specification's; a list names rules. Left out it would be a guess, so it is refused. */
function readRules(
  section: YamlMap,
  { place, problems }: { readonly place: Place; readonly problems: Problems },
): SigmaFilter["rules"] {
  const entry = entryOf(section, "rules");
  const names = entry === undefined ? null : namesIn(entry.value);
  if (names === null || names.length === 0) {
    refuse(problems, entry?.keyPlace ?? place, "`rules` is neither `any` nor a list of ids or names of rules.");
    return null;
  }
  return entry?.value.kind === "scalar" && names[0]?.name.toLowerCase() === "any" ? null : names;
}

function refuse(problems: Problems, place: Place, message: string): void {
  problems.add(place, {
    code: "sigma_filter_malformed",
    message,
    remedy: "Write title, logsource and `filter:` with rules, selections and a condition like `not selection`.",
  });
}
