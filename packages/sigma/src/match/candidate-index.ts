import type { Anchor } from "./anchor.ts";
import { numberOf, textOf } from "./compile-test.ts";
import { ManyValues, type EventView, type FieldTable, type Scalar } from "./event-view.ts";
import { LiteralIndex, type NeededLiteral } from "./literal-index.ts";
import { foldCase } from "../value/text-pattern.ts";

type FieldIndex = {
  readonly slot: number;
  readonly keys: ReadonlyMap<string | number, readonly number[]>;
  readonly hasNumbers: boolean;
  readonly literals: LiteralIndex | null;
};

/** A rule by its number and what it needs, null where it needs no one thing. */
export type IndexedRule = { readonly at: number; readonly anchors: readonly Anchor[] | null };

/**
 * Finds the rules that could match an event by what they need to find in it, so that the others are not run.
 * An index never decides: it only leaves out rules that cannot match.
 */
export class CandidateIndex {
  /** Rules that need no one thing, which are always run. */
  readonly #always: readonly number[];
  readonly #fields: readonly FieldIndex[];
  /** What keywords need, wherever in the event it stands. */
  readonly #anywhere: LiteralIndex | null;
  readonly #marks: Uint8Array;
  #found: number[] = [];
  readonly #add = (at: number): void => {
    if (this.#marks[at] === 1) return;
    this.#marks[at] = 1;
    this.#found.push(at);
  };

  constructor(rules: readonly IndexedRule[], fields: FieldTable) {
    const always: number[] = [];
    const keys = new Map<number, Map<string | number, number[]>>();
    const literals = new Map<number, NeededLiteral[]>();
    const anywhere: NeededLiteral[] = [];
    for (const { at, anchors } of rules) {
      if (anchors === null) always.push(at);
      for (const anchor of anchors ?? []) {
        if ("literal" in anchor) {
          const { field, literal } = anchor;
          const among = field === null ? anywhere : entryOf(literals, fields.slotOf([field]), () => []);
          among.push({ literal, at });
        } else {
          const slot = fields.slotOf([anchor.field]);
          const byKey = entryOf(keys, slot, () => new Map<string | number, number[]>());
          entryOf(byKey, anchor.key, () => []).push(at);
        }
      }
    }
    this.#always = always;
    this.#anywhere = anywhere.length === 0 ? null : new LiteralIndex(anywhere);
    this.#marks = new Uint8Array((rules.at(-1)?.at ?? 0) + 1);
    this.#fields = [...new Set([...keys.keys(), ...literals.keys()])].map((slot) => {
      const exact = keys.get(slot) ?? new Map<string | number, number[]>();
      const parts = literals.get(slot);
      const hasNumbers = [...exact.keys()].some((key) => typeof key === "number");
      return { slot, keys: exact, hasNumbers, literals: parts === undefined ? null : new LiteralIndex(parts) };
    });
  }

  /** Numbers of the rules to run on the event of the view, each once, in ascending order. */
  candidates(view: EventView): readonly number[] {
    this.#found = [];
    for (const field of this.#fields) {
      const value = view.value(field.slot);
      if (value === undefined) continue;
      if (typeof value === "string") this.#collect(field, view.folded(field.slot, value));
      else if (value instanceof ManyValues) for (const one of value.values) this.#collectScalar(field, one);
      else this.#collectScalar(field, value);
    }
    this.#anywhere?.search(view.foldedLeaves(), this.#add);
    const found = this.#found;
    if (found.length === 0) return this.#always;
    for (const at of found) this.#marks[at] = 0;
    return [...this.#always, ...found].sort((a, b) => a - b);
  }

  #collectScalar(field: FieldIndex, value: Scalar): void {
    const text = typeof value === "string" ? value : textOf(value);
    if (text !== null) this.#collect(field, foldCase(text));
  }

  #collect(field: FieldIndex, folded: string): void {
    for (const at of field.keys.get(folded) ?? []) this.#add(at);
    if (field.hasNumbers) {
      const number = numberOf(folded);
      if (number !== null) for (const at of field.keys.get(number) ?? []) this.#add(at);
    }
    field.literals?.search(folded, this.#add);
  }
}

function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
