import type { JsonValue, Signal } from "@tillwatch/wire";
import { partitionOf } from "./partition.ts";

/**
 * A signal as a line of COPY text for table signal, all but its sequence number, which is known only under the partition's lock.
 * Made when the signal is queued, so that no lock is held while text is built.
 */
export type LogRow = {
  readonly signal: Signal;
  readonly partition: number;
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
  return { signal, partition: partitionOf(siteId), rest, bytes: rest.length * 2 };
}

// COPY text: of the characters with a meaning only the backslash can occur. JSON escapes control characters, the shapes
// refuse them in ids, sources and types.
function escaped(text: string): string {
  return text.includes("\\") ? text.replaceAll("\\", "\\\\") : text;
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
