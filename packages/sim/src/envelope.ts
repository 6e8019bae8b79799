import type { JsonObject } from "@tillwatch/wire";

/** What a device sends: the event, and the source and id by which a repeat of it is known. */
export type Sent = {
  readonly source: string;
  readonly id: string;
  readonly shape: "cloudevent" | "device-event" | "staff-report";
  readonly event: JsonObject;
};

export type Observed = {
  readonly siteId: string;
  readonly deviceId: string;
  readonly deviceKind: string;
  readonly zoneId: string | null;
  readonly type: string;
  readonly statedAtMs: number; // by the device's clock
  readonly confidence: number | null;
  readonly data: JsonObject;
  readonly id: string;
  readonly sequence: number; // of its device, from 1, without gaps where nothing was lost
};

/** Cameras speak the plain device event, everything else CloudEvents; both as docs/formats say. */
export function envelope(observed: Observed): Sent {
  const { siteId, deviceId, id } = observed;
  const source = `${siteId}/${deviceId}`;
  const time = new Date(observed.statedAtMs).toISOString();
  if (observed.deviceKind === "camera")
    return { source, id, shape: "device-event", event: deviceEvent(observed, time) };
  const confidence = observed.confidence === null ? {} : { confidence: observed.confidence };
  const event: JsonObject = {
    specversion: "1.0",
    id,
    source,
    type: observed.type,
    time,
    datacontenttype: "application/json",
    siteid: siteId,
    deviceid: deviceId,
    sequence: String(observed.sequence).padStart(10, "0"),
    ...(observed.zoneId === null ? {} : { zoneid: observed.zoneId }),
    data: { ...observed.data, ...confidence },
  };
  return { source, id, shape: "cloudevent", event };
}

function deviceEvent(observed: Observed, timestamp: string): JsonObject {
  const picture = `s3://store-media/${observed.siteId}/${observed.deviceId}/${timestamp.replaceAll(":", "")}.jpg`;
  return {
    store_id: observed.siteId,
    camera_id: observed.deviceId,
    ...(observed.zoneId === null ? {} : { zone_id: observed.zoneId }),
    timestamp,
    event_type: observed.type,
    ...(observed.confidence === null ? {} : { confidence: observed.confidence }),
    thumbnail_url: picture,
    event_id: observed.id,
    ...observed.data,
  };
}
