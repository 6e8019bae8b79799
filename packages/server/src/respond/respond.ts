import { unreachable, type IncidentState, type TriageLevel } from "@tillwatch/wire";
import type { Playbook, PlaybookIndex } from "./playbooks.ts";

/** Why a playbook applies. Stored with it, shown on the incident page, put into the packet. */
export type AppliesBecause = "its_category_and_level" | "any_category_and_level";

export type Applicable = { readonly playbook: Playbook; readonly because: AppliesBecause };

/** What the decision reads of an incident. */
export type RespondFacts = {
  readonly state: IncidentState;
  readonly category: string;
  readonly level: TriageLevel;
  readonly severity: number;
};

/** Work that somebody does now; a watch item and a finished incident need no playbook. */
const working: ReadonlySet<IncidentState> = new Set(["open", "acknowledged", "investigating"]);

/**
 * The playbooks that apply to an incident, those made for its category first, otherwise in the order of the file. A later
 * change may add some (a higher level, another category); none is taken back, because people may have begun.
 */
export function applicable(facts: RespondFacts, index: PlaybookIndex): readonly Applicable[] {
  if (!working.has(facts.state)) return [];
  const fitting = index.playbooks.filter(
    (playbook) => facts.level >= playbook.levelMin && facts.severity >= playbook.severityMin,
  );
  const own = fitting.filter((playbook) => playbook.category === facts.category);
  const general = fitting.filter((playbook) => playbook.category === "*");
  return [
    ...own.map((playbook) => ({ playbook, because: "its_category_and_level" as const })),
    ...general.map((playbook) => ({ playbook, because: "any_category_and_level" as const })),
  ];
}

/** The sentence of the timeline. */
export function saysApplied({ playbook, because }: Applicable): string {
  return `Playbook "${playbook.title}" applies: ${saysBecause(because)}`;
}

/** The reason in words, as the incident page shows it. */
export function saysBecause(because: AppliesBecause): string {
  switch (because) {
    case "its_category_and_level":
      return "made for this category and level";
    case "any_category_and_level":
      return "made for every incident of this level";
    default:
      return unreachable(because);
  }
}
