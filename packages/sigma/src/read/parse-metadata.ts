import { quoted, type Place, type Problems } from "../problem.ts";
import type { SigmaLevel, SigmaLogsource, SigmaStatus } from "./rule-model.ts";
import { entryOf, type YamlMap, type YamlNode } from "./yaml-node.ts";

export type Metadata = { readonly node: YamlMap; readonly problems: Problems };

const levels: readonly SigmaLevel[] = ["informational", "low", "medium", "high", "critical"];
const statuses: readonly SigmaStatus[] = ["stable", "test", "experimental", "deprecated", "unsupported"];

/** The text under a key, null where the key is absent or null. Numbers and booleans are taken as written. */
export function readText(metadata: Metadata, key: string, lengthMax: number): string | null {
  const entry = entryOf(metadata.node, key);
  if (entry === undefined) return null;
  const { value } = entry;
  if (value.kind === "scalar" && value.value === null && key !== "title") return null;
  if (value.kind !== "scalar" || value.source.trim() === "" || value.value === null) {
    return malformed(metadata, value.place, `${quoted(key)} must be text.`);
  }
  if (value.source.length > lengthMax) {
    return malformed(metadata, value.place, `${quoted(key)} is longer than ${lengthMax} characters.`);
  }
  return value.source;
}

/** The list of texts under a key, empty where it is absent or null. */
export function readTexts(metadata: Metadata, key: string): readonly string[] {
  const value = entryOf(metadata.node, key)?.value;
  if (value === undefined || isNull(value)) return [];
  const texts: string[] = [];
  if (value.kind !== "list") {
    malformed(metadata, value.place, `${quoted(key)} must be a list of texts.`);
    return texts;
  }
  for (const item of value.items) {
    if (item.kind === "scalar" && item.value !== null) texts.push(item.source);
    else malformed(metadata, item.place, `${quoted(key)} must be a list of texts.`);
  }
  return texts;
}

export function readLevel(metadata: Metadata): SigmaLevel | null {
  const text = readText(metadata, "level", 256);
  const level = levels.find((known) => known === text) ?? null;
  if (text !== null && level === null) {
    metadata.problems.add(placeOf(metadata, "level"), {
      code: "sigma_level_unknown",
      message: `The level ${quoted(text)} is not known.`,
      remedy: `Write one of: ${levels.join(", ")}.`,
    });
  }
  return level;
}

export function readStatus(metadata: Metadata): SigmaStatus | null {
  const text = readText(metadata, "status", 256);
  const status = statuses.find((known) => known === text) ?? null;
  if (text !== null && status === null) {
    metadata.problems.add(placeOf(metadata, "status"), {
      code: "sigma_status_unknown",
      message: `The status ${quoted(text)} is not known.`,
      remedy: `Write one of: ${statuses.join(", ")}.`,
    });
  }
  return status;
}

export function readRelated(metadata: Metadata): readonly { readonly id: string; readonly type: string }[] {
  const value = entryOf(metadata.node, "related")?.value;
  if (value === undefined || isNull(value)) return [];
  const related: { id: string; type: string }[] = [];
  const items = value.kind === "list" ? value.items : [value];
  for (const item of items) {
    const id = item.kind === "map" ? entryOf(item, "id")?.value : undefined;
    const type = item.kind === "map" ? entryOf(item, "type")?.value : undefined;
    if (id?.kind === "scalar" && type?.kind === "scalar") related.push({ id: id.source, type: type.source });
    else malformed(metadata, item.place, '"related" must be a list of maps with id and type.');
  }
  return related;
}

export function readLogsource(metadata: Metadata): SigmaLogsource {
  const none = { product: null, category: null, service: null, definition: null };
  const entry = entryOf(metadata.node, "logsource");
  if (entry === undefined) return none;
  const refuse = (place: Place, message: string) => {
    metadata.problems.add(place, {
      code: "sigma_logsource_malformed",
      message,
      remedy: "Write `logsource:` with at least one of product, category and service, each as text.",
    });
    return null;
  };
  const { value } = entry;
  if (value.kind !== "map") {
    refuse(value.place, "The log source is not a map.");
    return none;
  }
  const read = (key: string): string | null => {
    const found = entryOf(value, key)?.value;
    if (found === undefined || isNull(found)) return null;
    if (found.kind === "scalar" && found.source.trim() !== "") return found.source;
    return refuse(found.place, `${quoted(key)} of the log source is not text.`);
  };
  const logsource = {
    product: read("product"),
    category: read("category"),
    service: read("service"),
    definition: read("definition"),
  };
  if (logsource.product === null && logsource.category === null && logsource.service === null) {
    refuse(entry.keyPlace, "The log source names neither product nor category nor service.");
  }
  return logsource;
}

function isNull(node: YamlNode): boolean {
  return node.kind === "scalar" && node.value === null;
}

function placeOf(metadata: Metadata, key: string): Place {
  return entryOf(metadata.node, key)?.value.place ?? metadata.node.place;
}

function malformed(metadata: Metadata, place: Place, message: string): null {
  metadata.problems.add(place, {
    code: "sigma_metadata_malformed",
    message,
    remedy: "See the Sigma rules specification for the form of this key.",
  });
  return null;
}
