import type { JsonValue, Signal } from "@tillwatch/wire";
import { partitionOf } from "./partition.ts";

/**
 * A signal as a line of COPY text for table signal, all but its sequence number, which is known only under the partition's lock.
 * Made when the signal is queued, so that no lock is held while text is built.
 */
export type LogRow = {
  readonly signal: Signal;
  readonly partition: number;
  readonly sequence: number | null; // of its source
  readonly rest: string;
  readonly bytes: number; // about what it occupies while it waits
};

export const logColumns =
  "signal (partition, seq, id, site_id, device_id, source, type, occurred_at, received_at, body)";

export function toLogRow(signal: Signal): LogRow {
  const { id, siteId, deviceId, source, type, occurredAtMs, receivedAtMs } = signal;
  const times = `${new Date(occurredAtMs).toISOString()}\t${new Date(receivedAtMs).toISOString()}`;
  const device = deviceId ?? "\\N";
  const body = escaped(JSON.stringify(signal));
  const rest = `\t${id}\t${siteId}\t${device}\t${escaped(source)}\t${escaped(type)}\t${times}\t${body}\n`;
  return { signal, partition: partitionOf(siteId), sequence: sequenceOf(signal), rest, bytes: rest.length * 2 };
}

// COPY text: of the characters with a meaning only the backslash can occur. JSON escapes control characters, the shapes
// refuse them in ids, sources and types.
function escaped(text: string): string {
  return text.includes("\\") ? text.replaceAll("\\", "\\\\") : text;
}

/**
 * Rows that wait together, those of a source that numbers its signals in the order of its numbers: what was shuffled on the way goes into
 * the log in source order, as far as it arrived together. Rows of other sources keep their places.
 */
export function inSourceOrder(rows: readonly LogRow[]): readonly LogRow[] {
  const places = new Map<string, number[]>();
  for (const [index, row] of rows.entries()) {
    if (row.sequence === null) continue;
    const ofSource = places.get(row.signal.source);
    if (ofSource === undefined) places.set(row.signal.source, [index]);
    else ofSource.push(index);
  }
  if (places.size === 0) return rows;
  const ordered = [...rows];
  for (const indexes of places.values()) {
    const sorted = indexes
      .flatMap((index) => rows[index] ?? [])
      .toSorted((a, b) => (a.sequence ?? 0) - (b.sequence ?? 0));
    for (const [nth, row] of sorted.entries()) ordered[indexes[nth] ?? -1] = row;
  }
  return ordered;
}

/** The number that a source gives its signals in order: CloudEvents `sequence`, else `data.sequence`; null: it gives none. */
export function sequenceOf(signal: Signal): number | null {
  const members = signal.extra["members"];
  const attribute =
    typeof members === "object" && members !== null ? (members as { sequence?: JsonValue }).sequence : null;
  const given = attribute ?? signal.data["sequence"];
  const number = typeof given === "string" && /^\d{1,15}$/.test(given) ? Number(given) : given;
  return typeof number === "number" && Number.isSafeInteger(number) && number >= 0 ? number : null;
}
