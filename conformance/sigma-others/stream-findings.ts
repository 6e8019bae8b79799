import { compile, type CorrelationFinding } from "@tillwatch/sigma";
import { eventText, textOfStream, type Feature, type Stream, type StreamEvent } from "./stream.ts";

/** Where a finding begins: its group, its instant and its measure. */
export type Beginning = string;

function beginning(group: readonly (readonly [string, string])[], atMs: number, value: number | null): Beginning {
  const fields = group.toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([name, text]) => `${name}=${text}`);
  return `${new Date(atMs).toISOString()} ${fields.join(" ")}${value === null ? "" : ` ${Number(value.toPrecision(12))}`}`;
}

/** Temporal types measure how many rules were seen, which others do not always say. */
const measured = ({ type }: Stream, value: number | undefined) =>
  type.startsWith("temporal") ? null : (value ?? null);

/** The findings of our engine that stand when all events have come. */
export function ourBeginnings(stream: Stream, undone: ReadonlySet<Feature>): readonly Beginning[] {
  const detector = compile([{ file: "stream.yml", text: textOfStream(stream) }]);
  if (!detector.ok) throw new Error(JSON.stringify(detector.error[0]));
  const { ruleSet, startCorrelating } = detector.value;
  const set = startCorrelating();
  const standing = new Map<string, CorrelationFinding>();
  for (const { atMs, ref, body } of stream.events.flatMap((event, nth) => undo(event, { nth, undone }))) {
    const event = eventText(stream, { atMs, ref, body });
    for (const change of set.add({ atMs, ref, event, matches: ruleSet.evaluate(event) })) {
      if (change.kind === "withdrawn") standing.delete(change.id);
      else {
        if (change.kind === "found") for (const id of change.replaces) standing.delete(id);
        standing.set(change.finding.id, change.finding);
      }
    }
  }
  return [...standing.values()]
    .map(({ group, atMs, value }) => beginning(Object.entries(group), atMs, measured(stream, value)))
    .sort();
}

/** The event as our engine has to be given it to read the named points as the other does. */
function undo(
  event: StreamEvent,
  { nth, undone }: { readonly nth: number; readonly undone: ReadonlySet<Feature> },
): readonly StreamEvent[] {
  const body = { ...event.body };
  if (undone.has("array_group") && Array.isArray(body["who"])) delete body["who"];
  if (undone.has("null_value") && body["amount"] === null) body["amount"] = "null";
  const atMs = undone.has("whole_seconds") ? Math.floor(event.atMs / 1000) * 1000 : event.atMs;
  const ref = undone.has("same_event") ? `${event.ref}/${nth}` : event.ref;
  const { kind } = body;
  if (!undone.has("both_rules") || !Array.isArray(kind)) return [{ ref, atMs, body }];
  return kind.map((one) => ({ ref: `${ref}/${String(one)}`, atMs, body: { ...body, kind: one } }));
}

/** The stream as the other engine has to be given it, for the points that cannot be undone on our side. */
export function undoneStream(stream: Stream): Stream {
  if (stream.features.has("arrival_order"))
    return { ...stream, events: stream.events.toSorted((one, other) => one.atMs - other.atMs) };
  if (stream.features.has("temporal_default")) return { ...stream, condition: [["gte", stream.kinds.length]] };
  if (!stream.features.has("decimal_sums")) return stream;
  const whole = (number: number) => Math.round(number * 10);
  const events = stream.events.map(({ body, ...event }) => {
    const { amount } = body;
    return { ...event, body: typeof amount === "number" ? { ...body, amount: whole(amount) } : body };
  });
  return {
    ...stream,
    events,
    condition: stream.condition.map(([operator, bound]) => [operator, whole(bound)] as const),
  };
}

/** A firing of a correlation, and the number of the event of its stream at which it fired. */
export type Firing = {
  readonly nth: number;
  readonly group: readonly (readonly [string, string])[];
  readonly value: number;
};

/**
 * What rsigma's firings say in our words. It fires at each event at which the condition holds; a finding begins where it holds after the last
 * counted event of an instant, and did not at the instant before, or that lies more than a timespan back.
 */
export function theirBeginnings(
  stream: Stream,
  firings: readonly Firing[],
  undone: ReadonlySet<Feature>,
): readonly Beginning[] {
  const fired = new Map(firings.map((firing) => [firing.nth, firing]));
  const groups = new Map<string, { lastMs: number; held: boolean; firing: Firing | undefined; begins: Beginning[] }>();
  const settle = (
    state: { lastMs: number; held: boolean; firing: Firing | undefined; begins: Beginning[] },
    nextMs: number,
  ) => {
    const holds = state.firing !== undefined;
    if (holds && !state.held && state.firing !== undefined) {
      state.begins.push(beginning(state.firing.group, state.lastMs, measured(stream, state.firing.value)));
    }
    state.held = holds && nextMs - state.lastMs <= stream.spanMs;
    state.lastMs = nextMs;
  };
  for (const [nth, event] of stream.events.entries()) {
    const group = countedGroup(stream, event, undone);
    if (group === null) continue;
    const atMs = Math.floor(event.atMs / 1000) * 1000;
    const state = groups.get(group) ?? { lastMs: atMs, held: false, firing: undefined, begins: [] };
    groups.set(group, state);
    if (atMs !== state.lastMs) settle(state, atMs);
    state.firing = fired.get(nth);
  }
  for (const state of groups.values()) settle(state, Number.POSITIVE_INFINITY);
  return [...groups.values()].flatMap(({ begins }) => begins).sort();
}

/** The group that the other engine counts the event in, null where it counts it in none. */
function countedGroup(
  { kinds, groupBy, fields, type }: Stream,
  { body }: StreamEvent,
  undone: ReadonlySet<Feature>,
): string | null {
  const { kind } = body;
  if (!kinds.some((one) => (Array.isArray(kind) ? kind.includes(one) : kind === one))) return null;
  const values = groupBy.map((field) => (Array.isArray(body[field]) ? undefined : body[field]));
  if (values.includes(undefined) && (undone.has("missing_group") || undone.has("array_group"))) return null;
  if (fields.some((field) => body[field] === undefined)) return null;
  if (type !== "value_count" && fields.length > 0 && Number.isNaN(Number(body["amount"] ?? NaN))) return null;
  return JSON.stringify(values.map((value) => (typeof value === "number" ? `${value}` : (value ?? null))));
}
