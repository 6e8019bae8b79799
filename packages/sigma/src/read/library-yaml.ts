import {
  Composer,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  Parser,
  type Alias,
  type Document,
  type ParsedNode,
} from "yaml";
import { quoted, type Place, type Problems } from "../problem.ts";
import { depthMax, documentsMax, nodesMax, type YamlEntry, type YamlNode, type YamlScalar } from "./yaml-node.ts";

const syntaxProblemsMax = 20;

/**
 * Reads every document by the library. Problems go to `problems`; a document with a problem is left out. What it answers, and what it
 * refuses, is what YAML is here: `readPlainYaml` answers the same, or nothing.
 */
export function readLibraryYaml(text: string, problems: Problems): readonly YamlNode[] {
  try {
    return composeAll(text, problems);
  } catch (cause) {
    // The composer is recursive: nesting deeper than the stack ends here, and is the author's to correct.
    if (!(cause instanceof RangeError)) throw cause;
    problems.add({ line: 1, column: 1 }, tooLarge("The YAML is nested too deeply."));
    return [];
  }
}

function composeAll(text: string, problems: Problems): readonly YamlNode[] {
  const lines = lineStartsOf(text);
  // Unique keys are checked below: the library's own check takes quadratic time.
  const composer = new Composer({ uniqueKeys: false, prettyErrors: false, logLevel: "silent" });
  const nodes: YamlNode[] = [];
  let count = 0;
  for (const document of composer.compose(new Parser().parse(text), true, text.length)) {
    count += 1;
    if (count > documentsMax) {
      problems.add({ line: 1, column: 1 }, tooLarge(`The file holds more than ${documentsMax} documents.`));
      break;
    }
    const node = readDocument(document, { lines, problems, text });
    if (node !== null) nodes.push(node);
  }
  return nodes;
}

/** Counted here: the parser itself does not tell of every line that ends within a broken flow collection. */
function lineStartsOf(text: string): LineCounter {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) lines.addNewLine(at + 1);
  return lines;
}

type Reading = { readonly lines: LineCounter; readonly problems: Problems; readonly text: string };

function readDocument(document: Document.Parsed, reading: Reading): YamlNode | null {
  // A warning is an unknown tag or directive: something that would not be understood, so it is refused as well.
  const complaints = [...document.errors, ...document.warnings];
  for (const complaint of complaints.slice(0, syntaxProblemsMax)) {
    reading.problems.add(placeAt(reading.lines, complaint.pos[0]), {
      code: "sigma_yaml_syntax",
      message: `The YAML cannot be read: ${complaint.message.slice(0, 200)}`,
      remedy: "Correct the YAML at this place; quote text that holds special characters.",
    });
  }
  if (complaints.length > 0 || document.contents === null) return null;
  if (isScalar(document.contents) && document.contents.value === null) return null;
  return new NodeReader(reading).read(document.contents, 0);
}

type At = { readonly place: Place; readonly depth: number };

class NodeReader {
  readonly #reading: Reading;
  /** Nodes by anchor, as met so far. The library's own lookup walks the whole document for each alias. */
  readonly #anchors = new Map<string, ParsedNode>();
  #nodes = 0;
  #refusedSize = false;

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  read(node: ParsedNode, depth: number): YamlNode | null {
    const place = placeAt(this.#reading.lines, node.range[0]);
    this.#nodes += 1;
    if (depth > depthMax || this.#nodes > nodesMax) {
      // Aliases are followed, so a bomb or a circle of aliases ends here as well.
      if (!this.#refusedSize) this.#reading.problems.add(place, tooLarge("The document is too large or too deep."));
      this.#refusedSize = true;
      return null;
    }
    if (isAlias(node)) return this.#readAlias(node, { place, depth });
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (isMap(node)) return this.#readMap(node.items, { place, depth });
    if (isSeq(node)) {
      const items: YamlNode[] = [];
      for (const item of node.items) {
        const read = this.read(item, depth + 1);
        if (read === null) return null;
        items.push(read);
      }
      return { kind: "list", items, place };
    }
    return this.#readScalar(node, place);
  }

  #readAlias(alias: Alias, at: At): YamlNode | null {
    const target = this.#anchors.get(alias.source);
    if (target !== undefined) return this.read(target, at.depth + 1);
    this.#reading.problems.add(at.place, {
      code: "sigma_yaml_syntax",
      message: `The alias ${quoted(alias.source)} has no anchor before it.`,
      remedy: "Define the anchor first, or write the value out.",
    });
    return null;
  }

  #readMap(pairs: readonly { key: ParsedNode; value: ParsedNode | null }[], at: At): YamlNode | null {
    const entries: YamlEntry[] = [];
    const seen = new Set<string>();
    let sound = true;
    for (const pair of pairs) {
      const keyPlace = placeAt(this.#reading.lines, pair.key.range[0]);
      const key = isScalar(pair.key) ? scalarSource(pair.key) : null;
      const isMerge = key === "<<" && isScalar(pair.key) && pair.key.type === "PLAIN";
      if (key === null || isMerge) {
        sound = false;
        this.#reading.problems.add(keyPlace, {
          code: "sigma_yaml_key_malformed",
          message: isMerge ? "Merge keys (<<) are not part of YAML 1.2." : "A key is not text.",
          remedy: isMerge ? "Write the keys out." : "Write each key as plain or quoted text.",
        });
        continue;
      }
      if (seen.has(key)) {
        sound = false;
        this.#reading.problems.add(keyPlace, {
          code: "sigma_yaml_duplicate_key",
          message: `The key ${quoted(key)} stands twice in one map.`,
          remedy: "Keep one of them; for the same field twice, write two selections and join them with `and`.",
        });
        continue;
      }
      seen.add(key);
      const value = pair.value === null ? nullAt(keyPlace) : this.read(pair.value, at.depth + 1);
      if (value === null) return null;
      entries.push({ key, keyPlace, value });
    }
    return sound ? { kind: "map", entries, place: at.place } : null;
  }

  #readScalar(node: ParsedNode, place: Place): YamlNode | null {
    if (!isScalar(node)) return null;
    const { value } = node;
    const plain = node.type === "PLAIN";
    const source = scalarSource(node) ?? "";
    const offset = node.range[0] + (plain ? 0 : 1);
    const verbatim = this.#reading.text.startsWith(source, offset);
    const textPlace = verbatim ? placeAt(this.#reading.lines, offset) : place;
    if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
      return { kind: "scalar", value, source, plain, place: textPlace, verbatim };
    }
    this.#reading.problems.add(place, {
      code: "sigma_value_malformed",
      message: `The value ${quoted(source)} is of a type that a rule cannot hold.`,
      remedy: "Write text, a number, true, false or null.",
    });
    return null;
  }
}

function scalarSource(node: { value: unknown; source?: string; type?: string }): string | null {
  if (typeof node.value === "string") return node.value;
  if (node.value === null && (node.source ?? "") === "") return null;
  return node.source ?? String(node.value);
}

function nullAt(place: Place): YamlScalar {
  return { kind: "scalar", value: null, source: "", plain: true, place, verbatim: false };
}

function placeAt(lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

function tooLarge(message: string) {
  return {
    code: "sigma_yaml_too_large" as const,
    message,
    remedy: `Keep a document under ${nodesMax} values and ${depthMax} levels, aliases counted where they are used.`,
  };
}
