import { compileTest, type CompiledTest } from "./compile-test.ts";
import { ManyValues, type EventView, type FieldTable, type FieldValue } from "./event-view.ts";
import type { JsonValue } from "./json.ts";
import type { PatternTest, SelectionItem } from "./rule-model.ts";
import { foldCase } from "./text-pattern.ts";

export type Finding = { readonly value: JsonValue; readonly pattern: string };

/** One key of a selection, ready to run; `findings` says afterwards what made it hold. */
export type CompiledItem = {
  readonly field: string | null;
  readonly holds: (view: EventView) => boolean;
  /** What was found, for an item that holds: one finding, or one a pattern where all patterns had to fit. */
  readonly findings: (view: EventView) => readonly Finding[];
};

export function compileItem(item: SelectionItem, fields: FieldTable): CompiledItem {
  const read = reader(item.field, fields);
  const single = item.patterns.map((pattern) => ({ shown: pattern.shown, test: compileTest(pattern.test, fields) }));
  const joined = item.spec.all ? single.map(({ test }) => test) : merged(item, fields);
  const fits = item.spec.all ? allFit(joined) : anyFits(joined);
  const { negated } = item.spec;
  const isExists = item.spec.operator === "exists";
  const holds = (view: EventView): boolean => {
    const value = read.value(view);
    if (isExists) return (value !== undefined) !== (single[0]?.test.onMissing ?? false);
    // Only a value that is there can differ from another.
    if (negated) return value !== undefined && !fits(value, { view, slot: read.slot });
    return fits(value, { view, slot: read.slot });
  };
  const findings = (view: EventView): readonly Finding[] => {
    const value = read.value(view);
    if (isExists || negated) return single.map(({ shown }) => ({ value: shownValue(value), pattern: shown }));
    const found = single.flatMap(({ shown, test }) => {
      const hit = firstHit(test, value, view);
      return hit === undefined ? [] : [{ value: hit, pattern: shown }];
    });
    return item.spec.all ? found : found.slice(0, 1);
  };
  return { field: item.field, holds, findings };
}

/** A slot of -1 is the whole event: its texts have no folded form kept by field. */
function reader(field: string | null, fields: FieldTable) {
  if (field === null) return { slot: -1, value: (view: EventView): FieldValue => view.leaves() };
  const slot = fields.slotOf(field);
  return { slot, value: (view: EventView): FieldValue => view.value(slot) };
}

type Where = { readonly view: EventView; readonly slot: number };
type Fits = (value: FieldValue, where: Where) => boolean;

function anyFits(tests: readonly CompiledTest[]): Fits {
  const onMissing = tests.some((test) => test.onMissing);
  const fits = tests.map(fitsOne);
  const [only] = fits;
  if (fits.length === 1 && only !== undefined)
    return (value, where) => (value === undefined ? onMissing : only(value, where));
  return (value, where) => {
    if (value === undefined) return onMissing;
    for (const one of fits) if (one(value, where)) return true;
    return false;
  };
}

function allFit(tests: readonly CompiledTest[]): Fits {
  const fits = tests.map(fitsOne);
  return (value, where) => value !== undefined && fits.every((one) => one(value, where));
}

function fitsOne(test: CompiledTest): (value: Exclude<FieldValue, undefined>, where: Where) => boolean {
  const { onText, onOther, usesFolded } = test;
  return (value, { view, slot }) => {
    if (typeof value === "string") return onText(value, usesFolded ? view.folded(slot, value) : value, view);
    if (!(value instanceof ManyValues)) return onOther(value, view);
    const { values } = value;
    for (let index = 0; index < values.length; index += 1) {
      const one = values[index] ?? null;
      const fit =
        typeof one === "string" ? onText(one, usesFolded ? value.foldedAt(index, one) : one, view) : onOther(one, view);
      if (fit) return true;
    }
    return false;
  };
}

function firstHit(test: CompiledTest, value: FieldValue, view: EventView): JsonValue | undefined {
  if (value === undefined) return test.onMissing ? null : undefined;
  const candidates = value instanceof ManyValues ? value.values : [value];
  return candidates.find((one) =>
    typeof one === "string" ? test.onText(one, foldCase(one), view) : test.onOther(one, view),
  );
}

function shownValue(value: FieldValue): JsonValue {
  if (value === undefined) return null;
  return value instanceof ManyValues ? value.values : value;
}

const setSizeMin = 4;

/** The tests of an item; many plain texts become one look into a set. */
function merged(item: SelectionItem, fields: FieldTable): readonly CompiledTest[] {
  const texts: string[] = [];
  const others: PatternTest[] = [];
  for (const { test } of item.patterns) {
    const text = exactText(test);
    if (text === null) others.push(test);
    else texts.push(text);
  }
  if (texts.length < setSizeMin) return item.patterns.map(({ test }) => compileTest(test, fields));
  const set = new Set(texts);
  const inSet: CompiledTest = {
    onText: (_, folded) => set.has(folded),
    onOther: (value) => (typeof value === "number" || typeof value === "boolean") && set.has(foldCase(String(value))),
    onMissing: false,
    usesFolded: true,
  };
  return [inSet, ...others.map((test) => compileTest(test, fields))];
}

/** The folded text that alone fits a test, or null where others fit as well or letter case counts. */
export function exactText(test: PatternTest): string | null {
  if (test.kind !== "text" || test.cased || test.windash || test.tokens.length > 1) return null;
  const [token] = test.tokens;
  if (token === undefined) return "";
  return "literal" in token ? foldCase(token.literal) : null;
}
