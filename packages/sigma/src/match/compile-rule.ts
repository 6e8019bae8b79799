import { compileItem, type CompiledItem } from "./compile-item.ts";
import type { Condition } from "../read/condition.ts";
import type { EventView, FieldTable } from "./event-view.ts";
import type { JsonValue } from "../json.ts";
import { unreachable } from "../result.ts";
import type { Detection, Selection } from "../read/rule-model.ts";

/** One thing that made a rule match. `field` null: a keyword, or a condition that holds because of what is absent. */
export type Because = {
  readonly selection: string;
  readonly field: string | null;
  readonly value: JsonValue;
  readonly pattern: string;
};

export type CompiledRule = {
  readonly matches: (view: EventView) => boolean;
  /** Why the rule matches the event of the view, which it must. */
  readonly explain: (view: EventView) => readonly Because[];
};

type Part = {
  readonly holds: (view: EventView) => boolean;
  readonly explain: (view: EventView, out: Because[]) => void;
};

export function compileDetection(detection: Detection, fields: FieldTable): CompiledRule {
  const selections = new Map<string, Part>();
  for (const [name, selection] of detection.selections)
    selections.set(name, compileSelection(selection, { name, fields }));
  const root = compileCondition(detection.condition, selections);
  const absence = conditionText(detection.condition);
  return {
    matches: root.holds,
    explain: (view) => {
      const out: Because[] = [];
      root.explain(view, out);
      if (out.length > 0) return out;
      // A rule that holds by absence alone still says why.
      return [{ selection: absence, field: null, value: null, pattern: "holds by absence" }];
    },
  };
}

function compileCondition(condition: Condition, selections: ReadonlyMap<string, Part>): Part {
  switch (condition.kind) {
    case "selection": {
      const part = selections.get(condition.name);
      if (part === undefined) throw new Error(`the condition was accepted with the selection ${condition.name}`);
      return part;
    }
    case "not": {
      const term = compileCondition(condition.term, selections);
      return { holds: (view) => !term.holds(view), explain: () => undefined };
    }
    case "and":
      return allOf(condition.terms.map((term) => compileCondition(term, selections)));
    case "or":
      return anyOf(condition.terms.map((term) => compileCondition(term, selections)));
    default:
      return unreachable(condition);
  }
}

function compileSelection(selection: Selection, context: { readonly name: string; readonly fields: FieldTable }): Part {
  if (selection.kind === "any") return anyOf(selection.members.map((member) => compileSelection(member, context)));
  return allOf(selection.items.map((item) => itemPart(compileItem(item, context.fields), context.name)));
}

function itemPart(item: CompiledItem, selection: string): Part {
  return {
    holds: item.holds,
    explain: (view, out) => {
      for (const finding of item.findings(view)) out.push({ selection, ...finding });
    },
  };
}

function allOf(parts: readonly Part[]): Part {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  return {
    holds: (view) => {
      for (const part of parts) if (!part.holds(view)) return false;
      return true;
    },
    explain: (view, out) => {
      for (const part of parts) part.explain(view, out);
    },
  };
}

function anyOf(parts: readonly Part[]): Part {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  return {
    holds: (view) => {
      for (const part of parts) if (part.holds(view)) return true;
      return false;
    },
    explain: (view, out) => {
      for (const part of parts) if (part.holds(view)) part.explain(view, out);
    },
  };
}

/** A condition as text, fully parenthesised where it needs to be. */
export function conditionText(condition: Condition): string {
  switch (condition.kind) {
    case "selection":
      return condition.name;
    case "not":
      return `not ${wrapped(condition.term)}`;
    case "and":
    case "or":
      return condition.terms.map(wrapped).join(` ${condition.kind} `);
    default:
      return unreachable(condition);
  }
}

function wrapped(condition: Condition): string {
  const text = conditionText(condition);
  return condition.kind === "and" || condition.kind === "or" ? `(${text})` : text;
}
