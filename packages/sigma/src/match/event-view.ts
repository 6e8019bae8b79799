import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from "../json.ts";
import type { FieldNames } from "../read/rule-model.ts";
import { foldCase } from "../value/text-pattern.ts";

export type Scalar = string | number | boolean | null | JsonObject;

/** Several values under one field: an array, or what a path through arrays leads to. No arrays within. */
export class ManyValues {
  readonly values: readonly Scalar[];
  readonly #folded: (string | undefined)[] = [];

  constructor(values: readonly Scalar[]) {
    this.values = values;
  }

  /** `values[index]`, a text, without letter case. */
  foldedAt(index: number, text: string): string {
    return (this.#folded[index] ??= foldCase(text));
  }
}

/** `undefined`: the event has no such field. */
export type FieldValue = Scalar | ManyValues | undefined;

/** The fields that a set of rules asks for, numbered, so that each is looked up once an event. */
export class FieldTable {
  readonly names: string[] = [];
  readonly paths: (readonly string[])[] = [];
  /** For a field that goes by several names the slots of these; undefined for all others. */
  readonly parts: (readonly number[] | undefined)[] = [];
  readonly #slots = new Map<string, number>();
  readonly #slotsOfSeveral = new Map<string, number>();

  /** The slot of what stands under any of the names. */
  slotOf(names: FieldNames): number {
    const [name, ...others] = names;
    const known = others.length === 0 ? this.#slots.get(name) : this.#slotsOfSeveral.get(JSON.stringify(names));
    if (known !== undefined) return known;
    const parts = others.length === 0 ? undefined : names.map((one) => this.slotOf([one]));
    const slot = this.names.length;
    this.names.push(name);
    this.paths.push(name.split("."));
    this.parts.push(parts);
    if (parts === undefined) this.#slots.set(name, slot);
    else this.#slotsOfSeveral.set(JSON.stringify(names), slot);
    return slot;
  }
}

/** One event as rules see it. Reused from event to event: `look` begins the next one. */
export class EventView {
  readonly #fields: FieldTable;
  readonly #values: FieldValue[] = [];
  readonly #folded: (string | undefined)[] = [];
  readonly #valueTurns: number[] = [];
  readonly #foldedTurns: number[] = [];
  #turn = 0;
  #event: JsonObject = {};
  #leaves: ManyValues | undefined;

  constructor(fields: FieldTable) {
    this.#fields = fields;
  }

  look(event: JsonObject): void {
    // Filled from the start: arrays with holes far apart would be kept as slow hash tables.
    while (this.#values.length < this.#fields.names.length) {
      this.#values.push(undefined);
      this.#folded.push(undefined);
      this.#valueTurns.push(0);
      this.#foldedTurns.push(0);
    }
    this.#turn += 1;
    this.#event = event;
    this.#leaves = undefined;
  }

  value(slot: number): FieldValue {
    if (this.#valueTurns[slot] === this.#turn) return this.#values[slot];
    const parts = this.#fields.parts[slot];
    const value =
      parts === undefined
        ? fieldValue(this.#event, this.#fields.names[slot] ?? "", this.#fields.paths[slot] ?? [])
        : together(parts.map((part) => this.value(part)));
    this.#values[slot] = value;
    this.#valueTurns[slot] = this.#turn;
    return value;
  }

  /** The field's text, which the caller passes in, without letter case. */
  folded(slot: number, text: string): string {
    const known = this.#foldedTurns[slot] === this.#turn ? this.#folded[slot] : undefined;
    if (known !== undefined) return known;
    const folded = foldCase(text);
    this.#folded[slot] = folded;
    this.#foldedTurns[slot] = this.#turn;
    return folded;
  }

  /** Every text, number and boolean of the event, however deep: what keywords are sought in. */
  leaves(): ManyValues {
    return (this.#leaves ??= new ManyValues(leavesOf(this.#event)));
  }

  /** All leaves as one text without letter case, apart by what no text is likely to hold: good for a first look, not to decide. */
  foldedLeaves(): string {
    return foldCase(this.leaves().values.map(String).join("\0"));
  }
}

/**
 * The value of a field: first the key itself at the top of the event, then the dotted path. An array on the way or at
 * the end stands for all of its elements.
 */
export function fieldValue(event: JsonObject, name: string, path: readonly string[]): FieldValue {
  if (Object.hasOwn(event, name)) return flattened(event[name]);
  if (path.length < 2) return undefined;
  let current: JsonValue | undefined = event;
  for (const [index, key] of path.entries()) {
    if (isJsonArray(current)) return throughArrays([current], path.slice(index));
    if (!isJsonObject(current) || !Object.hasOwn(current, key)) return undefined;
    current = current[key];
  }
  return flattened(current);
}

/** All values that a field has under its several names; undefined where it is under none of them. */
export function together(values: readonly FieldValue[]): FieldValue {
  const there = values.filter((value) => value !== undefined);
  if (there.length < 2) return there[0];
  return new ManyValues(there.flatMap((value) => (value instanceof ManyValues ? value.values : [value])));
}

function throughArrays(from: readonly JsonValue[], path: readonly string[]): FieldValue {
  let current: readonly JsonValue[] = from;
  for (const key of path) {
    const next: JsonValue[] = [];
    for (const value of elementsOf(current)) {
      const child = isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
      if (child !== undefined) next.push(child);
    }
    current = next;
  }
  if (current.length === 0) return undefined;
  return flattened(current);
}

function flattened(value: JsonValue | undefined): FieldValue {
  if (!isJsonArray(value)) return value;
  const elements = elementsOf(value);
  const [only] = elements;
  return elements.length === 1 && only !== undefined ? only : new ManyValues(elements);
}

/** The elements of nested arrays, in order. Without recursion: events come from outside and may be deep. */
function elementsOf(values: readonly JsonValue[]): readonly Scalar[] {
  const elements: Scalar[] = [];
  const stack: JsonValue[] = values.toReversed();
  while (stack.length > 0) {
    const value = stack.pop();
    if (value === undefined) continue;
    if (isJsonArray(value)) pushReversed(stack, value);
    else elements.push(value);
  }
  return elements;
}

function leavesOf(event: JsonObject): readonly Scalar[] {
  const leaves: Scalar[] = [];
  const stack: JsonValue[] = [event];
  while (stack.length > 0) {
    const value = stack.pop();
    if (value === undefined || value === null) continue;
    if (typeof value !== "object") leaves.push(value);
    else pushReversed(stack, isJsonArray(value) ? value : Object.values(value));
  }
  return leaves;
}

function pushReversed(stack: JsonValue[], values: readonly JsonValue[]): void {
  for (let at = values.length - 1; at >= 0; at -= 1) {
    const value = values[at];
    if (value !== undefined) stack.push(value);
  }
}
