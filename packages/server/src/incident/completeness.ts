import type { Completeness } from "@tillwatch/wire";
import type { IncidentRow } from "./incident-row.ts";
import { categoryOf, type Taxonomy } from "./taxonomy.ts";

// Rises when the fields below or the way of counting change: two numbers of different versions must not be compared.
const ruleVersion = "completeness-1";

type Field = {
  readonly code: string;
  readonly sameAs?: string;
  readonly title: string;
  readonly howToGet: string;
  readonly has: Has;
};
type Has = (row: IncidentRow) => boolean;

const requiredFields: readonly Field[] = [
  {
    code: "field_zone",
    title: "Where in the shop",
    howToGet: "Choose the zone on the incident page.",
    has: (row) => row.zoneId !== null,
  },
  {
    code: "field_summary",
    sameAs: "summary",
    title: "What happened, in a person's words",
    howToGet: "Write two sentences: what was seen, what was done.",
    has: (row) => row.summary !== null,
  },
  {
    code: "field_value_lost",
    sameAs: "value",
    title: "Value lost",
    howToGet: "Enter the price of what is missing; 0 where nothing is.",
    has: (row) => row.valueLostMinor !== null,
  },
  {
    code: "field_people_involved",
    title: "Number of people involved",
    howToGet: "Count them on the clip; 0 where none was seen.",
    has: (row) => row.peopleInvolved !== null,
  },
];

/**
 * How complete the evidence is (F19): the share of required fields and of the category's checklist that is there. Every item
 * counts the same, and what the checklist asks for is not asked for twice. The category is read in the taxonomy version that the incident keeps.
 */
export function completenessOf(row: IncidentRow, taxonomy: Taxonomy): Completeness {
  const facts = new Set(row.evidence);
  if (row.summary !== null) facts.add("summary");
  if (row.valueLostMinor !== null) facts.add("value");
  const wanted = categoryOf(taxonomy, row.category).evidenceChecklist;
  const fields = requiredFields
    .filter(({ sameAs }) => !wanted.some((item) => item.code === sameAs))
    .map(({ code, title, howToGet, has }) => ({ code, title, howToGet, present: has(row) }));
  const checklist = wanted.map((item) => ({
    code: item.code,
    title: item.title,
    howToGet: item.howToGet,
    present: facts.has(`covers:${item.code}`) || item.satisfiedBy.some((fact) => facts.has(fact)),
  }));
  const items = [...fields, ...checklist];
  const value = items.filter((item) => item.present).length / items.length;
  return { value: Math.round(value * 10_000) / 10_000, ruleVersion: `${ruleVersion}+${taxonomy.version}`, items };
}
