import { Random } from "@tillwatch/sim";
import type { Json } from "../sigma-vectors.ts";

/** One correlation over rules `a`, `b` and `c`, and the events of its stream in the order in which they arrive. */
export type Stream = {
  readonly id: string;
  readonly type: string;
  /** Of the rules, in the correlation's order. */
  readonly kinds: readonly string[];
  readonly groupBy: readonly string[];
  /** `who` is grouped by as `person`, and each rule has a field of its own for it. */
  readonly isAliased: boolean;
  readonly spanMs: number;
  /** Operator and bound, one or two. */
  readonly condition: readonly (readonly [string, number])[];
  readonly fields: readonly string[];
  readonly events: readonly StreamEvent[];
  readonly features: ReadonlySet<Feature>;
};

export type StreamEvent = {
  readonly ref: string;
  readonly atMs: number;
  readonly body: Readonly<Record<string, Json>>;
};

/** What makes a stream one that others read otherwise; each is a row of the page. A stream without any must give the same. */
export const features = {
  whole_seconds: "time is counted in whole seconds",
  arrival_order: "events count in the order of their arrival",
  both_rules: "an event that matches two of the rules counts twice",
  missing_group: "events without the group-by field are a group",
  array_group: "an array in the group-by field is taken for missing",
  decimal_sums: "sums of decimals are rounded at each step",
  same_event: "the same event again counts again",
  temporal_default: "`temporal` without a condition is met by any one of the rules",
  null_value: "`value_count` counts null as a value",
} as const;
export type Feature = keyof typeof features;

const startMs = Date.parse("2026-11-20T12:00:00Z");

export function generateStream(label: string, number: number): Stream {
  const random = new Random(label);
  const chosen = new Set((Object.keys(features) as Feature[]).filter(() => random.chance(0.07)));
  // Which of the two made a difference could not be told.
  if (chosen.has("arrival_order")) chosen.delete("decimal_sums");
  const type = chosen.has("decimal_sums")
    ? random.pick(["value_sum", "value_avg"])
    : chosen.has("null_value")
      ? "value_count"
      : random.pick([
          "event_count",
          "event_count",
          "value_count",
          "value_sum",
          "value_avg",
          "temporal",
          "temporal_ordered",
        ]);
  const isTemporal = type.startsWith("temporal");
  if (type === "temporal" && random.chance(0.4)) {
    chosen.add("temporal_default");
    chosen.delete("arrival_order");
  } else chosen.delete("temporal_default");
  if (isTemporal || type === "value_sum" || type === "value_avg") chosen.delete("both_rules");
  const kinds = isTemporal
    ? random.pick([
        ["a", "b"],
        ["b", "a"],
        ["a", "b", "c"],
        ["c", "a", "b"],
      ])
    : random.pick([["a"], ["a", "b"], ["a", "b", "c"]]);
  if (kinds.length === 1) chosen.delete("both_rules");
  const groupBy = random.pick([
    ["who"],
    ["who"],
    ["who", "where"],
    ...(chosen.has("missing_group") || chosen.has("array_group") ? [] : [[]]),
  ]);
  const spanMs = random.pick([1_000, 5_000, 10_000, 60_000]);
  const fields =
    type === "value_count" && !chosen.has("null_value") && random.chance(0.3)
      ? ["amount", "where"]
      : type.startsWith("value")
        ? ["amount"]
        : [];
  const shape = { type, kinds, features: chosen };
  return {
    id: `f0000000-0000-4000-8000-${String(number).padStart(12, "0")}`,
    ...shape,
    groupBy,
    // An event that matches two of the rules would have two fields for one name.
    isAliased: groupBy.includes("who") && !chosen.has("both_rules") && random.chance(0.3),
    spanMs,
    condition: conditionOf(random, shape),
    fields,
    events: eventsOf(random, { ...shape, spanMs }),
  };
}

type Shape = Pick<Stream, "type" | "kinds" | "features">;

function conditionOf(random: Random, { type, kinds, features: chosen }: Shape): Stream["condition"] {
  if (type === "temporal_ordered") return [];
  // Bounds are whole: rsigma takes no others.
  const bound = () => (chosen.has("decimal_sums") ? 1 : random.int(1, type === "value_sum" ? 12 : 4));
  // Only a measure that does not fall tells by one firing how both of two turns went.
  if (chosen.has("both_rules")) return [[random.pick(["gt", "gte"]), bound()]];
  if (chosen.has("temporal_default")) return [];
  if (type === "temporal") return [[random.pick(["gte", "lte", "eq"]), random.int(1, kinds.length)]];
  if (random.chance(0.15))
    return [
      ["gte", bound()],
      ["lt", bound() + 3],
    ];
  return [[random.pick(["gt", "gte", "gte", "lt", "lte", "eq", "neq"]), bound()]];
}

