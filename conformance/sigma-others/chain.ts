import { Random } from "@tillwatch/sim";
import type { Json } from "../sigma-vectors.ts";
import { personField, ruleIdOf, type StreamEvent } from "./stream.ts";

/**
 * Correlations over correlations, and the events of their stream in the order in which they arrive. Rules are `a`, `b` and `c`; correlations are
 * called by the digit with which their id begins: `d` and `e` count rules, `1` what is below it, and `f` stands on top.
 */
export type Chain = {
  readonly id: string;
  /** What is counted stands ahead of what counts it; the last one is on top. */
  readonly links: readonly Link[];
  /** Each rule has a field of its own for the person. */
  readonly isAliased: boolean;
  readonly events: readonly StreamEvent[];
};

/** One correlation of a chain. */
export type Link = {
  readonly name: string;
  readonly type: string;
  /** Rules and correlations, in the order of its list. */
  readonly counted: readonly string[];
  readonly groupBy: readonly string[];
  /** Alias to (rule or correlation to field). */
  readonly aliases: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly spanMs: number;
  /** Operator and bound; none for temporal types that want all of what they count. */
  readonly condition: readonly (readonly [string, number])[];
  readonly fields: readonly string[];
  readonly generate: boolean;
};

export const ruleNames = ["a", "b", "c"] as const;
export const isRule = (name: string): boolean => name === "a" || name === "b" || name === "c";

/** Where a chain leaves what rsigma can be asked: an order of arrival, milliseconds, the same event again, arrays, what is missing. */
export type ChainOptions = { readonly isRough: boolean };

const startMs = Date.parse("2026-11-20T12:00:00Z");

export function generateChain(label: string, number: number, { isRough }: ChainOptions): Chain {
  const random = new Random(label);
  const isAliased = random.chance(0.25);
  return {
    id: `f0000000-0000-4000-8000-${String(number).padStart(12, "0")}`,
    links: linksOf(random, isAliased),
    isAliased,
    events: isRough ? roughEvents(random, isAliased) : plainEvents(random),
  };
}

type Wanted = { readonly name: string; readonly counted: readonly string[]; readonly groupBy: readonly string[] };

function linksOf(random: Random, isAliased: boolean): readonly Link[] {
  const isDeep = random.chance(0.3);
  const person = isAliased ? "person" : "who";
  const groupBy = random.pick([[person], [person], [person], [person, "where"], []]);
  const below = isDeep
    ? random.pick([["1"], ["1", "d"], ["d", "1"], ["1", "c"], ["1", "e"]])
    : random.pick([["d"], ["d", "e"], ["e", "d"], ["d", "e"], ["d", "c"], ["c", "d"], ["d", "e", "c"], ["d", "a"]]);
  const top = linkOf(random, { name: "f", counted: below, groupBy });
  const middle = isDeep
    ? [
        linkOf(random, {
          name: "1",
          counted: random.pick([["d"], ["d", "e"], ["e", "d"], ["d", "c"], ["a", "d"]]),
          groupBy: groupFor(random, [top], "1"),
        }),
      ]
    : [];
  const above = [...middle, top];
  const bottom = ["d", "e"]
    .filter((name) => above.some(({ counted }) => counted.includes(name)))
    .map((name) =>
      linkOf(random, {
        name,
        counted: random.pick([["a"], ["a"], ["b"], ["a", "b"], ["b", "a"], ["b", "c"], ["a", "b", "c"]]),
        groupBy: groupFor(random, above, name),
      }),
    );
  return renamed(random, [...bottom, ...above]).map((link) => (isAliased ? withAliases(link) : link));
}

/** All that those ask for who count it, and sometimes more. */
function groupFor(random: Random, above: readonly Link[], name: string): readonly string[] {
  const asking = above.filter(({ counted }) => counted.includes(name));
  const asked = asking.flatMap(({ groupBy, fields }) => [...groupBy, ...fields]);
  return [...new Set([...asked, ...(random.chance(0.2) ? ["where"] : [])])];
}

function linkOf(random: Random, { name, counted, groupBy }: Wanted): Link {
  const isOne = counted.length === 1;
  const type = random.pick([
    "event_count",
    "event_count",
    "event_count",
    "value_count",
    "value_sum",
    "value_avg",
    ...(isOne ? [] : ["temporal", "temporal", "temporal_ordered", "temporal_ordered"]),
  ]);
  return {
    name,
    type,
    counted,
    groupBy,
    aliases: {},
    spanMs: random.pick([1_000, 5_000, 10_000, 60_000]),
    condition: boundsOf(random, type, counted.length),
    fields:
      type === "value_count"
        ? random.pick([["amount"], ["where"], ["amount", "where"]])
        : type.startsWith("value")
          ? ["amount"]
          : [],
    generate: random.chance(0.7),
  };
}

function boundsOf(random: Random, type: string, counted: number): Link["condition"] {
  if (type === "temporal_ordered") return [];
  if (type === "temporal") {
    return random.chance(0.3) ? [] : [[random.pick(["gte", "gte", "lte", "eq"]), random.int(1, counted)]];
  }
  const bound = random.pick(type === "value_sum" ? [1, 3, 6] : [1, 2, 2, 3]);
  if (random.chance(0.1)) return [["gte", bound], ["lt", bound + 2]]; // prettier-ignore
  return [[random.pick(["gt", "gte", "gte", "gte", "lt", "lte", "eq", "neq"]), bound]];
}

