import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
  type YAMLMap,
} from "yaml";
import { ok, refused, type Result, type TriageLevel } from "@tillwatch/wire";
import { isEvidenceFact, factsFor, type EvidenceFact } from "./evidence-fact.ts";

/** A version of the words that incidents are sorted by. Old incidents keep the version that they were opened with. */
export type Taxonomy = { readonly version: string; readonly categories: readonly Category[] };

export type Category = {
  readonly code: string;
  readonly title: string;
  readonly level: TriageLevel; // of a person's report; a score brings its own
  readonly group: string;
  readonly evidenceChecklist: readonly ChecklistItem[];
  readonly sop: readonly string[];
  readonly agencyCodes: Readonly<Record<string, string>>; // codes of outside schemes, by scheme
};

/** `satisfiedBy`: any of these facts makes the item present. */
export type ChecklistItem = {
  readonly code: string;
  readonly title: string;
  readonly howToGet: string;
  readonly satisfiedBy: readonly EvidenceFact[];
};

export type TaxonomyRefusal = {
  readonly code:
    "taxonomy_malformed" | "taxonomy_field_malformed" | "taxonomy_field_unknown" | "taxonomy_code_repeated";
  readonly file: string;
  readonly line: number; // 1-based
  readonly message: string;
};

const codePattern = /^[a-z][a-z0-9_]{0,63}$/;
const textMax = 2000;
const fileBytesMax = 1024 * 1024;

