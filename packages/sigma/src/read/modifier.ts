import { quoted, type Complaint } from "../problem.ts";
import { ok, refused, type Result } from "../result.ts";
import type { Encoder, ItemSpec, Operator } from "./rule-model.ts";
import type { TimePart } from "../value/time-part.ts";

type Group = "link" | "negation" | "case" | "operator" | "time" | "encoder" | "dash" | "expand" | "flag";

const groups: Readonly<Record<string, Group>> = {
  all: "link",
  neq: "negation",
  cased: "case",
  contains: "operator",
  startswith: "operator",
  endswith: "operator",
  re: "operator",
  cidr: "operator",
  lt: "operator",
  lte: "operator",
  gt: "operator",
  gte: "operator",
  exists: "operator",
  fieldref: "operator",
  minute: "time",
  hour: "time",
  day: "time",
  week: "time",
  month: "time",
  year: "time",
  utf16le: "encoder",
  utf16be: "encoder",
  utf16: "encoder",
  wide: "encoder",
  base64: "encoder",
  base64offset: "encoder",
  windash: "dash",
  expand: "expand",
  i: "flag",
  m: "flag",
  s: "flag",
};

const operators: readonly Operator[] = [
  "contains",
  "startswith",
  "endswith",
  "re",
  "cidr",
  "lt",
  "lte",
  "gt",
  "gte",
  "exists",
  "fieldref",
];
const timeParts: readonly TimePart[] = ["minute", "hour", "day", "week", "month", "year"];
const encoders: readonly Encoder[] = ["utf16le", "utf16be", "utf16", "base64", "base64offset"];

function encoderOf(name: string): Encoder | undefined {
  return name === "wide" ? "utf16le" : encoders.find((encoder) => encoder === name);
}

/** Every modifier of Sigma 2.1. */
export const modifierNames: readonly string[] = Object.keys(groups);

/**
 * Reads the modifiers of one key, in order. `keyword` says that the key names no field.
 *
 * Refuses what is unknown, repeated, contradictory or in an order in which a modifier would have nothing to work on:
 * the specification applies modifiers from left to right.
 */
export function parseModifiers(names: readonly string[], keyword: boolean): Result<ItemSpec, Complaint> {
  for (const [index, name] of names.entries()) {
    if (!Object.hasOwn(groups, name)) return refused(unknownModifier(name));
    if (names.indexOf(name) !== index) {
      return refused({
        code: "sigma_modifier_repeated",
        message: `The modifier ${quoted(name)} stands twice.`,
        remedy: "Remove one of them.",
      });
    }
  }
  const complaint = contradiction(names, keyword) ?? wrongOrder(names);
  if (complaint !== null) return refused(complaint);
  const has = (name: string) => names.includes(name);
  return ok({
    operator: operators.find(has) ?? "equals",
    all: has("all"),
    negated: has("neq"),
    cased: has("cased"),
    windash: has("windash"),
    expand: has("expand"),
    timePart: timeParts.find(has) ?? null,
    encoders: names.flatMap((name) => encoderOf(name) ?? []),
    regex: { insensitive: has("i"), multiline: has("m"), dotall: has("s") },
  });
}

function inGroup(names: readonly string[], group: Group): readonly string[] {
  return names.filter((name) => groups[name] === group);
}

function unknownModifier(name: string): Complaint {
  const near = name.toLowerCase().trim();
  const hint = Object.hasOwn(groups, near) ? `Write ${quoted(near)}.` : `Sigma 2.1 knows: ${modifierNames.join(", ")}.`;
  return { code: "sigma_modifier_unknown", message: `The modifier ${quoted(name)} is not known.`, remedy: hint };
}

const textOperators = ["contains", "startswith", "endswith"];
const comparisons = ["lt", "lte", "gt", "gte"];

