import type { KnownPlaces } from "../signal/signal-log-store.ts";

/** Sites S-1001 to S-1016 with devices C-01 to C-09, T-01 and G-01. */
export const knownPlaces: KnownPlaces = {
  site: (id) => /^S-10(0[1-9]|1[0-6])$/.test(id),
  device: (_site, id) => (/^(C-0[1-9]|T-01|G-01)$/.test(id) ? "known" : "unknown"),
};

export const sampleDeviceEvent = {
  store_id: "S-1001",
  camera_id: "C-01",
  timestamp: "2026-03-23T15:04:05Z",
  event_type: "person_loitering",
  confidence: 0.86,
  thumbnail_url: "s3://tillwatch-thumbnails/S-1001/C-01/20260323T150405Z.jpg",
} as const;

export const sampleNowMs = Date.parse("2026-03-23T15:04:06.250Z");

export function cloudEvent(id: string, more: Readonly<Record<string, unknown>> = {}) {
  return {
    specversion: "1.0",
    id,
    source: "S-1001/T-01",
    type: "com.tillwatch.pos_void",
    time: "2026-03-23T15:04:25+01:00",
    data: { receipt_id: "R-77", cashier: "k-4", amount_minor: 4999, currency: "NOK", after_payment: false },
    ...more,
  };
}