/** Reads a taxonomy file (docs in pack/retail/taxonomy.yaml). Answers every problem at once, each with its line. */
export function parseTaxonomy(text: string, file: string): Result<Taxonomy, readonly TaxonomyRefusal[]> {
  if (text.length > fileBytesMax) {
    return refused([{ code: "taxonomy_malformed", file, line: 1, message: "larger than 1 MiB" }]);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const reader = new Reader(file, { lines, document });
  for (const fault of document.errors)
    reader.refuse("taxonomy_malformed", fault.pos[0], fault.message.split("\n")[0] ?? "");
  const root = document.contents;
  if (reader.refusals.length > 0) return refused(reader.refusals);
  if (!isMap(root)) {
    reader.refuse("taxonomy_malformed", 0, "the file must be a mapping with version and categories");
    return refused(reader.refusals);
  }
  // `checklist` is where a file may define items once, to name them by alias; only what a category names counts.
  reader.onlyKnown(root, ["version", "checklist", "categories"]);
  const version = reader.text(root, "version");
  const categories = reader.list(root, "categories").map((node) => readCategory(reader, node));
  if (categories.length === 0) reader.refuse("taxonomy_field_malformed", at(root), "categories must not be empty");
  reader.unique(root, "categories");
  for (const item of reader.list(root, "checklist")) readItem(reader, item);
  return reader.refusals.length > 0 ? refused(reader.refusals) : ok({ version, categories });
}

/** The category of a code, or one with nothing but its code as title where this version does not have it. */
export function categoryOf(taxonomy: Taxonomy, code: string): Category {
  const known = taxonomy.categories.find((category) => category.code === code);
  if (known !== undefined) return known;
  const words = code.replaceAll("_", " ");
  const title = words.charAt(0).toUpperCase() + words.slice(1);
  return { code, title, level: 1, group: "other", evidenceChecklist: [], sop: [], agencyCodes: {} };
}

function readCategory(reader: Reader, node: YAMLMap): Category {
  reader.onlyKnown(node, ["code", "title", "level", "group", "evidence_checklist", "sop", "agency_codes"]);
  const checklist = reader.list(node, "evidence_checklist").map((item) => readItem(reader, item));
  reader.unique(node, "evidence_checklist");
  return {
    code: reader.code(node),
    title: reader.text(node, "title"),
    level: reader.level(node),
    group: reader.text(node, "group"),
    evidenceChecklist: checklist,
    sop: reader.texts(node, "sop"),
    agencyCodes: reader.codes(node, "agency_codes"),
  };
}

function readItem(reader: Reader, node: YAMLMap): ChecklistItem {
  reader.onlyKnown(node, ["code", "title", "how_to_get", "satisfied_by"]);
  const code = reader.code(node);
  const stated = reader.texts(node, "satisfied_by");
  const facts = stated.filter((fact) => isEvidenceFact(fact));
  if (facts.length !== stated.length) {
    reader.refuse("taxonomy_field_malformed", at(node), `satisfied_by of ${code} names an unknown fact`);
  }
  return {
    code,
    title: reader.text(node, "title"),
    howToGet: reader.text(node, "how_to_get"),
    satisfiedBy: facts.length > 0 ? facts : factsFor(code),
  };
}

class Reader {
  readonly refusals: TaxonomyRefusal[] = [];
  readonly #file: string;
  readonly #lines: LineCounter;
  readonly #document: Document.Parsed;

  constructor(file: string, parsed: { readonly lines: LineCounter; readonly document: Document.Parsed }) {
    this.#file = file;
    this.#lines = parsed.lines;
    this.#document = parsed.document;
  }

  refuse(code: TaxonomyRefusal["code"], offset: number, message: string): void {
    this.refusals.push({ code, file: this.#file, line: this.#lines.linePos(offset).line, message });
  }

  onlyKnown(map: YAMLMap, known: readonly string[]): void {
    for (const { key } of map.items) {
      const name = isScalar(key) ? String(key.value) : "?";
      if (!known.includes(name)) this.refuse("taxonomy_field_unknown", at(key), `${name} is not a known field`);
    }
  }

  text(map: YAMLMap, name: string): string {
    const node = map.get(name, true);
    const value = isScalar(node) ? node.value : undefined;
    if (typeof value === "string" && value.trim() !== "" && value.length <= textMax) return value.trim();
    this.refuse("taxonomy_field_malformed", at(node ?? map), `${name} must be text of 1 to ${textMax} characters`);
    return "";
  }

  code(map: YAMLMap): string {
    const code = this.text(map, "code");
    if (code === "" || codePattern.test(code)) return code;
    this.refuse("taxonomy_field_malformed", at(map), "code must be lower_snake_case of at most 64 characters");
    return code;
  }

  level(map: YAMLMap): TriageLevel {
    const node = map.get("level", true);
    const value = isScalar(node) ? node.value : undefined;
    if (value === 1 || value === 2 || value === 3) return value;
    this.refuse("taxonomy_field_malformed", at(node ?? map), "level must be 1, 2 or 3");
    return 1;
  }

  /** A mapping of short texts; absent is empty. */
  codes(map: YAMLMap, name: string): Readonly<Record<string, string>> {
    const node = map.get(name, true) as Node | undefined;
    if (node === undefined) return {};
    const pairs = isMap(node) ? node.items.map(({ key, value }) => [textIn(key), textIn(value)] as const) : [];
    const codes = pairs.flatMap(([key, value]) => (key === null || value === null ? [] : [[key, value] as const]));
    if (isMap(node) && codes.length === pairs.length) return Object.fromEntries(codes);
    this.refuse("taxonomy_field_malformed", at(node), `${name} must map names to codes in quotes`);
    return {};
  }

  /** The mappings of a list; an absent list is empty. */
  list(map: YAMLMap, name: string): readonly YAMLMap[] {
    const nodes = this.#items(map, name);
    for (const node of nodes) {
      if (!isMap(node)) this.refuse("taxonomy_field_malformed", at(node), `${name} must hold mappings`);
    }
    return nodes.filter((node) => isMap(node));
  }

  texts(map: YAMLMap, name: string): readonly string[] {
    return this.#items(map, name).flatMap((node) => {
      if (isScalar(node) && typeof node.value === "string" && node.value.length <= textMax) return [node.value];
      this.refuse("taxonomy_field_malformed", at(node), `${name} must hold text of at most ${textMax} characters`);
      return [];
    });
  }

  unique(map: YAMLMap, name: string): void {
    const seen = new Set<unknown>();
    for (const node of this.#items(map, name).filter((item) => isMap(item))) {
      const code = node.get("code");
      if (seen.has(code)) this.refuse("taxonomy_code_repeated", at(node), `code ${String(code)} stands twice`);
      seen.add(code);
    }
  }

  #items(map: YAMLMap, name: string): readonly Node[] {
    const node = map.get(name, true) as Node | undefined;
    if (node === undefined) return [];
    if (isSeq(node)) return node.items.map((item) => this.#resolved(item as Node));
    this.refuse("taxonomy_field_malformed", at(node), `${name} must be a list`);
    return [];
  }

  // An alias is one step: an item of a list names a node that was written out before.
  #resolved(node: Node): Node {
    return isAlias(node) ? (node.resolve(this.#document) ?? node) : node;
  }
}

function textIn(node: unknown): string | null {
  return isScalar(node) && typeof node.value === "string" && node.value.length <= 64 ? node.value : null;
}

function at(node: unknown): number {
  const range = (node as { readonly range?: readonly [number, number, number] | null } | null)?.range;
  return range?.[0] ?? 0;
}
