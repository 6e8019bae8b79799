import { exactText } from "./compile-item.ts";
import { numberOf, textOf } from "./compile-test.ts";
import type { Condition } from "./condition.ts";
import { ManyValues, type EventView, type FieldTable, type Scalar } from "./event-view.ts";
import { unreachable } from "./result.ts";
import type { Detection, PatternTest, Selection, SelectionItem } from "./rule-model.ts";
import { foldCase } from "./text-pattern.ts";

/** A value that a field must have; a rule with anchors can match only where one of them is found. */
type Anchor = { readonly field: string; readonly key: string | number };

const anchorsMax = 256;

/**
 * Finds the rules that could match an event by the exact values that they insist on, so that the others are not run.
 * An index never decides: it only leaves out rules that cannot match.
 */
export class CandidateIndex {
  /** Rules without anchors, which are always run. */
  readonly #always: number[] = [];
  readonly #bySlot = new Map<number, Map<string | number, number[]>>();
  readonly #marks: Uint8Array;

  constructor(rules: readonly { readonly at: number; readonly detection: Detection }[], fields: FieldTable) {
    let size = 0;
    for (const { at, detection } of rules) {
      size = Math.max(size, at + 1);
      const anchors = anchorsOf(detection.condition, detection.selections);
      if (anchors === null) this.#always.push(at);
      for (const { field, key } of anchors ?? []) {
        const slot = fields.slotOf(field);
        const keys = this.#bySlot.get(slot) ?? new Map<string | number, number[]>();
        this.#bySlot.set(slot, keys);
        const list = keys.get(key) ?? [];
        keys.set(key, list);
        if (list.at(-1) !== at) list.push(at);
      }
    }
    this.#marks = new Uint8Array(size);
  }

  /** Numbers of the rules to run on the event of the view, each once, in ascending order. */
  candidates(view: EventView): readonly number[] {
    const found: number[] = [];
    for (const [slot, keys] of this.#bySlot) {
      const value = view.value(slot);
      if (value === undefined) continue;
      if (typeof value === "string") this.#collect(keys, view.folded(slot, value), found);
      else if (value instanceof ManyValues) for (const one of value.values) this.#collectScalar(keys, one, found);
      else this.#collectScalar(keys, value, found);
    }
    if (found.length === 0) return this.#always;
    for (const at of found) this.#marks[at] = 0;
    return [...this.#always, ...found].sort((a, b) => a - b);
  }

  #collectScalar(keys: ReadonlyMap<string | number, number[]>, value: Scalar, found: number[]): void {
    const text = typeof value === "string" ? value : textOf(value);
    if (text !== null) this.#collect(keys, foldCase(text), found);
  }

  #collect(keys: ReadonlyMap<string | number, number[]>, folded: string, found: number[]): void {
    this.#mark(keys.get(folded), found);
    const number = numberOf(folded);
    if (number !== null) this.#mark(keys.get(number), found);
  }

  #mark(list: readonly number[] | undefined, found: number[]): void {
    for (const at of list ?? []) {
      if (this.#marks[at] === 1) continue;
      this.#marks[at] = 1;
      found.push(at);
    }
  }
}

function anchorsOf(condition: Condition, selections: ReadonlyMap<string, Selection>): readonly Anchor[] | null {
  switch (condition.kind) {
    case "selection": {
      const selection = selections.get(condition.name);
      return selection === undefined ? null : selectionAnchors(selection);
    }
    case "not":
      return null;
    case "and":
      return fewest(condition.terms.map((term) => anchorsOf(term, selections)));
    case "or":
      return union(condition.terms.map((term) => anchorsOf(term, selections)));
    default:
      return unreachable(condition);
  }
}

function selectionAnchors(selection: Selection): readonly Anchor[] | null {
  return selection.kind === "any"
    ? union(selection.members.map(selectionAnchors))
    : fewest(selection.items.map(itemAnchors));
}

function itemAnchors(item: SelectionItem): readonly Anchor[] | null {
  const { field, spec } = item;
  if (field === null || spec.negated) return null;
  const keys = item.patterns.map(({ test }) => keysOf(test)?.map((key) => ({ field, key })) ?? null);
  return spec.all ? fewest(keys) : union(keys);
}

function keysOf(test: PatternTest): readonly (string | number)[] | null {
  if (test.kind === "number" && test.comparison === "eq") return [test.value];
  if (test.kind === "boolean") return [String(test.value)];
  const exact = exactText(test.kind === "text" ? { ...test, cased: false } : test);
  return exact === null ? null : [exact];
}

function fewest(choices: readonly (readonly Anchor[] | null)[]): readonly Anchor[] | null {
  let best: readonly Anchor[] | null = null;
  for (const choice of choices) if (choice !== null && (best === null || choice.length < best.length)) best = choice;
  return best;
}

function union(parts: readonly (readonly Anchor[] | null)[]): readonly Anchor[] | null {
  const all: Anchor[] = [];
  for (const part of parts) {
    if (part === null) return null;
    all.push(...part);
  }
  return all.length > anchorsMax ? null : all;
}
