import { fieldValue, ManyValues, together, type FieldValue, type Scalar } from "../match/event-view.ts";
import { numberOf } from "../match/compile-test.ts";
import type { JsonObject } from "../json.ts";
import type { SigmaCorrelation } from "../read/correlation-model.ts";
import type { FieldNames } from "../read/rule-model.ts";
import type { Hit } from "./measure.ts";

/** One place of an event in one group: the group's values, in the order of `groupBy`, and what is counted or summed there. */
export type Placed = { readonly group: readonly string[]; readonly nth: number; readonly value: Hit["value"] };

/** An event with arrays stands in several groups or counts several values: at most so many together, the first ones. */
export const placesMax = 256;

/** A value beyond this is no amount of anything, and would break the sum for all others. */
const amountMax = 1e300;

export type Places = { readonly places: readonly Placed[]; readonly cut: boolean };

/** Where an event that matched a counted rule belongs. */
export type PlaceReader = (event: JsonObject) => Places;

/**
 * Reads where events belong: nowhere where one lacks a field of group-by, or the field that is counted or summed. An array
 * stands for each of its values. `names` are those by which an alias may call the rule.
 */
export function placeReader(correlation: SigmaCorrelation, names: readonly string[]): PlaceReader {
  const reading = (field: string) => fieldReader(aliased(correlation, field, names));
  const groupBy = correlation.groupBy.map(reading);
  const valuesIn = valueReader(correlation, reading);
  return (event) => {
    const parts = groupBy.map((read) => textsOf(read(event)));
    return placed(tuples(parts), valuesIn(event));
  };
}

const nowhere: Places = { places: [], cut: false };

function placed(groups: readonly (readonly string[])[], values: readonly Hit["value"][]): Places {
  const [group] = groups;
  const [first] = values;
  if (group === undefined || first === undefined) return nowhere;
  if (groups.length === 1 && values.length === 1) return { places: [{ group, nth: 0, value: first }], cut: false };
  const places: Placed[] = [];
  for (const one of groups) {
    for (const [nth, value] of values.entries()) {
      if (places.length === placesMax) return { places, cut: true };
      places.push({ group: one, nth, value });
    }
  }
  return { places, cut: false };
}

/** The names that a field of the correlation has in the events of a rule. */
export function aliased({ aliases }: SigmaCorrelation, field: string, names: readonly string[]): FieldNames {
  const byRule = aliases.get(field);
  return names.map((name) => byRule?.get(name)).find((one) => one !== undefined) ?? [field];
}

type FieldReader = (event: JsonObject) => FieldValue;

const uncounted: readonly Hit["value"][] = [null];

function valueReader(
  { type, condition }: SigmaCorrelation,
  reading: (field: string) => FieldReader,
): (event: JsonObject) => readonly Hit["value"][] {
  const readers = condition.fields.map(reading);
  switch (type) {
    case "event_count":
    case "temporal":
    case "temporal_ordered":
      return () => uncounted;
    case "value_count": {
      const [only] = readers;
      if (readers.length === 1 && only !== undefined) return (event) => textsOf(only(event));
      return (event) => tuples(readers.map((read) => textsOf(read(event)))).map((tuple) => JSON.stringify(tuple));
    }
    case "value_sum":
    case "value_avg": {
      const [read] = readers;
      return (event) => scalarsOf(read?.(event)).flatMap((value) => amountOf(value) ?? []);
    }
  }
}

function fieldReader(names: FieldNames): FieldReader {
  const paths = names.map((name) => [name, name.split(".")] as const);
  const [only] = paths;
  if (paths.length === 1 && only !== undefined) return (event) => fieldValue(event, only[0], only[1]);
  return (event) => together(paths.map(([name, path]) => fieldValue(event, name, path)));
}

function scalarsOf(value: FieldValue): readonly Scalar[] {
  if (value === undefined) return [];
  return value instanceof ManyValues ? value.values.slice(0, placesMax + 1) : [value];
}

const noTexts: readonly string[] = [];

/** The distinct values as text; an object and null have none. */
function textsOf(value: FieldValue): readonly string[] {
  if (typeof value === "string") return [value];
  if (value === undefined) return noTexts;
  const texts = scalarsOf(value).flatMap((one) => (one === null || typeof one === "object" ? [] : [String(one)]));
  return texts.length > 1 ? [...new Set(texts)] : texts;
}

function amountOf(value: Scalar): number | null {
  const amount = typeof value === "number" ? value : typeof value === "string" ? numberOf(value) : null;
  return amount !== null && Math.abs(amount) < amountMax ? amount : null;
}

/** All ways to take one of each, at most one more than places are given. */
function tuples(parts: readonly (readonly string[])[]): readonly (readonly string[])[] {
  if (parts.every(({ length }) => length === 1)) return [parts.map(([one]) => one ?? "")];
  let all: (readonly string[])[] = [[]];
  for (const part of parts) {
    all = all.flatMap((head) => part.map((one) => [...head, one])).slice(0, placesMax + 1);
  }
  return all;
}
