import { lowerText } from "./lower-value.ts";
import { expandTemplate, type Placeholders } from "./placeholder.ts";
import type { Problems } from "../problem.ts";
import type { Detection, Pattern, PatternTest, Selection, SelectionItem } from "./rule-model.ts";

type Expansion = { readonly placeholders: Placeholders; readonly problems: Problems };

/** The detection with every placeholder replaced by what it stands for; what it cannot replace goes to `problems`. */
export function expandDetection(detection: Detection, expansion: Expansion): Detection {
  const selections = new Map<string, Selection>();
  for (const [name, selection] of detection.selections) selections.set(name, expandSelection(selection, expansion));
  return { ...detection, selections };
}

function expandSelection(selection: Selection, expansion: Expansion): Selection {
  if (selection.kind === "any") {
    return { kind: "any", members: selection.members.map((member) => expandSelection(member, expansion)) };
  }
  return {
    kind: "items",
    items: selection.items.map((item) => (item.spec.expand ? expandItem(item, expansion) : item)),
  };
}

function expandItem(item: SelectionItem, expansion: Expansion): SelectionItem {
  return { ...item, patterns: item.patterns.map((pattern) => expandPattern(pattern, { item, expansion })) };
}

function expandPattern(
  pattern: Pattern,
  context: { readonly item: SelectionItem; readonly expansion: Expansion },
): Pattern {
  if (pattern.test.kind !== "expand") return pattern;
  const { placeholders, problems } = context.expansion;
  const texts = expandTemplate(pattern.test.parts, placeholders);
  if (!texts.ok) {
    problems.add(pattern.place, texts.error);
    return pattern;
  }
  const { spec, fields } = context.item;
  const effective = fields === null && spec.operator === "equals" ? ({ ...spec, operator: "contains" } as const) : spec;
  const tests: PatternTest[] = [];
  for (const text of texts.value) {
    const lowered = lowerText(text, effective);
    if (lowered.ok) tests.push(lowered.value);
    else problems.add(pattern.place, lowered.error);
  }
  return { ...pattern, test: { kind: "one_of", tests } };
}
