import { homeOrganisation, ok, type JsonObject, type Result, type RowRefusal, type Signal } from "@tillwatch/wire";
import type { Channel, Draft, ShapeContext } from "./draft.ts";
import { clockOffset } from "./instant.ts";
import { refuse, type Refusal } from "./refusal.ts";
import { parseRow } from "./row-json.ts";
import { RowSplitter, type Framing, type Row } from "./row-splitter.ts";
import { signalId, type Digest } from "./signal-id.ts";
import { shapeOf, toDraft } from "./signal-shapes.ts";

/** `receivedAtMs` is our clock when the bytes came; `channel` is what the way they came says about their place. */
export type ParseContext = {
  readonly receivedAtMs: number;
  readonly digest: Digest;
  readonly channel: Channel;
  /** Who signals; absent: the installation's own organisation. */
  readonly organisationId?: string;
};

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
  return ok(finish(bySender(draft.value, context.channel), context));
}

/**
 * Of a device that proved itself, the source is the device, whatever it calls itself: under another's name it could take that one's event
 * ids (whose own signals would then be repeats), be counted as a second witness, or keep a silent source looking alive.
 */
function bySender(draft: Draft, { site, device, proven = false }: Channel): Draft {
  if (!proven || site === undefined || device === undefined) return draft;
  const source = `${site}/${device}`;
  const { source: stated, sourceEventId } = draft;
  if (stated === source) return draft;
  return {
    ...draft,
    source,
    sourceEventId: `${stated}#${sourceEventId}`,
    extra: { ...draft.extra, statedSource: stated },
  };
}

function finish(draft: Draft, { digest, receivedAtMs, organisationId = homeOrganisation }: ParseContext): Signal {
  const { source, sourceEventId, occurredAtMs } = draft;
  return {
    id: signalId(digest, sourceIn(organisationId, source), sourceEventId),
    ...draft,
    receivedAtMs,
    clockOffsetMs: clockOffset(occurredAtMs, receivedAtMs),
  };
}

/**
 * What an id is made of: names of sources are chosen by senders, so two organisations may choose one. Neither may learn that, and
 * neither may take the other's ids before it signals. No shape takes a source with a NUL, so none of home's begins so.
 */
export function sourceIn(organisationId: string, source: string): string {
  return organisationId === homeOrganisation ? source : `\0${organisationId}\n${source}`;
}

// Who may write to a topic is decided by the topic, so a row must not speak for another place.
function contradictsChannel(draft: Draft, channel: Channel): Refusal | null {
  const { site, device, proven = false } = channel;
  const code = proven ? "device_foreign" : "signal_topic_mismatch";
  const of = proven ? "the device that sent it" : "the topic";
  if (site !== undefined && draft.siteId !== site) {
    return { code, pointer: "", message: `the row is of site ${draft.siteId}, ${of} of ${site}` };
  }
  if (device !== undefined && draft.deviceId !== device && (draft.deviceId !== null || proven)) {
    return {
      code,
      pointer: "",
      message: `the row is of ${draft.deviceId === null ? "a person" : `device ${draft.deviceId}`}, ${of} of ${device}`,
    };
  }
  return null;
}