/** Sometimes the one on top calls what it groups by by another name. */
function renamed(random: Random, links: readonly Link[]): readonly Link[] {
  const top = links.at(-1);
  const [first, ...others] = top?.groupBy ?? [];
  if (top === undefined || first === undefined || !random.chance(0.2)) return links;
  const aliases = { whom: Object.fromEntries(top.counted.map((name) => [name, first])) };
  return [...links.slice(0, -1), { ...top, groupBy: ["whom", ...others], aliases }];
}

/** What rules are called by stands in a field of their own; a correlation has `person`, as it groups by it. */
function withAliases(link: Link): Link {
  const byRule = (one: string) => (isRule(one) ? personField(one) : "person");
  const person = Object.fromEntries(link.counted.filter(isRule).map((name) => [name, personField(name)]));
  const { whom } = link.aliases;
  if (whom !== undefined) {
    const isPerson = Object.values(whom).includes("person");
    const pairs = Object.keys(whom).map((name) => [name, isPerson ? byRule(name) : (whom[name] ?? "")]);
    return { ...link, aliases: { whom: Object.fromEntries(pairs) } };
  }
  const isNeeded = link.groupBy.includes("person") && Object.keys(person).length > 0;
  return isNeeded ? { ...link, aliases: { person } } : link;
}

/** In order, of whole seconds, each of one rule, with all of its fields. */
function plainEvents(random: Random): readonly StreamEvent[] {
  let atMs = startMs;
  return Array.from({ length: random.int(12, 45) }, (_, n): StreamEvent => {
    atMs += random.pick([0, 0, 1_000, 1_000, 1_000, 2_000, 5_000, 10_000, 60_000, 61_000]);
    return { ref: `e${n}`, atMs, body: bodyOf(random) };
  });
}

function bodyOf(random: Random): Readonly<Record<string, Json>> {
  return {
    kind: random.pick(["a", "a", "a", "b", "b", "c", "none"]),
    who: random.pick(["x", "x", "x", "y", 7, "7"]),
    where: random.pick(["here", "here", "there"]),
    amount: random.pick([1, 2, 2, "2", 3, -1]),
  };
}

/** All that may happen to events on their way, or be wrong with them. Amounts are sums of powers of two, which any order adds up to the same. */
function roughEvents(random: Random, isAliased: boolean): readonly StreamEvent[] {
  const isLate = random.chance(0.7);
  const unit = random.pick([1, 1_000, 1_000]);
  const many = <T>(one: T, others: readonly T[]) => (random.chance(0.1) ? [one, random.pick(others)] : one);
  let atMs = startMs;
  const made = Array.from({ length: random.int(8, 30) }, (_, n) => {
    const gap = random.pick([0, 0, 1_000, 1_000, 1_001, 2_500, 5_000, 10_000, 60_000, 61_000]);
    atMs += Math.floor(gap / unit) * unit;
    const plain = bodyOf(random);
    const body: Record<string, Json> = {
      ...plain,
      // An event of two rules would have two fields for one name.
      kind: isAliased ? (plain["kind"] ?? null) : many(plain["kind"] ?? null, ["a", "b", "c"]),
      who: many(plain["who"] ?? null, ["y", "z"]),
      amount: many(plain["amount"] ?? null, [4, 0.5, -2.25, "many", null]),
    };
    for (const field of ["who", "where", "amount"]) if (random.chance(0.04)) delete body[field];
    const delayMs = isLate && random.chance(0.3) ? random.pick([1_000, 6_000, 11_000, 70_000, 300_000]) : 0;
    return { ref: `e${n}`, atMs, body, delayMs };
  });
  return made
    .flatMap((event) => (random.chance(0.05) ? [event, { ...event, delayMs: event.delayMs + 2_000 }] : [event]))
    .toSorted((one, other) => one.atMs + one.delayMs - (other.atMs + other.delayMs))
    .map(({ ref, atMs: time, body }) => ({ ref, atMs: time, body }));
}

/** The documents of the chain: three rules that match its events alone, and the correlations. */
export function textOfChain({ id, links }: Chain): string {
  const rules = ruleNames.map(
    (name) => `title: ${name} of ${id}
id: ${ruleIdOf(id, name)}
status: test
logsource: {product: generated}
detection: {sel: {stream: ${id}, kind: ${name}}, condition: sel}
`,
  );
  return [...rules, ...links.map((link) => textOfLink(id, link))].join("---\n");
}

function textOfLink(id: string, link: Link): string {
  const { name, type, counted, groupBy, aliases, spanMs, condition, fields, generate } = link;
  const bounds = condition.map(([operator, bound]) => `${operator}: ${bound}`);
  if (fields.length > 0) bounds.push(`field: ${fields.length === 1 ? fields[0] : `[${fields.join(", ")}]`}`);
  const called = Object.entries(aliases).map(
    ([alias, byName]) =>
      `${alias}: {${Object.entries(byName)
        .map(([one, field]) => `${ruleIdOf(id, one)}: ${field}`)
        .join(", ")}}`,
  );
  const lines = [
    `type: ${type}`,
    `rules: [${counted.map((one) => ruleIdOf(id, one)).join(", ")}]`,
    ...(groupBy.length === 0 ? [] : [`group-by: [${groupBy.join(", ")}]`]),
    ...(called.length === 0 ? [] : [`aliases: {${called.join(", ")}}`]),
    `timespan: ${spanMs / 1000}s`,
    ...(bounds.length === 0 ? [] : [`condition: {${bounds.join(", ")}}`]),
    ...(generate ? ["generate: true"] : []),
  ];
  return `title: ${name} of ${id}
id: ${ruleIdOf(id, name)}
status: test
correlation:
${lines.map((line) => `  ${line}\n`).join("")}`;
}
