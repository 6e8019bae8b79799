import { compileTest, type CompiledTest } from "./compile-test.ts";
import { ManyValues, type EventView, type FieldTable, type FieldValue } from "./event-view.ts";
import type { JsonValue } from "../json.ts";
import type { FieldNames, PatternTest, SelectionItem } from "../read/rule-model.ts";
import { foldCase } from "../value/text-pattern.ts";

/** `field`: under which of its names the value stands; null for a keyword. */
export type Finding = { readonly field: string | null; readonly value: JsonValue; readonly pattern: string };

/** One key of a selection, ready to run; `findings` says afterwards what made it hold. */
export type CompiledItem = {
  readonly holds: (view: EventView) => boolean;
  /** What was found, for an item that holds: one finding, or one a pattern where all patterns had to fit. */
  readonly findings: (view: EventView) => readonly Finding[];
};

export function compileItem(item: SelectionItem, fields: FieldTable): CompiledItem {
  const read = reader(item.fields, fields);
  const first = { field: item.fields?.[0] ?? null };
  const named = (item.fields ?? [null]).map((field) => ({
    field,
    value: reader(field === null ? null : [field], fields).value,
  }));
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
    if (isExists || negated) {
      const { field } = named.find(({ value }) => value(view) !== undefined) ?? first;
      return single.map(({ shown }) => ({ field, value: shownValue(read.value(view)), pattern: shown }));
    }
    const found: Finding[] = [];
    for (const one of single) {
      const finding = findingOf(one, view);
      if (finding === null) continue;
      found.push(finding);
      if (!item.spec.all) break;
    }
    return found;
  };
  const findingOf = ({ shown, test }: (typeof single)[number], view: EventView): Finding | null => {
    if (read.value(view) === undefined)
      return test.onMissing ? { field: first.field, value: null, pattern: shown } : null;
    for (const { field, value } of named) {
      const hit = firstHit(test, value(view), view);
      if (hit !== undefined) return { field, value: hit, pattern: shown };
    }
    return null;
  };
  return { holds, findings };
}

/** A slot of -1 is the whole event: its texts have no folded form kept by field. */
function reader(names: FieldNames | null, fields: FieldTable) {
  if (names === null) return { slot: -1, value: (view: EventView): FieldValue => view.leaves() };
  const slot = fields.slotOf(names);
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
  if (value === undefined) return undefined;
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
