import type { DeviceId, SignalId, SiteId, ZoneId } from "./ids.ts";
import type { JsonObject } from "./json.ts";

/** The shapes that intake accepts unchanged. Each maps to one canonical signal and back without loss. */
export const signalShapes = [
  "cloudevent",
  "device-event",
  "staff-report",
  "incident-record",
  "frigate-event",
  "public-tip",
] as const;
export type SignalShape = (typeof signalShapes)[number];

/** A reference to media that stays where it is; never the bytes. `sha256` is 64 lower-case hex digits, where the source gave one. */
export type MediaReference = {
  readonly uri: string;
  readonly kind: "thumbnail" | "clip" | "image" | "document";
  readonly sha256?: string;
};

/**
 * One observation from one source at one time, as every stage after intake sees it.
 *
 * `id` is the name-based UUID (version 5) of `source` and `sourceEventId`, so a repeat has the id of the first.
 * `occurredAt` is the text that the source wrote; `occurredAtMs` the same instant by the source's clock, never corrected here.
 * `clockOffsetMs` is source clock minus ours where the two differ by more than a minute at intake; null otherwise.
 * `data` holds the facts of the event class under the names of docs/formats/signals.md; rules read it as `data.<name>`.
 * `extra` holds members of the original shape that have no canonical place; only the way back reads it.
 */
export type Signal = {
  readonly id: SignalId;
  readonly source: string;
  readonly sourceEventId: string;
  readonly shape: SignalShape;
  readonly type: string;
  readonly siteId: SiteId;
  readonly zoneId: ZoneId | null;
  readonly deviceId: DeviceId | null;
  readonly occurredAt: string;
  readonly occurredAtMs: number;
  readonly receivedAtMs: number;
  readonly clockOffsetMs: number | null;
  readonly confidence: number | null; // 0..1 as the source states it
  readonly severity: number | null; // 0..1 as the source states it
  readonly media: readonly MediaReference[];
  readonly data: JsonObject;
  readonly extra: JsonObject;
};
