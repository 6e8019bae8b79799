import type { Json } from "../sigma-vectors.ts";
import { isRule, type Chain, type Link } from "./chain.ts";
import { personField, type StreamEvent } from "./stream.ts";

/**
 * A third reading of correlations over correlations, as slow and plain as it can be: what `docs/formats/sigma-semantics.md` says of a list of
 * events, each window counted anew, with switches for the points in which rsigma reads them otherwise.
 */
export type ChainReading = { readonly has: (point: ChainPoint) => boolean };

/** Where rsigma reads chains otherwise. Each is a row of the page; the last one is that of streams. */
export const chainPoints = {
  each_firing: "a correlation is counted at each event at which it holds",
  chained_values: "a correlation that is counted has no values: nothing is counted or summed of it",
  chained_alias: "aliases are not looked up for a correlation that is counted",
  always_said: "`generate` is not asked for by correlations that are counted",
  temporal_default: "`temporal` without a condition is met by any one of the rules",
} as const;
export type ChainPoint = keyof typeof chainPoints;
export const chainPointNames = Object.keys(chainPoints) as readonly ChainPoint[];

/** Something that a correlation counts in one group: an event that matched a rule, or a finding of another correlation. */
type Occurrence = {
  readonly atMs: number;
  /** Of the event that it is, or with which it came about, in the order of time. */
  readonly nth: number;
  /** How many correlations lie between the event and what it is counted by. */
  readonly round: number;
  readonly source: string;
  /** In the order of group-by; null: there is none. */
  readonly group: readonly (string | null)[];
  readonly value: string | number | null;
};

/** What a correlation hands on to those that count it. */
type Passed = Pick<Occurrence, "atMs" | "nth" | "round"> & { readonly fields: Readonly<Record<string, string>> };

/** One finding: its correlation, group, instant and measure, how many are in its window and which. */
export type Found = {
  readonly name: string;
  readonly group: readonly (readonly [string, string])[];
  readonly atMs: number;
  readonly value: number;
  readonly made: readonly string[];
};

/** A look at a group at which the condition holds, as rsigma tells it. */
export type Look = Pick<Found, "name" | "group" | "value"> & { readonly nth: number };

export type Read = { readonly found: readonly Found[]; readonly looks: readonly Look[] };

export const plainly: ChainReading = { has: () => false };

/** What the correlations of the chain that speak find in the events, in whatever order they stand. */
export function readChain({ links, isAliased }: Chain, events: readonly StreamEvent[], reading: ChainReading): Read {
  const known = new Map(events.map((event) => [`${event.ref} ${event.atMs}`, event]));
  const inTime = [...known.values()].toSorted((one, other) => one.atMs - other.atMs);
  const passed = new Map<string, readonly Passed[]>();
  const all: { link: Link; found: readonly Found[]; looks: readonly Look[] }[] = [];
  for (const link of links) {
    // rsigma takes them in the order of the documents.
    const below = links.filter(({ name }) => link.counted.includes(name));
    const chained = below.flatMap(({ name }) =>
      (passed.get(name) ?? []).flatMap((one) => chainedOccurrences(link, { name, passed: one }, reading)),
    );
    const direct = inTime.flatMap((event, nth) => eventOccurrences(link, { event, nth, isAliased }));
    const occurrences = [...direct, ...chained].toSorted(
      (one, other) => one.nth - other.nth || one.round - other.round,
    );
    const found = findings(link, occurrences, reading);
    const looks = looksOf(link, occurrences, reading);
    passed.set(link.name, reading.has("each_firing") ? firings(looks) : found.map((one) => begun(one, occurrences)));
    all.push({ link, found, looks: looks.filter(({ isMet }) => isMet) });
  }
  const speaking = all.filter(({ link }) => reading.has("always_said") || isSpoken(link, links));
  return { found: speaking.flatMap(({ found }) => found), looks: speaking.flatMap(({ looks }) => looks) };
}

