import { compile, type CorrelationFinding } from "@tillwatch/sigma";
import { generateChain, textOfChain, type Chain } from "./chain.ts";
import {
  chainPointNames,
  plainly,
  readChain,
  type ChainPoint,
  type ChainReading,
  type Found,
  type Look,
} from "./chain-reading.ts";
import { runRsigma } from "./rsigma.ts";
import { eventText, ruleIdOf } from "./stream.ts";

const roughly = (value: number) => Number(value.toPrecision(12));
const groupText = (group: Found["group"]) =>
  group
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([field, text]) => `${field}=${text}`)
    .join(" ");

const foundText = ({ name, group, atMs, value, made }: Found) =>
  `${name} ${new Date(atMs).toISOString()} ${groupText(group)} ${roughly(value)} of ${made.length}: ${made.toSorted().join(" ")}`;
const lookText = ({ name, nth, group, value }: Look) => `${nth} ${name} ${groupText(group)} ${roughly(value)}`;
/** What is found, without what made it: that is not asked of others. */
const briefly = (found: readonly Found[]) => found.map((one) => foundText({ ...one, made: [] })).sort();

/** What our engine says stands after each of the events. */
export type Standing = (chain: Chain) => readonly (readonly string[])[];

export function ourStanding(chain: Chain): readonly (readonly string[])[] {
  const detector = compile([{ file: "chain.yml", text: textOfChain(chain) }]);
  if (!detector.ok) throw new Error(JSON.stringify(detector.error[0]));
  const { ruleSet, startCorrelating } = detector.value;
  const set = startCorrelating();
  const standing = new Map<string, string>();
  return chain.events.map((told) => {
    const { atMs, ref } = told;
    const event = eventText(chain, told);
    for (const change of set.add({ atMs, ref, event, matches: ruleSet.evaluate(event) })) {
      if (change.kind === "withdrawn") standing.delete(change.id);
      else {
        if (change.kind === "found") for (const id of change.replaces) standing.delete(id);
        standing.set(change.finding.id, foundText(plainOf(change.finding)));
      }
    }
    return [...standing.values()].sort();
  });
}

function plainOf({ ruleId, group, atMs, value, made }: CorrelationFinding): Found {
  const parts = made.map((part) => `${part.ruleId.slice(0, 1)}@${part.atMs}`);
  return { name: ruleId.slice(0, 1), group: Object.entries(group), atMs, value, made: parts };
}

export type StandingDifference = {
  readonly rules: string;
  readonly events: string;
  readonly ours: readonly string[];
  readonly plain: readonly string[];
};

/** What a reading says stands after each of the events: as slow as an engine can be. */
export const readingStanding =
  (reading: ChainReading): Standing =>
  (chain) =>
    chain.events.map((_, at) =>
      readChain(chain, chain.events.slice(0, at + 1), reading)
        .found.map(foundText)
        .sort(),
    );

const plainStanding = readingStanding(plainly);

/** The first event after which an engine says something else than the plain reading of all events up to it; null: there is none. */
export function standingDifference(
  chain: Chain,
  engine: Standing = ourStanding,
): { readonly difference: StandingDifference | null; readonly standing: readonly string[] } {
  const [ours, plain] = [engine(chain), plainStanding(chain)];
  const at = plain.findIndex((ones, nth) => ones.join("\n") !== ours[nth]?.join("\n"));
  const standing = plain.at(-1) ?? [];
  if (at === -1) return { difference: null, standing };
  const [rules, events] = [textOfChain(chain), linesOf(chain, at)];
  return { difference: { rules, events, ours: ours[at] ?? [], plain: plain[at] ?? [] }, standing };
}

const linesOf = (chain: Chain, last: number): string =>
  chain.events
    .slice(0, last + 1)
    .map((event) => `${JSON.stringify(eventText(chain, event))}\n`)
    .join("");

export type JudgedChain = { readonly chain: Chain; readonly looks: readonly string[] };

