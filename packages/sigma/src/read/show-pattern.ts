import type { ItemSpec, Operator } from "./rule-model.ts";

const operatorWords: Readonly<Record<Operator, string>> = {
  equals: "",
  contains: "contains ",
  startswith: "starts with ",
  endswith: "ends with ",
  re: "matches ",
  cidr: "in ",
  lt: "< ",
  lte: "<= ",
  gt: "> ",
  gte: ">= ",
  exists: "exists: ",
  fieldref: "same as field ",
};

/** A pattern as an explanation shows it: the value as written, with its modifiers in words. */
export function showPattern(source: string, spec: ItemSpec): string {
  const value = spec.operator === "re" ? `/${source}/${regexFlags(spec)}` : source === "" ? "''" : source;
  const encoded = spec.encoders.reduce((inner, encoder) => `${encoder}(${inner})`, value);
  const part = spec.timePart === null ? "" : `${spec.timePart} `;
  const not = spec.negated ? "not " : "";
  const marks = [spec.cased ? "cased" : "", spec.windash ? "any dash" : ""].filter((mark) => mark !== "");
  return `${not}${part}${operatorWords[spec.operator]}${encoded}${marks.length > 0 ? ` (${marks.join(", ")})` : ""}`;
}

function regexFlags({ regex }: ItemSpec): string {
  return `${regex.insensitive ? "i" : ""}${regex.multiline ? "m" : ""}${regex.dotall ? "s" : ""}`;
}
