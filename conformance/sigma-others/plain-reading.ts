import { isObject, type Json } from "../sigma-vectors.ts";
import { cidrHolds } from "./plain-address.ts";
import { datePart, isTimePart } from "./plain-date.ts";
import { decimalText, numberIn, wildcardHolds, regexHolds, valueBytes } from "./plain-text.ts";
import type { Condition, Event, Item, Rule, Selection, Value } from "./rule.ts";
import { placeholders, withoutPlaceholders } from "./rule.ts";

/**
 * A third reading of rules, as slow and plain as it can be: what `docs/formats/sigma-semantics.md` says, with switches for the points in
 * which another engine reads them otherwise. A disagreement counts as explained only if this reading gives our answer with every
 * switch off, and the other's answer with named switches on.
 */
export type Reading = { readonly has: (name: Point) => boolean };

/** Where rsigma reads otherwise: what it does there. Each is a row of the page. */
export const points = {
  null_is_absent: "`exists` takes null for absent",
  null_in_array: "an array that holds null is not null",
  words_for_booleans: "a boolean matches the texts yes, no, 1 and 0",
  boolean_as_boolean: "an unquoted boolean stays a boolean under `contains` and its kin",
  number_as_number:
    "an unquoted number stays a number under `cased`, and loses its last zeros under `contains` and its kin",
  infinity: "the texts inf and 1e400 are numbers",
  nearly_equal: "numbers that differ by less than 2^-52 are equal",
  no_exponents: "a number as text has no exponent",
  letter_case: "letter case: the Greek final sigma, and letters such as ſ and the Kelvin sign beside wildcards",
  lowered_first:
    "a wildcard among several values is held against the lower case of the text, in which İ is two letters",
  line_breaks: "a wildcard stops at a line break",
  wrong_anchor: "a wildcard under `startswith` or `endswith` anchors the other end",
  windash_hyphen: "`windash` exchanges the hyphen of the rule alone",
  windash_literal: "`windash` takes wildcards literally",
  windash_encoded: "`windash` does nothing before an encoding",
  utf16_ignored: "UTF-16 without base64 does nothing",
  base64offset_tail: "`base64offset` keeps the last character that depends on what follows",
  unicode_classes: "\\d, \\w, \\s and \\b of a regular expression are those of Unicode",
  fieldref_arrays: "`fieldref` compares arrays and objects as wholes",
  fieldref_types: "`fieldref` with `cased` compares types as well",
  utc: "parts of dates are those of the instant in UTC",
  date_forms: "other forms of dates are read",
  epoch_forms: "Unix times are milliseconds from 10^12 on",
  mapped_addresses: "an IPv4 address within an IPv6 one stays an IPv6 address",
  zones: "an address with a zone is none",
  keyword_types: "keywords are sought in texts alone, and an unquoted one is no text",
  keyword_whole: "keywords with modifiers are whole values",
  keyword_together: "keywords with `all` must all be in one value",
  two_stars: "a pattern in a condition has one star, and is literal about others",
  hidden_patterns: "a pattern in a condition finds hidden selections as well, and those of filters",
} as const;
/** Where the SQLite backend of pySigma reads otherwise. */
export const sqlitePoints = {
  absent_differs: "`neq` holds where the field is absent",
} as const;

export type Point = keyof typeof points | keyof typeof sqlitePoints;
export const pointNames = Object.keys(points) as readonly Point[];
export const sqlitePointNames = Object.keys(sqlitePoints) as readonly Point[];

export const ours: Reading = { has: () => false };

export function readRule(rule: Rule, event: Event, reading: Reading): boolean {
  const holds = (selection: Selection) => selectionHolds(selection, event, reading);
  const named = new Map(rule.selections.map((selection) => [selection.name, selection]));
  const isMet = (condition: Condition): boolean => {
    switch (condition.kind) {
      case "selection":
        return holds(found(named.get(condition.name)));
      case "not":
        return !isMet(condition.term);
      case "and":
        return condition.terms.every(isMet);
      case "or":
        return condition.terms.some(isMet);
      case "some":
        return chosen(rule, condition.pattern, reading).some(holds);
      case "every":
        return chosen(rule, condition.pattern, reading).every(holds);
    }
  };
  return rule.conditions.some(isMet) && rule.filters.every((one) => holds(one.selection) !== one.isNegated);
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the rule is broken");
  return value;
}

