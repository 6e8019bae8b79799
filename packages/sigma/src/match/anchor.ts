import { exactText } from "./compile-item.ts";
import type { Condition } from "../read/condition.ts";
import { unreachable } from "../result.ts";
import type { Detection, PatternTest, Selection, SelectionItem } from "../read/rule-model.ts";
import { literalsOfRegex } from "../value/regex-literals.ts";
import { foldCase } from "../value/text-pattern.ts";

/**
 * Something of which a rule needs at least one in an event: a field that is exactly `key` (text without letter case, or
 * a number), or whose text without letter case holds `literal`; without a field, any text of the event.
 */
export type Anchor =
  | { readonly field: string; readonly key: string | number }
  | { readonly field: string | null; readonly literal: string };

type Need =
  { readonly key: string | number; readonly literal?: never } | { readonly literal: string; readonly key?: never };

const anchorsMax = 10_000;

/** How often an anchor is likely to be found in events, as a number to compare. */
export type CostOf = (anchor: Anchor) => number;

/** What a rule needs, chosen so that `costOf` is least; null where it may match without any one of a few things. */
export function anchorsOf({ condition, selections }: Detection, costOf: CostOf): readonly Anchor[] | null {
  return conditionAnchors(condition, { selections, costOf });
}

/**
 * Guesses costs from the rules themselves: what many rules ask for (`\\cmd.exe`) is common in events as well, and short
 * literals, numbers and booleans are more common than exact text.
 */
export class Costs {
  readonly #counts = new Map<string, number>();

  count({ selections }: Detection): void {
    for (const selection of selections.values()) {
      for (const anchor of everyAnchor(selection)) {
        const name = nameOf(anchor);
        this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
      }
    }
  }

  readonly of: CostOf = (anchor) => baseCostOf(anchor) * (this.#counts.get(nameOf(anchor)) ?? 1);
}

function everyAnchor(selection: Selection): readonly Anchor[] {
  if (selection.kind === "any") return selection.members.flatMap(everyAnchor);
  return selection.items.flatMap((item) => itemAnchors(item, union) ?? []);
}

function nameOf(anchor: Anchor): string {
  const sought =
    "literal" in anchor ? `~${anchor.literal}` : typeof anchor.key === "number" ? `#${anchor.key}` : `=${anchor.key}`;
  return `${anchor.field ?? ""}\0${sought}`;
}

function baseCostOf(anchor: Anchor): number {
  if ("literal" in anchor) {
    const { length } = anchor.literal;
    return length >= 8 ? 1.5 : length >= 5 ? 2 : length >= 3 ? 4 : 16;
  }
  if (typeof anchor.key === "number") return 3;
  return anchor.key === "true" || anchor.key === "false" ? 8 : 1;
}

type Choice = { readonly selections: ReadonlyMap<string, Selection>; readonly costOf: CostOf };
type Choices = readonly (readonly Anchor[] | null)[];

function conditionAnchors(condition: Condition, choice: Choice): readonly Anchor[] | null {
  switch (condition.kind) {
    case "selection": {
      const selection = choice.selections.get(condition.name);
      return selection === undefined ? null : selectionAnchors(selection, choice.costOf);
    }
    case "not":
      return null;
    case "and":
      return best(
        condition.terms.map((term) => conditionAnchors(term, choice)),
        choice.costOf,
      );
    case "or":
      return union(condition.terms.map((term) => conditionAnchors(term, choice)));
    default:
      return unreachable(condition);
  }
}

function selectionAnchors(selection: Selection, costOf: CostOf): readonly Anchor[] | null {
  const cheapest = (choices: Choices) => best(choices, costOf);
  return selection.kind === "any"
    ? union(selection.members.map((member) => selectionAnchors(member, costOf)))
    : cheapest(selection.items.map((item) => itemAnchors(item, cheapest)));
}

/** `chooseOfAll` says which of several values that are all needed to take. */
function itemAnchors(
  item: SelectionItem,
  chooseOfAll: (choices: Choices) => readonly Anchor[] | null,
): readonly Anchor[] | null {
  const { fields, spec } = item;
  if (spec.negated) return null;
  const anchors = item.patterns.map(({ test }) => {
    const needs = needsOf(test);
    return fields === null
      ? keywordAnchors(needs)
      : (needs?.flatMap((need) => fields.map((field) => ({ field, ...need }))) ?? null);
  });
  return spec.all ? chooseOfAll(anchors) : union(anchors);
}

/** A keyword stands in some text of the event; a number among the texts is left to the rule. */
function keywordAnchors(needs: readonly Need[] | null): readonly Anchor[] | null {
  if (needs === null) return null;
  const literals = needs.flatMap(({ key, literal = key }) =>
    typeof literal === "string" && literal !== "" ? [literal] : [],
  );
  return literals.length === needs.length ? literals.map((literal) => ({ field: null, literal })) : null;
}

function needsOf(test: PatternTest): readonly Need[] | null {
  switch (test.kind) {
    case "number":
      return test.comparison === "eq" ? [{ key: test.value }] : null;
    case "boolean":
      return [{ key: String(test.value) }];
    case "one_of": {
      const parts = test.tests.map(needsOf);
      return parts.includes(null) ? null : parts.flatMap((part) => part ?? []);
    }
    case "text":
      return textNeeds(test);
    case "regex":
      return literalsOfRegex(test.pattern, test.flags.insensitive)?.map((literal) => ({ literal })) ?? null;
    case "null":
    case "exists":
    case "cidr":
    case "time":
    case "fieldref":
    case "expand":
      return null;
    default:
      return unreachable(test);
  }
}

function textNeeds(test: Extract<PatternTest, { kind: "text" }>): readonly Need[] | null {
  const exact = exactText({ ...test, cased: false });
  if (exact !== null) return [{ key: exact }];
  let longest = "";
  for (const token of test.tokens) {
    // A dash may stand for another in the event, so only what is between dashes is needed as it is.
    const pieces =
      "literal" in token ? (test.windash ? token.literal.split(/[-/\u2013-\u2015]/) : [token.literal]) : [];
    for (const piece of pieces) if (piece.length > longest.length && piece.isWellFormed()) longest = piece;
  }
  const literal = foldCase(longest);
  return literal === "" ? null : [{ literal }];
}

function best(choices: Choices, costOf: CostOf): readonly Anchor[] | null {
  let chosen: readonly Anchor[] | null = null;
  let least = Infinity;
  for (const choice of choices) {
    if (choice === null) continue;
    const cost = choice.reduce((sum, anchor) => sum + costOf(anchor), 0);
    if (cost < least) chosen = choice;
    least = Math.min(least, cost);
  }
  return chosen;
}

function union(parts: Choices): readonly Anchor[] | null {
  const all: Anchor[] = [];
  for (const part of parts) {
    if (part === null) return null;
    all.push(...part);
  }
  return all.length > anchorsMax ? null : all;
}