/** What nothing counts speaks; what is counted does if one that counts it says so. */
function isSpoken({ name }: Link, links: readonly Link[]): boolean {
  const counting = links.filter(({ counted }) => counted.includes(name));
  return counting.length === 0 || counting.some(({ generate }) => generate);
}

type Event = { readonly event: StreamEvent; readonly nth: number; readonly isAliased: boolean };

/** In every group of its values, with every value that is counted there; under the first rule that it matches, for temporal types under each. */
function eventOccurrences(link: Link, { event, nth, isAliased }: Event): readonly Occurrence[] {
  const kinds = elements(event.body["kind"]);
  const matched = link.counted.filter((one) => isRule(one) && kinds.includes(one));
  const fields = isAliased && event.body["who"] !== undefined
    ? { ...event.body, [personField(event.body["kind"])]: event.body["who"] }
    : event.body; // prettier-ignore
  return (isTemporal(link) ? matched : matched.slice(0, 1)).flatMap((source) => {
    const read = (field: string) => fields[link.aliases[field]?.[source] ?? field];
    const groups = tuples(link.groupBy.map((field) => texts(read(field))));
    const values = valuesOf(link, read);
    return groups.flatMap((group) =>
      values.map((value) => ({ atMs: event.atMs, nth, round: 0, source, group, value })),
    );
  });
}

type Chained = { readonly name: string; readonly passed: Passed };

function chainedOccurrences(link: Link, { name, passed }: Chained, reading: ChainReading): readonly Occurrence[] {
  const alias = (field: string) => (reading.has("chained_alias") ? undefined : link.aliases[field]?.[name]);
  const read = (field: string) => passed.fields[alias(field) ?? field];
  const group = link.groupBy.map((field) => read(field) ?? null);
  const values = reading.has("chained_values") && link.fields.length > 0 ? [nothingOf] : valuesOf(link, read);
  const { atMs, nth, round } = passed;
  return values.map((value) => ({ atMs, nth, round: round + 1, source: name, group, value }));
}

/** Stands where a window is looked at, and adds nothing to it. */
const nothingOf = "\0nothing";

function valuesOf({ type, fields }: Link, read: (field: string) => Json | undefined): readonly Occurrence["value"][] {
  if (type === "value_count") {
    return tuples(fields.map((field) => texts(read(field)))).map((tuple) => JSON.stringify(tuple));
  }
  if (!type.startsWith("value")) return [null];
  return elements(read(fields[0] ?? "")).flatMap((value) => {
    const number = typeof value === "number" ? value : typeof value === "string" ? Number(value) : Number.NaN;
    return Number.isNaN(number) ? [] : [number];
  });
}

const elements = (value: Json | undefined): readonly Json[] =>
  value === undefined ? [] : Array.isArray(value) ? (value as readonly Json[]) : [value];

const texts = (value: Json | undefined): readonly string[] => [
  ...new Set(elements(value).flatMap((one) => (one === null || typeof one === "object" ? [] : [String(one)]))),
];

function tuples(parts: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const [first, ...others] = parts;
  return first === undefined ? [[]] : first.flatMap((one) => tuples(others).map((tail) => [one, ...tail]));
}

const isTemporal = ({ type }: Link): boolean => type.startsWith("temporal");

/** A finding begins at an instant at which the condition holds and did not at the counted instant before, or that is more than a timespan ago. */
function findings(link: Link, occurrences: readonly Occurrence[], reading: ChainReading): readonly Found[] {
  return grouped(occurrences).flatMap((group) => {
    const instants = [...new Set(group.map(({ atMs }) => atMs))].toSorted((one, other) => one - other);
    const windowAt = (atMs: number) => group.filter((one) => one.atMs >= atMs - link.spanMs && one.atMs <= atMs);
    const holdsAt = (atMs: number) => holds(link, measure(link, windowAt(atMs)), reading);
    return instants.flatMap((atMs, at) => {
      const beforeMs = instants[at - 1];
      const goesOn = beforeMs !== undefined && atMs - beforeMs <= link.spanMs && holdsAt(beforeMs);
      if (goesOn || !holdsAt(atMs)) return [];
      const made = windowAt(atMs).map((one) => `${one.source}@${one.atMs}`);
      return [{ name: link.name, group: pairs(link, group), atMs, value: measure(link, windowAt(atMs)), made }];
    });
  });
}

