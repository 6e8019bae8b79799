import type { Json } from "../sigma-vectors.ts";

/** A rule of the differential tests, as it is generated: the text that all engines are given is written from it. */
export type Value =
  | { readonly kind: "text"; readonly source: string }
  /** As it is written: `1.10` stays `1.10`. */
  | { readonly kind: "number"; readonly source: string }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "null" };

/** One key with its values; `field` null is a keyword. */
export type Item = {
  readonly field: string | null;
  readonly modifiers: readonly string[];
  readonly values: readonly Value[];
};

/** All items of one of the maps; a bare list of keywords is a map of one keyword item without modifiers. */
export type Selection = {
  readonly name: string;
  readonly maps: readonly (readonly Item[])[];
  /** Written as a list of keywords: `- one`. */
  readonly isKeywordList: boolean;
};

export type Condition =
  | { readonly kind: "selection"; readonly name: string }
  | { readonly kind: "some" | "every"; readonly pattern: string }
  | { readonly kind: "not"; readonly term: Condition }
  | { readonly kind: "and" | "or"; readonly terms: readonly Condition[] };

export type Filter = { readonly id: string; readonly selection: Selection; readonly isNegated: boolean };

export type Rule = {
  readonly id: string;
  readonly selections: readonly Selection[];
  /** Several are met by any of them. */
  readonly conditions: readonly Condition[];
  readonly filters: readonly Filter[];
};

/** What `%name%` stands for. */
export const placeholders: Readonly<Record<string, readonly string[]>> = {
  tools: ["cmd.exe", "*power?hell*"],
  staff: ["till-1"],
};

/** YAML documents, in flow style: the rule and its filters. */
export function textOf(rule: Rule, expanded = false): string {
  const detection = rule.selections.map(
    ({ name, ...selection }) => `${quote(name)}: ${selectionText(selection, expanded)}`,
  );
  const conditions = rule.conditions.map((one) => quote(conditionText(one)));
  detection.push(`condition: ${conditions.length === 1 ? conditions[0] : `[${conditions.join(", ")}]`}`);
  const head = `title: ${quote(rule.id)}\nid: ${rule.id}\nstatus: test\nlogsource: {product: generated}\n`;
  const documents = [`${head}detection: {${detection.join(", ")}}\n`];
  for (const { id, selection, isNegated } of rule.filters) {
    const body = selectionText(selection, expanded);
    const condition = isNegated ? "not selection" : "selection";
    documents.push(
      `title: ${quote(id)}\nid: ${id}\nlogsource: {product: generated}\nfilter: {rules: [${rule.id}], selection: ${body}, condition: ${condition}}\n`,
    );
  }
  return documents.join("---\n");
}

function selectionText(selection: Omit<Selection, "name">, expanded: boolean): string {
  if (selection.isKeywordList) {
    const values = selection.maps.flat().flatMap(({ values: words }) => words.map(valueText));
    return `[${values.join(", ")}]`;
  }
  const maps = selection.maps.map((items) => `{${items.map((item) => itemText(item, expanded)).join(", ")}}`);
  return maps.length === 1 ? (maps[0] ?? "{}") : `[${maps.join(", ")}]`;
}

/** With `expanded`, placeholders are written as the values that they stand for: other engines fill them otherwise. */
function itemText(item: Item, expanded: boolean): string {
  const { field, modifiers, values } = expanded && item.modifiers.includes("expand") ? withoutPlaceholders(item) : item;
  const key = [field ?? "", ...modifiers].join("|");
  const texts = values.map(valueText);
  return `${quote(key)}: ${texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`}`;
}

export function withoutPlaceholders(item: Item): Item {
  const values = item.values.flatMap((value): readonly Value[] => {
    const name = value.kind === "text" ? /^%(\w+)%$/.exec(value.source)?.[1] : undefined;
    return (name === undefined ? [] : (placeholders[name] ?? [])).map((source) => ({ kind: "text", source }));
  });
  return { ...item, modifiers: item.modifiers.filter((name) => name !== "expand"), values };
}

function valueText(value: Value): string {
  switch (value.kind) {
    case "text":
      return quote(value.source);
    case "number":
      return value.source;
    case "boolean":
      return String(value.value);
    case "null":
      return "null";
  }
}

/** JSON text is YAML text, but for what YAML wants escaped. */
function quote(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\u007f-\u009f\u2028\u2029\ufeff]/g,
    (char) => String.raw`\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

export function conditionText(condition: Condition): string {
  switch (condition.kind) {
    case "selection":
      return condition.name;
    case "some":
      return `1 of ${condition.pattern}`;
    case "every":
      return `all of ${condition.pattern}`;
    case "not":
      return `not (${conditionText(condition.term)})`;
    case "and":
    case "or":
      return condition.terms.map((term) => `(${conditionText(term)})`).join(` ${condition.kind} `);
  }
}

export type Event = { readonly [key: string]: Json };