function chosen(rule: Rule, pattern: string, reading: Reading): readonly Selection[] {
  const isHidden = (name: string) => name.startsWith("_");
  const fits = (name: string): boolean => {
    if (pattern === "them") return !isHidden(name);
    if (isHidden(name) && !isHidden(pattern) && !reading.has("hidden_patterns")) return false;
    const [before = "", behind] = reading.has("two_stars") ? partsAtStar(pattern) : [pattern];
    const starred = (part: string) =>
      behind === undefined ? part.replaceAll("*", ".*") : part.replaceAll("*", String.raw`\*`);
    return new RegExp(`^${starred(before)}${behind === undefined ? "" : `.*${starred(behind)}`}$`).test(name);
  };
  // There, a filter adds its selections to the rule's, hidden ones.
  const added = reading.has("hidden_patterns") && pattern === "*" ? rule.filters.map(({ selection }) => selection) : [];
  return [...rule.selections.filter(({ name }) => fits(name)), ...added];
}

/** Around the last star if it ends the pattern, else around the first. */
function partsAtStar(pattern: string): readonly string[] {
  if (pattern === "*" || !pattern.includes("*")) return [pattern];
  const at = pattern.endsWith("*") ? pattern.length - 1 : pattern.indexOf("*");
  return [pattern.slice(0, at), pattern.slice(at + 1)];
}

function selectionHolds({ maps, isKeywordList }: Selection, event: Event, reading: Reading): boolean {
  return maps.some((items) => items.every((item) => itemHolds(item, event, { reading, isKeywordList })));
}

type Context = { readonly reading: Reading; readonly isKeywordList: boolean };

function itemHolds(given: Item, event: Event, { reading, isKeywordList }: Context): boolean {
  const item = given.modifiers.includes("expand") ? withoutPlaceholders(given) : given;
  if (item.field === null) return keywordHolds(item, event, { reading, isKeywordList });
  const has = (name: string) => item.modifiers.includes(name);
  const raws = valuesAt(event, item.field);
  const raw: Json | undefined = raws.length > 1 ? raws : raws[0];
  const [first] = item.values;
  if (has("exists")) {
    const isThere = raw !== undefined && !(raw === null && reading.has("null_is_absent"));
    return isThere === (first?.kind === "boolean" && first.value);
  }
  if (first?.kind === "null" && item.values.length === 1) return nullHolds(raw, has("neq"), reading);
  if (raw === undefined) return has("neq") && reading.has("absent_differs");
  const fits = (value: Value) => {
    if (has("fieldref") && value.kind === "text")
      return fieldrefHolds(raw, { item, other: value.source, event, reading });
    return elementsOf(raw).some((element) => valueHolds(value, element, { item, reading }));
  };
  if (has("neq")) return !(has("all") ? item.values.every(fits) : item.values.some(fits));
  return has("all") ? item.values.every(fits) : item.values.some(fits);
}

function nullHolds(raw: Json | undefined, isNegated: boolean, reading: Reading): boolean {
  const isNull = reading.has("null_in_array") ? raw === null : elementsOf(raw ?? null).includes(null);
  return isNegated ? raw !== undefined && !isNull : raw === undefined || isNull;
}

/** The key itself, or what its path leads to, through arrays. */
export function valuesAt(event: Event, field: string): readonly Json[] {
  if (Object.hasOwn(event, field)) return [event[field] ?? null];
  const keys = field.split(".");
  if (keys.length < 2) return [];
  let current: readonly Json[] = [event];
  for (const key of keys) {
    current = current
      .flatMap(elementsOf)
      .flatMap((one) => (isObject(one) && Object.hasOwn(one, key) ? [one[key] ?? null] : []));
  }
  return current;
}

function elementsOf(value: Json): readonly Json[] {
  return Array.isArray(value) ? value.flatMap(elementsOf) : [value];
}

function leavesOf(value: Json): readonly Json[] {
  if (Array.isArray(value)) return value.flatMap(leavesOf);
  return isObject(value) ? Object.values(value).flatMap(leavesOf) : [value];
}

function keywordHolds(item: Item, event: Event, { reading, isKeywordList }: Context): boolean {
  const has = (name: string) => item.modifiers.includes(name);
  const isRaw = has("re") || has("startswith") || has("endswith");
  const isWhole = !isKeywordList && reading.has("keyword_whole");
  const modifiers = isRaw || isWhole || has("contains") ? item.modifiers : [...item.modifiers, "contains"];
  const leaves = leavesOf(event).filter(
    (leaf) => typeof leaf === "string" || (!reading.has("keyword_types") && leaf !== null),
  );
  const fits = (value: Value, leaf: Json): boolean => {
    if (value.kind !== "text" && reading.has("keyword_types")) return false;
    const text: Value = value.kind === "number" ? { kind: "text", source: value.source } : value;
    return valueHolds(text, leaf, { item: { ...item, modifiers }, reading });
  };
  if (!has("all")) return item.values.some((value) => leaves.some((leaf) => fits(value, leaf)));
  if (reading.has("keyword_together")) return leaves.some((leaf) => item.values.every((value) => fits(value, leaf)));
  return item.values.every((value) => leaves.some((leaf) => fits(value, leaf)));
}

