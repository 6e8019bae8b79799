import { runRsigma } from "./rsigma.ts";
import { eventText, generateStream, textOfStream, type Feature, type Stream } from "./stream.ts";
import { ourBeginnings, theirBeginnings, undoneStream, type Beginning, type Firing } from "./stream-findings.ts";

export type Judged = { readonly stream: Stream; readonly raw: readonly Firing[]; readonly undone: readonly Firing[] };

/** Streams with what rsigma fires on each, as it is and with the points undone that can only be undone on its side. */
export function judgedStreams(tool: string, labels: readonly string[]): readonly Judged[] {
  const streams = labels.map(generateStream);
  const raw = firingsOn(tool, streams);
  const undone = firingsOn(tool, streams.map(undoneStream));
  return streams.map((stream, at) => ({ stream, raw: raw[at] ?? [], undone: undone[at] ?? [] }));
}

/** The streams one behind the other: each has rules that match its events alone. */
function firingsOn(tool: string, streams: readonly Stream[]): readonly (readonly Firing[])[] {
  const first = new Map<string, number>();
  const events = streams.flatMap((stream) => stream.events.map((event) => eventText(stream, event)));
  for (const [at, { id }] of streams.entries()) {
    first.set(
      id,
      streams.slice(0, at).reduce((sum, one) => sum + one.events.length, 0),
    );
  }
  const firings = new Map(streams.map(({ id }) => [id, [] as Firing[]]));
  for (const { event, rule, group, value } of runRsigma(tool, streams.map(textOfStream).join("---\n"), events)) {
    if (group !== undefined)
      firings.get(rule)?.push({ nth: event - (first.get(rule) ?? 0), group, value: value ?? NaN });
  }
  return streams.map(({ id }) => firings.get(id) ?? []);
}

export type StreamComparison = {
  streams: number;
  /** Findings of ours and of theirs, and streams on which both found the same, at least one. */
  ours: number;
  theirs: number;
  both: number;
  readonly byPoint: Map<string, number>;
  readonly unnamed: {
    readonly rules: string;
    readonly events: string;
    readonly ours: readonly Beginning[];
    readonly theirs: readonly Beginning[];
  }[];
};

export function emptyStreamComparison(): StreamComparison {
  return { streams: 0, ours: 0, theirs: 0, both: 0, byPoint: new Map(), unnamed: [] };
}

type Ours = (stream: Stream, undone: ReadonlySet<Feature>) => readonly Beginning[];

/** A disagreement is explained if it goes when points that the stream has are undone: the fewest of them are its name. */
export function compareStream(
  { stream, raw, undone }: Judged,
  into: StreamComparison,
  ours: Ours = ourBeginnings,
): void {
  const sides = (points: ReadonlySet<Feature>) => {
    const isOtherStream = (["arrival_order", "decimal_sums", "temporal_default"] as const).some((name) =>
      points.has(name),
    );
    const given = isOtherStream ? undoneStream(stream) : stream;
    // Sums of decimals are undone on both sides; an order of arrival on theirs alone.
    const we = ours(points.has("decimal_sums") ? given : stream, points);
    return [we, theirBeginnings(given, isOtherStream ? undone : raw, points)] as const;
  };
  const agree = (points: ReadonlySet<Feature>) => {
    const [we, they] = sides(points);
    return we.join("\n") === they.join("\n");
  };
  const [we, they] = sides(new Set());
  into.streams += 1;
  into.ours += we.length;
  into.theirs += they.length;
  if (we.join("\n") === they.join("\n")) {
    if (we.length > 0) into.both += 1;
    return;
  }
  let name = [...stream.features];
  if (!agree(new Set(name))) {
    const events = stream.events.map((event) => `${JSON.stringify(eventText(stream, event))}\n`).join("");
    into.unnamed.push({ rules: textOfStream(stream), events, ours: we, theirs: they });
    return;
  }
  for (const feature of stream.features) {
    const fewer = name.filter((one) => one !== feature);
    if (agree(new Set(fewer))) name = fewer;
  }
  into.byPoint.set(name.join(" + "), (into.byPoint.get(name.join(" + ")) ?? 0) + 1);
}

export function printStreamComparison(
  title: string,
  { streams, ours, theirs, both, byPoint, unnamed }: StreamComparison,
): void {
  const named = [...byPoint.values()].reduce((sum, count) => sum + count, 0);
  console.log(
    `${title}: ${streams} streams, ${ours} findings, ${theirs} of theirs, ${both} streams with the same ones, ${named} disagreements with a name, ${unnamed.length} without`,
  );
  for (const [name, count] of [...byPoint].toSorted(([, a], [, b]) => b - a)) console.log(`  ${count} ${name}`);
}
