import { createHash } from "node:crypto";
import type { DeviceId, JsonObject, Signal, SignalId, SiteId, ZoneId } from "@tillwatch/wire";

export const noonMs = Date.parse("2026-11-18T12:00:00Z"); // a Wednesday

type SignalParts = {
  readonly type: string;
  readonly name?: string; // what the id derives from; the same name is the same signal
  readonly siteId?: string;
  readonly deviceId?: string | null;
  readonly zoneId?: string | null;
  readonly atMs?: number;
  readonly receivedAtMs?: number;
  readonly confidence?: number | null;
  readonly data?: JsonObject;
};

let counter = 0;

/** A canonical signal for tests; everything that is not said is ordinary. */
export function signalOf(parts: SignalParts): Signal {
  const atMs = parts.atMs ?? noonMs;
  const siteId = parts.siteId ?? "S-1";
  const deviceId = parts.deviceId === undefined ? "C-1" : parts.deviceId;
  const sourceEventId = parts.name ?? `event-${++counter}`;
  const source = `${siteId}/${deviceId ?? "person"}`;
  return {
    id: idOf(`${source}\n${sourceEventId}`) as SignalId,
    source,
    sourceEventId,
    shape: "cloudevent",
    type: parts.type,
    siteId: siteId as SiteId,
    zoneId: (parts.zoneId ?? null) as ZoneId | null,
    deviceId: deviceId as DeviceId | null,
    occurredAt: new Date(atMs).toISOString(),
    occurredAtMs: atMs,
    receivedAtMs: parts.receivedAtMs ?? atMs + 200,
    clockOffsetMs: null,
    confidence: parts.confidence ?? null,
    severity: null,
    media: [],
    data: parts.data ?? {},
    extra: {},
  };
}

export function idOf(name: string): string {
  const hex = createHash("sha256").update(name).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
