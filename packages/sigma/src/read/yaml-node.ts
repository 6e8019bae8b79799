import type { JsonValue } from "../json.ts";
import { unreachable } from "../result.ts";
import type { Place } from "../problem.ts";

/**
 * YAML with positions, reduced to what a rule can hold: no aliases (followed), no tags, text keys only.
 * `source` of a scalar is what the author wrote, without quotes; `plain` says that it was not quoted.
 */
export type YamlNode = YamlScalar | YamlList | YamlMap;
export type YamlScalar = {
  readonly kind: "scalar";
  readonly value: string | number | boolean | null;
  readonly source: string;
  readonly plain: boolean;
  /** Where the first character of `source` stands, if it stands there in one piece; else where the node begins. */
  readonly place: Place;
  /** False where escapes, folding or quotes shift characters, so that an offset cannot be added to `place`. */
  readonly verbatim: boolean;
};
export type YamlList = { readonly kind: "list"; readonly items: readonly YamlNode[]; readonly place: Place };
export type YamlMap = { readonly kind: "map"; readonly entries: readonly YamlEntry[]; readonly place: Place };
export type YamlEntry = { readonly key: string; readonly keyPlace: Place; readonly value: YamlNode };

export const fileBytesMax = 1024 * 1024;
export const documentsMax = 5_000;
/** Of one document, aliases counted where they are used. */
export const nodesMax = 300_000;
/** A document's first node stands at depth 0. */
export const depthMax = 64;

/** The plain value of a node, for metadata that is kept but not interpreted. */
export function toJson(node: YamlNode): JsonValue {
  switch (node.kind) {
    case "scalar":
      // JSON knows no infinity; such a number is kept as it was written.
      return typeof node.value === "number" && !Number.isFinite(node.value) ? node.source : node.value;
    case "list":
      return node.items.map(toJson);
    case "map":
      // fromEntries defines own properties, so a key `__proto__` stays a key.
      return Object.fromEntries(node.entries.map((entry) => [entry.key, toJson(entry.value)]));
    default:
      return unreachable(node);
  }
}

export function entryOf(map: YamlMap, key: string): YamlEntry | undefined {
  return map.entries.find((entry) => entry.key === key);
}

/** One name, or a list of them, with their places; null for anything else. */
export function namesIn(value: YamlNode): readonly { readonly name: string; readonly place: Place }[] | null {
  const items: readonly YamlNode[] = value.kind === "list" ? value.items : [value];
  const names = items.flatMap((item) =>
    item.kind === "scalar" && item.source.trim() !== "" ? [{ name: item.source, place: item.place }] : [],
  );
  return names.length === items.length ? names : null;
}