/** Chains with what rsigma fires on each, one behind the other: each has rules that match its events alone. */
export function judgedChains(tool: string, labels: readonly string[]): readonly JudgedChain[] {
  const chains = labels.map((label, number) => generateChain(label, number, { isRough: false }));
  const events = chains.flatMap((chain) => chain.events.map((event) => ({ chain, body: eventText(chain, event) })));
  const first = new Map<string, number>();
  for (const [nth, { chain }] of events.entries()) if (!first.has(chain.id)) first.set(chain.id, nth);
  const looks = new Map(chains.map(({ id }) => [id, [] as string[]]));
  const bodies = events.map(({ body }) => body);
  for (const { event, rule, group, value } of runRsigma(tool, chains.map(textOfChain).join("---\n"), bodies)) {
    if (group === undefined) continue;
    const id = ruleIdOf(rule, "f");
    const nth = event - (first.get(id) ?? 0);
    looks.get(id)?.push(lookText({ name: rule.slice(0, 1), nth, group, value: value ?? NaN }));
  }
  return chains.map((chain) => ({ chain, looks: (looks.get(chain.id) ?? []).sort() }));
}

export type ChainComparison = {
  chains: number;
  /** Findings of ours and of theirs, and chains on which both found the same, at least one. */
  ours: number;
  theirs: number;
  both: number;
  readonly byPoint: Map<string, number>;
  readonly unnamed: { readonly rules: string; readonly events: string; readonly looks: object }[];
};

export function emptyChainComparison(): ChainComparison {
  return { chains: 0, ours: 0, theirs: 0, both: 0, byPoint: new Map(), unnamed: [] };
}

/**
 * A disagreement is explained only if the plain reading gives our answer as the page has it, and every firing of the other, with its value, with the points
 * read as the other does; the fewest of them that bring about its findings are its name.
 */
export function compareChain(
  { chain, looks }: JudgedChain,
  into: ChainComparison,
  {
    points = chainPointNames,
    standing = ourStanding,
  }: { readonly points?: readonly ChainPoint[]; readonly standing?: Standing } = {},
): void {
  const read = (names: readonly ChainPoint[]) =>
    readChain(chain, chain.events, { has: (name) => names.includes(name) });
  const [mine, other] = [read([]), read(points)];
  into.chains += 1;
  into.ours += mine.found.length;
  into.theirs += other.found.length;
  const [ours, plain] = [standing(chain).at(-1) ?? [], mine.found.map(foundText).sort()];
  const theirs = other.looks.map(lookText).sort();
  if (ours.join("\n") !== plain.join("\n") || theirs.join("\n") !== looks.join("\n")) {
    const events = linesOf(chain, chain.events.length);
    into.unnamed.push({ rules: textOfChain(chain), events, looks: { ours, plain, theirs, rsigma: looks } });
    return;
  }
  const aim = briefly(other.found).join("\n");
  const isExplained = (names: readonly ChainPoint[]) => briefly(read(names).found).join("\n") === aim;
  let name = [...points];
  for (const point of points) {
    const fewer = name.filter((one) => one !== point);
    if (isExplained(fewer)) name = fewer;
  }
  if (name.length > 0) into.byPoint.set(name.join(" + "), (into.byPoint.get(name.join(" + ")) ?? 0) + 1);
  else if (mine.found.length > 0) into.both += 1;
}

export function printChainComparison(
  title: string,
  { chains, ours, theirs, both, byPoint, unnamed }: ChainComparison,
): void {
  const named = [...byPoint.values()].reduce((sum, count) => sum + count, 0);
  console.log(
    `${title}: ${chains} chains, ${ours} findings, ${theirs} of theirs, ${both} chains with the same ones, ${named} disagreements with a name, ${unnamed.length} without`,
  );
  for (const [name, count] of [...byPoint].toSorted(([, a], [, b]) => b - a)) console.log(`  ${count} ${name}`);
}
