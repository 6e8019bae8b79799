import type { Network } from "../value/cidr.ts";
import type { Condition } from "./condition.ts";
import type { JsonObject } from "../json.ts";
import type { Place } from "../problem.ts";
import type { RegexFlags } from "../value/regex.ts";
import type { Token } from "../value/text-pattern.ts";
import type { TimePart } from "../value/time-part.ts";

export type SigmaLevel = "informational" | "low" | "medium" | "high" | "critical";
export type SigmaStatus = "stable" | "test" | "experimental" | "deprecated" | "unsupported";

/** Where a rule's events come from. Compared without letter case; `definition` is for readers only. */
export type SigmaLogsource = {
  readonly product: string | null;
  readonly category: string | null;
  readonly service: string | null;
  readonly definition: string | null;
};

/** One event that a rule carries to prove itself, under its own key `tests`. */
export type RuleTestCase = { readonly title: string; readonly event: JsonObject };
export type RuleTestCases = { readonly match: readonly RuleTestCase[]; readonly noMatch: readonly RuleTestCase[] };

/** A rule as its file says it; the detection is already understood, so nothing in it can be silently ignored later. */
export type SigmaRule = {
  readonly file: string;
  /** Line on which the rule's document begins, from 1. */
  readonly line: number;
  readonly id: string | null;
  readonly name: string | null;
  readonly title: string;
  readonly status: SigmaStatus | null;
  readonly level: SigmaLevel | null;
  readonly description: string | null;
  readonly author: string | null;
  readonly license: string | null;
  readonly date: string | null;
  readonly modified: string | null;
  readonly taxonomy: string;
  readonly tags: readonly string[];
  readonly references: readonly string[];
  readonly falsepositives: readonly string[];
  readonly fields: readonly string[];
  readonly scope: readonly string[];
  readonly related: readonly { readonly id: string; readonly type: string }[];
  readonly logsource: SigmaLogsource;
  readonly detection: Detection;
  /** Every top-level key that Sigma does not define, `tillwatch` and `tests` included, as plain values. */
  readonly custom: JsonObject;
  readonly tests: RuleTestCases;
};

export type Detection = { readonly selections: ReadonlyMap<string, Selection>; readonly condition: Condition };

/** A map is all of its items; a list is any of its members. */
export type Selection =
  | { readonly kind: "items"; readonly items: readonly SelectionItem[] }
  | { readonly kind: "any"; readonly members: readonly Selection[] };

/**
 * One key of a selection with its values. `fields` are the names that the field has in events: one as a file says it, several where
 * a pipeline says that it goes by several; the values under all of them are its values. Null: a keyword, sought in every value of the event.
 */
export type SelectionItem = {
  readonly fields: FieldNames | null;
  readonly spec: ItemSpec;
  readonly patterns: readonly Pattern[];
  readonly place: Place;
};

/** Never empty. */
export type FieldNames = readonly [string, ...string[]];

export type Pattern = { readonly test: PatternTest; readonly shown: string; readonly place: Place };

/** A piece of text as a rule writes it, or the name of a placeholder. */
export type TemplatePart = string | { readonly placeholder: string };

export type Comparison = "eq" | "lt" | "lte" | "gt" | "gte";

export type PatternTest =
  | { readonly kind: "text"; readonly tokens: readonly Token[]; readonly cased: boolean; readonly windash: boolean }
  | { readonly kind: "number"; readonly comparison: Comparison; readonly value: number }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "null" }
  | { readonly kind: "exists"; readonly value: boolean }
  | { readonly kind: "regex"; readonly pattern: string; readonly flags: RegexFlags }
  | { readonly kind: "cidr"; readonly network: Network }
  | { readonly kind: "time"; readonly part: TimePart; readonly comparison: Comparison; readonly value: number }
  | { readonly kind: "fieldref"; readonly fields: FieldNames; readonly cased: boolean }
  | { readonly kind: "one_of"; readonly tests: readonly PatternTest[] }
  /** Text with placeholders, which become text when the caller of `compileRules` says what they stand for. */
  | { readonly kind: "expand"; readonly parts: readonly TemplatePart[] };

export type Encoder = "utf16le" | "utf16be" | "utf16" | "base64" | "base64offset";
export type Operator =
  | "equals"
  | "contains"
  | "startswith"
  | "endswith"
  | "re"
  | "cidr"
  | "lt"
  | "lte"
  | "gt"
  | "gte"
  | "exists"
  | "fieldref";

/** The modifiers of one key, understood and free of contradiction. */
export type ItemSpec = {
  readonly operator: Operator;
  readonly all: boolean;
  readonly negated: boolean;
  readonly cased: boolean;
  readonly windash: boolean;
  readonly expand: boolean;
  readonly timePart: TimePart | null;
  /** In the order in which they are applied. */
  readonly encoders: readonly Encoder[];
  readonly regex: RegexFlags;
};