function contradiction(names: readonly string[], keyword: boolean): Complaint | null {
  const comparers = inGroup(names, "operator");
  const operator = comparers[0] ?? "equals";
  const times = inGroup(names, "time");
  const encoded = inGroup(names, "encoder");
  const transforms = [...encoded, ...inGroup(names, "dash"), ...inGroup(names, "expand")];
  const isText = (operator === "equals" || textOperators.includes(operator)) && times.length === 0;
  const isComparison = comparisons.includes(operator);
  const clash = combination;

  if (comparers.length > 1) return clash(comparers, "a value can be compared in one way only");
  if (times.length > 1) return clash(times, "a value can be compared with one part of a date only");
  if (times.length > 0 && operator !== "equals" && !isComparison) {
    return clash([...times, operator], "a part of a date is a number");
  }
  if (encoded.filter((name) => !name.startsWith("base64")).length > 1) {
    return clash(encoded, "a text has one UTF-16 encoding");
  }
  if (encoded.filter((name) => name.startsWith("base64")).length > 1) {
    return clash(encoded, "they are two ways of seeking the same base64");
  }
  if (transforms.length > 0 && !isText)
    return clash([...transforms, operator, ...times], "only text can be transformed");
  if (names.includes("base64offset") && operator !== "contains") {
    return combination(["base64offset"], "it finds a part of a longer text", "Write `|base64offset|contains`.");
  }
  const flags = inGroup(names, "flag");
  if (flags.length > 0 && operator !== "re") return clash(flags, "they belong to `re`", "Write `|re|i`, or drop them.");
  if (names.includes("cased")) {
    if (operator === "re") return clash(["cased", "re"], "`re` heeds letter case anyway", "Drop `cased`.");
    if (!isText && operator !== "fieldref") return clash(["cased", operator, ...times], "only text has letter case");
  }
  if (names.includes("all")) {
    if (names.includes("neq")) return clash(["all", "neq"], "`neq` already means: none of the values");
    if (operator === "exists" || isComparison || times.length > 0) {
      return clash(["all", operator, ...times], "no value could fit more than one of them");
    }
  }
  if (names.includes("neq") && (operator === "exists" || isComparison)) {
    return clash(["neq", operator], "the opposite has a form of its own", "Turn the value or the comparison round.");
  }
  if (keyword && (names.includes("neq") || !(isText || operator === "re"))) {
    return clash(names, "a keyword is sought as text in the whole event", "Name the field before the modifier.");
  }
  return null;
}

function wrongOrder(names: readonly string[]): Complaint | null {
  const must = (first: string | undefined, then: string | undefined, why: string): Complaint | null => {
    if (first === undefined || then === undefined || names.indexOf(first) < names.indexOf(then)) return null;
    return {
      code: "sigma_modifier_order",
      message: `${quoted(first)} must stand before ${quoted(then)}: ${why}.`,
      remedy: `Write |${first}|${then}.`,
    };
  };
  const encoded = inGroup(names, "encoder");
  const [operator] = inGroup(names, "operator");
  const base = encoded.find((name) => name.startsWith("base64"));
  const wide = encoded.find((name) => !name.startsWith("base64"));
  const firstEncoder = encoded[0];
  const [time] = inGroup(names, "time");
  const [flag] = inGroup(names, "flag");
  const has = (name: string) => (names.includes(name) ? name : undefined);
  return (
    must(wide, base, "bytes are encoded as base64, not the other way round") ??
    must(encoded.at(-1), operator, "modifiers work from left to right, and the wildcards would be encoded") ??
    must(has("windash"), firstEncoder, "after encoding there are no dashes left") ??
    must(has("expand"), firstEncoder, "after encoding there are no placeholders left") ??
    must(time, operator, "the part is taken first, then compared") ??
    must(operator === "re" ? "re" : undefined, flag, "it is a modifier of `re`")
  );
}

function combination(pair: readonly string[], why: string, remedy?: string): Complaint {
  const list = [...new Set(pair)].filter((name) => name !== "equals").map(quoted);
  return {
    code: "sigma_modifier_combination",
    message:
      list.length === 1
        ? `The modifier ${list[0]} cannot stand like this: ${why}.`
        : `The modifiers ${list.join(" and ")} cannot stand together: ${why}.`,
    remedy: remedy ?? "Remove one of them, or write two selections and join them in the condition.",
  };
}
