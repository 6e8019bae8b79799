import { isInNetwork, parseAddress } from "../value/cidr.ts";
import { ManyValues, type EventView, type FieldTable, type Scalar } from "./event-view.ts";
import type { JsonObject } from "../json.ts";
import { compileRegex } from "../value/regex.ts";
import { unreachable } from "../result.ts";
import type { Comparison, PatternTest } from "../read/rule-model.ts";
import { foldCase, foldDashes, mapLiterals } from "../value/text-pattern.ts";
import { timePartOf } from "../value/time-part.ts";
import { compileWildcard } from "../value/wildcard.ts";

/** A pattern ready to run, split by what the event holds: text, another scalar, or nothing. */
export type CompiledTest = {
  /** `folded` is the text without letter case; only looked at if `usesFolded`. */
  readonly onText: (text: string, folded: string, view: EventView) => boolean;
  readonly onOther: (value: number | boolean | null | JsonObject, view: EventView) => boolean;
  readonly onMissing: boolean;
  readonly usesFolded: boolean;
};

export function compileTest(test: PatternTest, fields: FieldTable): CompiledTest {
  switch (test.kind) {
    case "text":
      return compileText(test);
    case "number": {
      const holds = comparing(test.comparison, test.value);
      return plain({
        onText: (text) => {
          const value = numberOf(text);
          return value !== null && holds(value);
        },
        onOther: (value) => typeof value === "number" && holds(value),
      });
    }
    case "boolean": {
      const text = String(test.value);
      return {
        ...plain({ onText: (_, folded) => folded === text, onOther: (v) => v === test.value }),
        usesFolded: true,
      };
    }
    case "null":
      return { ...plain({ onText: () => false, onOther: (value) => value === null }), onMissing: true };
    case "exists":
      return { ...plain({ onText: () => test.value, onOther: () => test.value }), onMissing: !test.value };
    case "regex":
      return compilePattern(test);
    case "cidr":
      return plain({
        onText: (text) => {
          const address = parseAddress(text);
          return address !== null && isInNetwork(address, test.network);
        },
        onOther: () => false,
      });
    case "time": {
      const holds = comparing(test.comparison, test.value);
      const onAny = (value: unknown) => {
        const part = timePartOf(value, test.part);
        return part !== null && holds(part);
      };
      return plain({ onText: onAny, onOther: onAny });
    }
    case "fieldref":
      return compileFieldref(test, fields);
    case "one_of":
      return compileOneOf(test.tests.map((one) => compileTest(one, fields)));
    case "expand":
      throw new Error("a placeholder must be expanded before its pattern is compiled");
    default:
      return unreachable(test);
  }
}

function plain(test: Pick<CompiledTest, "onText" | "onOther">): CompiledTest {
  return { ...test, onMissing: false, usesFolded: false };
}

/** How a scalar that is no text is compared with text; null where it has no text. */
export function textOf(value: number | boolean | null | JsonObject): string | null {
  return typeof value === "number" || typeof value === "boolean" ? String(value) : null;
}

/** The number that a text writes in decimal, or null. Surrounding blanks, hexadecimal and infinities are no numbers. */
export function numberOf(text: string): number | null {
  if (text.length > 64 || !/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

function comparing(comparison: Comparison, bound: number): (value: number) => boolean {
  switch (comparison) {
    case "eq":
      return (value) => value === bound;
    case "lt":
      return (value) => value < bound;
    case "lte":
      return (value) => value <= bound;
    case "gt":
      return (value) => value > bound;
    case "gte":
      return (value) => value >= bound;
    default:
      return unreachable(comparison);
  }
}

function compileText(test: Extract<PatternTest, { kind: "text" }>): CompiledTest {
  const { cased, windash } = test;
  const matches = compileWildcard(
    mapLiterals(test.tokens, (literal) => {
      const folded = cased ? literal : foldCase(literal);
      return windash ? foldDashes(folded) : folded;
    }),
  );
  const onText: CompiledTest["onText"] = windash
    ? (text, folded) => matches(foldDashes(cased ? text : folded))
    : cased
      ? (text) => matches(text)
      : (_, folded) => matches(folded);
  const onOther: CompiledTest["onOther"] = (value, view) => {
    const text = textOf(value);
    return text !== null && onText(text, foldCase(text), view);
  };
  return { onText, onOther, onMissing: false, usesFolded: !cased };
}

function compilePattern(test: Extract<PatternTest, { kind: "regex" }>): CompiledTest {
  let compiled: ((text: string) => boolean) | undefined;
  // Most expressions of a large set never meet a text that is theirs, so each waits for its first.
  const matches = (text: string) => (compiled ??= compiledPattern(test))(text);
  return plain({
    onText: (text) => matches(text),
    onOther: (value) => {
      const text = textOf(value);
      return text !== null && matches(text);
    },
  });
}

function compiledPattern({ pattern, flags }: Extract<PatternTest, { kind: "regex" }>): (text: string) => boolean {
  const compiled = compileRegex(pattern, flags);
  if (!compiled.ok) throw new Error(`the pattern was accepted when its rule was parsed: ${compiled.error.message}`);
  return compiled.value;
}

function compileFieldref(test: Extract<PatternTest, { kind: "fieldref" }>, fields: FieldTable): CompiledTest {
  const slot = fields.slotOf(test.fields);
  const onAny = (value: Scalar, view: EventView): boolean => {
    const other = view.value(slot);
    if (other === undefined) return false;
    if (other instanceof ManyValues) return other.values.some((one) => sameScalar(value, one, test.cased));
    return sameScalar(value, other, test.cased);
  };
  return plain({ onText: (text, _, view) => onAny(text, view), onOther: onAny });
}

function sameScalar(left: Scalar, right: Scalar, cased: boolean): boolean {
  if (left === right) return true;
  const [a, b] = [typeof left === "string" ? left : textOf(left), typeof right === "string" ? right : textOf(right)];
  if (a === null || b === null) return false;
  return cased ? a === b : foldCase(a) === foldCase(b);
}

function compileOneOf(tests: readonly CompiledTest[]): CompiledTest {
  return {
    onText: (text, folded, view) => tests.some((test) => test.onText(text, folded, view)),
    onOther: (value, view) => tests.some((test) => test.onOther(value, view)),
    onMissing: false,
    usesFolded: tests.some((test) => test.usesFolded),
  };
}
