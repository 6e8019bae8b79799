import { isJsonObject } from "../json.ts";
import { quoted, type Place, type Problems } from "../problem.ts";
import type { RuleTestCase, RuleTestCases } from "./rule-model.ts";
import { entryOf, toJson, type YamlEntry, type YamlNode } from "./yaml-node.ts";

const none: RuleTestCases = { match: [], noMatch: [] };

/** Reads a rule's own key `tests`: `match` and `no_match`, each a list of `{ title, event }`. */
export function parseRuleTests(entry: YamlEntry, problems: Problems): RuleTestCases {
  const refuse = (place: Place, message: string) =>
    problems.add(place, {
      code: "sigma_tests_malformed",
      message,
      remedy: "Write `tests: { match: [ { title, event } ], no_match: [ { title, event } ] }`.",
    });
  const map = entry.value;
  if (map.kind !== "map") {
    refuse(entry.keyPlace, "`tests` is not a map.");
    return none;
  }
  for (const { key, keyPlace } of map.entries) {
    if (key !== "match" && key !== "no_match") refuse(keyPlace, `\`tests\` holds the unknown key ${quoted(key)}.`);
  }
  const read = (key: string): readonly RuleTestCase[] => {
    const value = entryOf(map, key)?.value;
    if (value === undefined) return [];
    const items = value.kind === "list" ? value.items : [value];
    return items.flatMap((item) => {
      const found = readCase(item);
      if (found === null) refuse(item.place, "A test is not a map of a text `title` and a map `event`.");
      return found === null ? [] : [found];
    });
  };
  return { match: read("match"), noMatch: read("no_match") };
}

function readCase(node: YamlNode): RuleTestCase | null {
  if (node.kind !== "map" || node.entries.some(({ key }) => key !== "title" && key !== "event")) return null;
  const title = entryOf(node, "title")?.value;
  const event = entryOf(node, "event")?.value;
  if (title?.kind !== "scalar" || title.source.trim() === "" || event === undefined) return null;
  const value = toJson(event);
  return isJsonObject(value) ? { title: title.source, event: value } : null;
}
