import { Random } from "@tillwatch/sim";
import { compile } from "@tillwatch/sigma";
import { generateEvent } from "./generate-event.ts";
import { generateRule } from "./generate-rule.ts";
import { ours, readRule, type Reading } from "./plain-reading.ts";
import { placeholders, textOf, type Event, type Rule } from "./rule.ts";

/** Rules and events that are all held against each other. */
export type Batch = { readonly rules: readonly Rule[]; readonly events: readonly (Event & { readonly ref: string })[] };

/** Which rules match an event, by the ref of the event. */
export type Verdicts = ReadonlyMap<string, ReadonlySet<string>>;

export type BatchSize = { readonly rules: number; readonly events: number; readonly fits: (rule: Rule) => boolean };

/** Every other event is a near miss of one of the rules. */
export function generateBatch(label: string, { rules: count, events, fits }: BatchSize): Batch {
  const random = new Random(label);
  const rules: Rule[] = [];
  while (rules.length < count) {
    const id = `10000000-0000-4000-8000-${String(rules.length).padStart(12, "0")}`;
    const rule = generateRule(random, id);
    if (fits(rule) && compile([{ file: "rule.yml", text: textOf(rule) }], { placeholders }).ok) rules.push(rule);
  }
  return {
    rules,
    events: Array.from({ length: events }, (_, at) => ({
      ...generateEvent(random, random.pick(rules)),
      ref: `#${at}`,
    })),
  };
}

export function ourVerdicts({ rules, events }: Batch, text: (rule: Rule) => string = textOf): Verdicts {
  const detector = compile([{ file: "rules.yml", text: rules.map((rule) => text(rule)).join("---\n") }], {
    placeholders,
  });
  if (!detector.ok) throw new Error(JSON.stringify(detector.error[0]));
  const { ruleSet } = detector.value;
  return new Map(events.map((event) => [event.ref, new Set(ruleSet.evaluate(event).map(({ ruleId }) => ruleId))]));
}

export type Comparison = {
  pairs: number;
  /** Pairs that both sides match. */
  both: number;
  matches: number;
  readonly byPoint: Map<string, number>;
  /** Disagreements that no name explains, with what is needed to look into them. */
  readonly unnamed: Disagreement[];
};
export type Disagreement = {
  readonly rule: string;
  readonly event: string;
  readonly ours: boolean;
  readonly theirs: boolean;
};

export function emptyComparison(): Comparison {
  return { pairs: 0, both: 0, matches: 0, byPoint: new Map(), unnamed: [] };
}

export type Sides = { readonly ours: Verdicts; readonly theirs: Verdicts; readonly points: readonly string[] };

/** Compares every pair and adds to `into`; a disagreement that the named points do not explain goes to `unnamed`. */
export function compare({ rules, events }: Batch, sides: Sides, into: Comparison): void {
  for (const event of events) {
    for (const rule of rules) {
      const [we, they] = [sides.ours, sides.theirs].map((side) => side.get(event.ref)?.has(rule.id) === true) as [
        boolean,
        boolean,
      ];
      into.pairs += 1;
      if (we && they) into.both += 1;
      if (we) into.matches += 1;
      // The plain reading is ours as well: where it is not, one of the two is wrong.
      const isPlain = readRule(rule, event, ours) === we;
      if (we === they && isPlain) continue;
      const names = isPlain ? explain(rule, event, { theirs: they, points: sides.points }) : null;
      if (names === null)
        into.unnamed.push({ rule: textOf(rule), event: JSON.stringify(event), ours: we, theirs: they });
      else into.byPoint.set(names, (into.byPoint.get(names) ?? 0) + 1);
    }
  }
}

type Other = { readonly theirs: boolean; readonly points: readonly string[] };

/** The fewest points that, read as the other engine reads them, give its answer; null if not even all of them do. */
function explain(rule: Rule, event: Event, { theirs, points }: Other): string | null {
  const readingOf = (names: readonly string[]): Reading => ({ has: (name) => names.includes(name) });
  const gives = (names: readonly string[]) => readRule(rule, event, readingOf(names)) === theirs;
  if (!gives(points)) return null;
  const only = points.find((name) => gives([name]));
  if (only !== undefined) return only;
  let left = points;
  for (const name of points) {
    const fewer = left.filter((one) => one !== name);
    if (gives(fewer)) left = fewer;
  }
  return left.join(" + ");
}

export function printComparison(title: string, { pairs, both, matches, byPoint, unnamed }: Comparison): void {
  const named = [...byPoint.values()].reduce((sum, count) => sum + count, 0);
  console.log(
    `${title}: ${pairs} pairs, ${matches} matches, ${both} on both sides, ${named} disagreements with a name, ${unnamed.length} without`,
  );
  for (const [name, count] of [...byPoint].toSorted(([, a], [, b]) => b - a)) console.log(`  ${count} ${name}`);
}
