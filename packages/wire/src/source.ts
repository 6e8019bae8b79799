import type { JsonObject } from "./json.ts";
import type { SignalShape } from "./signal.ts";

/** A row of the sources page. `state` is `silent` when a source that has a rhythm (ten signals or more) breaks it: ten usual gaps and a quarter of an hour. */
export type SourceSummary = {
  readonly source: string;
  readonly siteId: string;
  readonly deviceId: string | null;
  readonly kind: string;
  readonly name: string;
  readonly lastSignalAt: string | null;
  readonly signalsToday: number;
  readonly duplicatesToday: number;
  readonly clockOffsetMs: number | null;
  readonly sequenceGaps: number;
  readonly state: "ok" | "silent" | "never_seen" | "skewed";
};

/** One of a source's last signals. `original` is in the shape it came in, with `[sealed]` for text of people; null: none from outside. */
export type SourceSignal = {
  readonly id: string;
  readonly type: string;
  readonly shape: SignalShape;
  readonly occurredAt: string; // as the source wrote it
  readonly receivedAt: string;
  readonly clockOffsetMs: number | null;
  readonly original: JsonObject | null;
};

export type DeadLetter = {
  readonly id: string;
  readonly receivedAt: string;
  readonly source: string;
  readonly code: string; // signal_site_unknown, signal_device_unknown ...
  readonly message: string;
  readonly signal: unknown; // the canonical signal, or the raw row
  readonly original: unknown; // the signal in the shape it came in; null where it was not understood
  readonly state: "waiting" | "redriven" | "discarded";
};

export type AuditEntryView = {
  readonly index: number | null; // null: not integrated yet (within a second)
  readonly id: string;
  readonly at: string;
  readonly kind: string;
  readonly actor: string;
  readonly subject: { readonly kind: string; readonly id: string };
  readonly because: string;
  readonly body: unknown;
};

export type CheckpointView = {
  readonly origin: string;
  readonly size: number;
  readonly rootHash: string; // base64
  readonly note: string; // the whole signed note
  readonly signedAt: string;
  readonly vkey: string;
};

export type AuditVerification = {
  readonly ok: boolean;
  readonly checked: number;
  readonly size: number;
  readonly durationMs: number;
  readonly problems: readonly {
    readonly index: number | null;
    readonly entryId: string | null;
    readonly says: string;
  }[];
};