type Where = { readonly item: Item; readonly reading: Reading };

function valueHolds(value: Value, element: Json, { item, reading }: Where): boolean {
  const { modifiers } = item;
  const has = (name: string) => modifiers.includes(name);
  const part = modifiers.find(isTimePart);
  if (part !== undefined && value.kind === "number") return datePart(element, part, reading) === Number(value.source);
  const comparison = (["lt", "lte", "gt", "gte"] as const).find(has);
  if (comparison !== undefined && value.kind === "number")
    return compares(comparison, numberIn(element, reading), Number(value.source));
  if (has("cidr") && value.kind === "text")
    return typeof element === "string" && cidrHolds(value.source, element, reading);
  const isPart = has("contains") || has("startswith") || has("endswith");
  if (value.kind === "boolean" && (!(isPart || has("cased")) || reading.has("boolean_as_boolean")))
    return booleanHolds(value.value, element, reading);
  if (value.kind === "number" && (!(isPart || has("cased")) || (!isPart && reading.has("number_as_number")))) {
    return numberHolds(Number(value.source), element, reading);
  }
  const text = textIn(element, reading);
  if (text === null || value.kind === "null") return false;
  if (has("re") && value.kind === "text") return regexHolds(value.source, text, { modifiers, reading });
  const source =
    value.kind === "number" && reading.has("number_as_number")
      ? decimalText(Number(value.source))
      : value.kind === "boolean"
        ? String(value.value)
        : value.source;
  const bytes = valueBytes(source, { modifiers, reading });
  const isOneOfMany = item.values.length > 1 && !has("all");
  return bytes.some((one) => wildcardHolds(one, text, { modifiers, reading, isOneOfMany }));
}

function textIn(element: Json, reading: Reading): string | null {
  if (typeof element === "string") return element;
  if (typeof element === "number") return reading.has("no_exponents") ? decimalText(element) : String(element);
  return typeof element === "boolean" ? String(element) : null;
}

function compares(comparison: "lt" | "lte" | "gt" | "gte", number: number | null, bound: number): boolean {
  if (number === null) return false;
  if (comparison === "lt") return number < bound;
  if (comparison === "lte") return number <= bound;
  return comparison === "gt" ? number > bound : number >= bound;
}

function numberHolds(wanted: number, element: Json, reading: Reading): boolean {
  const number = numberIn(element, reading);
  if (number === null) return false;
  return reading.has("nearly_equal") ? Math.abs(number - wanted) < Number.EPSILON : number === wanted;
}

function booleanHolds(wanted: boolean, element: Json, reading: Reading): boolean {
  if (typeof element === "boolean") return element === wanted;
  if (typeof element !== "string") return false;
  const words = reading.has("words_for_booleans")
    ? wanted
      ? ["true", "1", "yes"]
      : ["false", "0", "no"]
    : [String(wanted)];
  return words.includes(element.toLowerCase());
}

type Reference = { readonly item: Item; readonly other: string; readonly event: Event; readonly reading: Reading };

function fieldrefHolds(raw: Json, { item, other, event, reading }: Reference): boolean {
  const there = valuesAt(event, other);
  if (there.length === 0) return false;
  const theirs: Json = there.length > 1 ? there : (there[0] ?? null);
  const isCased = item.modifiers.includes("cased");
  const isTyped = isCased && reading.has("fieldref_types");
  const same = (one: Json, two: Json): boolean => {
    if (isTyped) return JSON.stringify(one) === JSON.stringify(two);
    if (one === null || two === null) return one === two;
    const [a, b] = [textIn(one, reading), textIn(two, reading)];
    if (a === null || b === null)
      return one === two || (reading.has("fieldref_arrays") && JSON.stringify(one) === JSON.stringify(two));
    return isCased ? a === b : lowered(a, reading) === lowered(b, reading);
  };
  if (!reading.has("fieldref_arrays"))
    return elementsOf(raw).some((one) => elementsOf(theirs).some((two) => same(one, two)));
  if (Array.isArray(raw) || Array.isArray(theirs)) return JSON.stringify(raw) === JSON.stringify(theirs);
  return same(raw, theirs);
}

function lowered(text: string, reading: Reading): string {
  const lower = text.toLowerCase();
  return reading.has("letter_case") ? lower : lower.replaceAll("ς", "σ");
}

export const placeholderNames = Object.keys(placeholders);
