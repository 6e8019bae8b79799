import { ok, type JsonObject, type Result, type RowRefusal, type Signal } from "@tillwatch/wire";
import type { Channel, Draft, ShapeContext } from "./draft.ts";
import { clockOffset } from "./instant.ts";
import { refuse, type Refusal } from "./refusal.ts";
import { parseRow } from "./row-json.ts";
import { RowSplitter, type Framing, type Row } from "./row-splitter.ts";
import { signalId, type Digest } from "./signal-id.ts";
import { shapeOf, toDraft } from "./signal-shapes.ts";

/** `receivedAtMs` is our clock when the bytes came; `channel` is what the way they came says about their place. */
export type ParseContext = { readonly receivedAtMs: number; readonly digest: Digest; readonly channel: Channel };

export type ParsedSignals = { readonly signals: readonly Signal[]; readonly refused: readonly RowRefusal[] };

/** A whole body at once. The HTTP route does the same chunk by chunk with `RowSplitter` and `parseRows`. */
export function parseSignals(body: Uint8Array, framing: Framing, context: ParseContext): ParsedSignals {
  const splitter = new RowSplitter(framing);
  const rows = [...splitter.push(body), ...splitter.end()];
  return parseRows(rows, context);
}

export function parseRows(rows: readonly Row[], context: ParseContext): ParsedSignals {
  const signals: Signal[] = [];
  const refused: RowRefusal[] = [];
  for (const row of rows) {
    const parsed: Result<Signal, Refusal> =
      row.kind === "bytes" ? signalFromBytes(row.bytes, context) : { ok: false, error: row.refusal };
    if (parsed.ok) signals.push(parsed.value);
    else refused.push({ index: row.index, ...parsed.error });
  }
  return { signals, refused };
}

export function signalFromBytes(bytes: Uint8Array, context: ParseContext): Result<Signal, Refusal> {
  const row = parseRow(bytes);
  return row.ok ? signalFromRow(row.value, context) : row;
}

/** One row, already JSON, in whichever shape it has. */
export function signalFromRow(row: JsonObject, context: ParseContext): Result<Signal, Refusal> {
  const shape = shapeOf(row);
  if (shape === null) {
    const message = "no accepted shape: not a CloudEvent, device event, staff report, incident record or Frigate event";
    return refuse("signal_shape_unknown", "", message);
  }
  const shapeContext: ShapeContext = context;
  const draft = toDraft[shape](row, shapeContext);
  if (!draft.ok) return draft;
  const elsewhere = contradictsChannel(draft.value, context.channel);
  if (elsewhere !== null) return { ok: false, error: elsewhere };
  return ok(finish(draft.value, context));
}

function finish(draft: Draft, { digest, receivedAtMs }: ParseContext): Signal {
  const { source, sourceEventId, occurredAtMs } = draft;
  return {
    id: signalId(digest, source, sourceEventId),
    ...draft,
    receivedAtMs,
    clockOffsetMs: clockOffset(occurredAtMs, receivedAtMs),
  };
}

// Who may write to a topic is decided by the topic, so a row must not speak for another place.
function contradictsChannel(draft: Draft, channel: Channel): Refusal | null {
  if (channel.site !== undefined && draft.siteId !== channel.site) {
    const message = `the row is of site ${draft.siteId}, the topic of ${channel.site}`;
    return { code: "signal_topic_mismatch", pointer: "", message };
  }
  if (channel.device !== undefined && draft.deviceId !== null && draft.deviceId !== channel.device) {
    const message = `the row is of device ${draft.deviceId}, the topic of ${channel.device}`;
    return { code: "signal_topic_mismatch", pointer: "", message };
  }
  return null;
}