function eventsOf(
  random: Random,
  { type, features: chosen, spanMs }: Shape & { readonly spanMs: number },
): readonly StreamEvent[] {
  const unit = chosen.has("whole_seconds") ? random.pick([1, 250]) : 1_000;
  let atMs = startMs;
  const made = Array.from({ length: random.int(8, 45) }, (_, n): StreamEvent & { readonly delayMs: number } => {
    const gap = random.pick([0, 0, 1_000, 1_000, 2_000, spanMs / 2, spanMs, spanMs + 1_000, spanMs * 3]);
    atMs += Math.floor(gap / unit) * unit + (unit < 1_000 && random.chance(0.5) ? random.pick([1, 250, 999]) : 0);
    const amount = chosen.has("decimal_sums")
      ? random.pick([0.1, 0.2, 0.7])
      : type === "value_count"
        ? random.pick(["x", "y", "z", 1, "1", true])
        : random.pick([1, 2, 3, "2", -1]);
    const body: Record<string, Json> = {
      kind: chosen.has("both_rules") && random.chance(0.3) ? ["a", "b"] : random.pick(["a", "a", "b", "b", "c", "d"]),
      who: chosen.has("array_group") && random.chance(0.3) ? ["x", "y"] : random.pick(["x", "x", "y", 7, "7"]),
      where: random.pick(["here", "there"]),
      amount: chosen.has("null_value") && random.chance(0.3) ? null : amount,
    };
    if (chosen.has("missing_group") && random.chance(0.3)) delete body["who"];
    if (random.chance(0.06)) delete body["amount"];
    return {
      ref: `e${n}`,
      atMs,
      body,
      delayMs: chosen.has("arrival_order") && random.chance(0.4) ? random.int(1, 3) * 4_000 : 0,
    };
  });
  const arrived = made.toSorted((one, other) => one.atMs + one.delayMs - (other.atMs + other.delayMs));
  const events = arrived.map(({ ref, atMs: time, body }) => ({ ref, atMs: time, body }));
  return chosen.has("same_event") ? events.flatMap((event) => (random.chance(0.2) ? [event, event] : [event])) : events;
}

/** The documents of the stream: three rules that match its events alone, and the correlation. */
export function textOfStream(stream: Stream): string {
  const { id, type, kinds, spanMs, condition, fields, isAliased } = stream;
  const groupBy = stream.groupBy.map((field) => (isAliased && field === "who" ? "person" : field));
  const aliases = kinds.map((kind) => `${ruleIdOf(id, kind)}: ${personField(kind)}`).join(", ");
  const rules = ["a", "b", "c"].map(
    (kind) => `title: ${kind} of ${id}
id: ${ruleIdOf(id, kind)}
status: test
logsource: {product: generated}
detection: {sel: {stream: ${id}, kind: ${kind}}, condition: sel}
`,
  );
  const bounds = condition.map(([operator, bound]) => `${operator}: ${bound}`);
  if (fields.length > 0) bounds.push(`field: ${fields.length === 1 ? fields[0] : `[${fields.join(", ")}]`}`);
  const correlation = `title: ${id}
id: ${id}
status: test
correlation:
  type: ${type}
  rules: [${kinds.map((kind) => ruleIdOf(id, kind)).join(", ")}]
${groupBy.length === 0 ? "" : `  group-by: [${groupBy.join(", ")}]\n`}${isAliased ? `  aliases: {person: {${aliases}}}\n` : ""}  timespan: ${spanMs / 1000}s
${bounds.length === 0 ? "" : `  condition: {${bounds.join(", ")}}\n`}`;
  return [...rules, correlation].join("---\n");
}

export function ruleIdOf(id: string, kind: string): string {
  return `${kind}${id.slice(1)}`;
}

export const personField = (kind: Json | undefined): string => (kind === "b" ? "user" : kind === "c" ? "login" : "who");

/** The event as both engines are given it. */
export function eventText(
  { id, isAliased }: Pick<Stream, "id" | "isAliased">,
  event: StreamEvent,
): Readonly<Record<string, Json>> {
  const { ref, atMs } = event;
  const { who, ...rest } = event.body;
  const body = isAliased && who !== undefined ? { ...rest, [personField(rest["kind"])]: who } : event.body;
  return { ...body, ref, stream: id, time: new Date(atMs).toISOString() };
}
