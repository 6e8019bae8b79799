import { homeOrganisation, type SiteId } from "@tillwatch/wire";
import type { NewDeadLetter } from "./log-append-store.ts";
import { channelOfTopic } from "./mqtt-topic.ts";
import { signalFromBytes, sourceIn } from "./parse-signals.ts";
import type { Refusal } from "./refusal.ts";
import { rowBytesMax } from "./row-json.ts";
import { RowSplitter, type Row } from "./row-splitter.ts";
import { signalId, type Digest } from "./signal-id.ts";
import type { Signal } from "@tillwatch/wire";

/** `proven`: its sender proved to be the device of the topic; `foreign` hears of rows that speak for another all the same. */
export type MqttMessage = {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly proven?: boolean;
  readonly foreign?: (says: string) => void;
};

export type MqttContext = {
  readonly receivedAtMs: number;
  readonly digest: Digest;
  readonly frigateSite: SiteId | null;
  /** Whose a site is; absent: all are the installation's own. */
  readonly organisationOf?: (siteId: string) => string;
};

/** What a message holds. Its sender cannot be told of a refusal, so what is not understood becomes a dead letter and is acknowledged. */
export type MqttContent = {
  readonly signals: readonly Signal[];
  readonly notUnderstood: readonly Omit<NewDeadLetter, "signal">[];
};

/** Reads a message: one object or an array of them. null: not one of our topics, or empty (a retained message was cleared). */
export function readMessage(message: MqttMessage, context: MqttContext): MqttContent | null {
  const { topic, payload } = message;
  const channel = channelOfTopic(topic, context.frigateSite);
  if (channel === null || payload.length === 0) return null;
  if (!channel.ok)
    return {
      signals: [],
      notUnderstood: [letterOf(message, channel.error, { ...context, organisationId: homeOrganisation })],
    };
  const { site = channel.value.frigateSite } = channel.value;
  const organisationId = site === undefined ? homeOrganisation : (context.organisationOf?.(site) ?? homeOrganisation);
  const splitter = new RowSplitter("json");
  const rows: readonly Row[] = [...splitter.push(payload), ...splitter.end()];
  const signals: Signal[] = [];
  const notUnderstood: Omit<NewDeadLetter, "signal">[] = [];
  const place = message.proven === true ? { ...channel.value, proven: true } : channel.value;
  const { receivedAtMs, digest } = context;
  const shapeContext = { receivedAtMs, digest, channel: place, organisationId };
  for (const row of rows) {
    const parsed =
      row.kind === "bytes" ? signalFromBytes(row.bytes, shapeContext) : { ok: false as const, error: row.refusal };
    if (parsed.ok) signals.push(parsed.value);
    else {
      const raw = row.kind === "bytes" ? row.bytes : payload;
      notUnderstood.push(letterOf({ topic, payload: raw }, parsed.error, { ...context, organisationId }));
    }
  }
  return { signals, notUnderstood };
}

// The same bytes on the same topic are one letter, however often a broker delivers them.
function letterOf(
  { topic, payload }: MqttMessage,
  refusal: Refusal,
  context: MqttContext & { readonly organisationId: string },
) {
  const source = `mqtt:${printable(topic)}`;
  const raw = payload.subarray(0, rowBytesMax);
  const { code, pointer, message } = refusal;
  return {
    id: signalId(context.digest, sourceIn(context.organisationId, source), context.digest.sha256(payload)),
    organisationId: context.organisationId,
    receivedAtMs: context.receivedAtMs,
    source,
    code,
    message: pointer === "" ? message : `${pointer}: ${message}`,
    raw,
  };
}

// A topic is text that a device chose: what Postgres or a line of a log would stumble over is replaced.
function printable(topic: string): string {
  return topic
    .toWellFormed()
    .replaceAll(/\p{Cc}/gu, "?")
    .slice(0, 256);
}