/** The group looked at behind each occurrence, as one that knows no instants does. */
function looksOf(link: Link, occurrences: readonly Occurrence[], reading: ChainReading) {
  return grouped(occurrences).flatMap((group) =>
    group.map(({ atMs, nth, round }, at) => {
      const window = group.slice(0, at + 1).filter((one) => one.atMs >= atMs - link.spanMs);
      const value = measure(link, window);
      const isMet = holds(link, value, reading);
      return { name: link.name, group: pairs(link, group), value, nth, round, atMs, isMet };
    }),
  );
}

/** Once for all looks of an event that lie equally far from it. */
function firings(looks: ReturnType<typeof looksOf>): readonly Passed[] {
  const fired = new Map<string, Passed>();
  for (const { atMs, nth, round, group, isMet } of looks) {
    const key = JSON.stringify([nth, round]);
    if (isMet && !fired.has(key)) fired.set(key, { atMs, nth, round, fields: Object.fromEntries(group) });
  }
  return [...fired.values()];
}

function begun({ atMs, group }: Found, occurrences: readonly Occurrence[]): Passed {
  const last = occurrences.findLast((one) => one.atMs === atMs);
  return { atMs, nth: last?.nth ?? 0, round: last?.round ?? 0, fields: Object.fromEntries(group) };
}

function grouped(occurrences: readonly Occurrence[]): readonly (readonly Occurrence[])[] {
  return [...Map.groupBy(occurrences, ({ group }) => JSON.stringify(group)).values()];
}

function pairs({ groupBy }: Link, [first]: readonly Occurrence[]): Found["group"] {
  return groupBy.flatMap((field, at) => {
    const text = first?.group[at] ?? null;
    return text === null ? [] : [[field, text] as const];
  });
}

function measure(link: Link, window: readonly Occurrence[]): number {
  const counted = window.filter(({ value }) => value !== nothingOf);
  const sum = () => counted.reduce((all, { value }) => all + Number(value), 0);
  const seen = new Set(window.map(({ source }) => source)).size;
  switch (link.type) {
    case "event_count":
      return window.length;
    case "value_count":
      return new Set(counted.map(({ value }) => value)).size;
    case "value_sum":
      return sum();
    case "value_avg":
      return counted.length === 0 ? 0 : sum() / counted.length;
    case "temporal":
      return seen;
    case "temporal_ordered":
      return isInOrder(window, link.counted) ? link.counted.length : 0;
    default:
      throw new Error(link.type);
  }
}

/** Whether one can be chosen of each so that none lies before the one chosen ahead of it. */
function isInOrder(
  window: readonly Occurrence[],
  names: readonly string[],
  fromMs = Number.NEGATIVE_INFINITY,
): boolean {
  const [name, ...others] = names;
  if (name === undefined) return true;
  return window.some((one) => one.source === name && one.atMs >= fromMs && isInOrder(window, others, one.atMs));
}

function holds(link: Link, value: number, reading: ChainReading): boolean {
  const isAny = link.type === "temporal" && reading.has("temporal_default");
  const bounds = link.condition.length > 0 ? link.condition : [["gte", isAny ? 1 : link.counted.length] as const];
  return bounds.every(([operator, bound]) => {
    switch (operator) {
      case "gt":
        return value > bound;
      case "gte":
        return value >= bound;
      case "lt":
        return value < bound;
      case "lte":
        return value <= bound;
      case "eq":
        return value === bound;
      case "neq":
        return value !== bound;
      default:
        throw new Error(operator);
    }
  });
}
