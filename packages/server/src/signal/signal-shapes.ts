import { isJsonObject, unreachable, type JsonObject, type Signal, type SignalShape } from "@tillwatch/wire";
import type { ToDraft } from "./draft.ts";
import { cloudEventFrom, cloudEventToDraft } from "./shapes/cloudevent.ts";
import { deviceEventFrom, deviceEventToDraft } from "./shapes/device-event.ts";
import { frigateEventFrom, frigateEventToDraft } from "./shapes/frigate-event.ts";
import { incidentRecordFrom, incidentRecordToDraft } from "./shapes/incident-record.ts";
import { staffReportFrom, staffReportToDraft } from "./shapes/staff-report.ts";

/** The shapes that come from outside; a public tip is made by our own form. */
export type OutsideShape = Exclude<SignalShape, "public-tip">;

export const toDraft: Readonly<Record<OutsideShape, ToDraft>> = {
  cloudevent: cloudEventToDraft,
  "device-event": deviceEventToDraft,
  "staff-report": staffReportToDraft,
  "incident-record": incidentRecordToDraft,
  "frigate-event": frigateEventToDraft,
};

/**
 * Which shape a row has, by the names of its members alone and in this order (docs/formats/signals-in.md); null is none. A row that
 * is nearly a shape is taken for it, so that its refusal can name what is missing.
 */
export function shapeOf(row: JsonObject): OutsideShape | null {
  const has = (name: string) => Object.hasOwn(row, name);
  if (has("specversion")) return "cloudevent";
  if (has("after") && has("type") && isJsonObject(row["after"])) return "frigate-event";
  if (has("location_id") || (has("incident_id") && has("incident_type"))) return "incident-record";
  if (has("incident_id") || has("timestamp_utc")) return "staff-report";
  if (has("event_type") || has("store_id") || has("camera_id")) return "device-event";
  return null;
}

/** The signal in the shape it came in (Frigate: without names and plates); null for a shape that does not come from outside. */
export function originalOf(signal: Signal): JsonObject | null {
  switch (signal.shape) {
    case "cloudevent":
      return cloudEventFrom(signal);
    case "device-event":
      return deviceEventFrom(signal);
    case "staff-report":
      return staffReportFrom(signal);
    case "incident-record":
      return incidentRecordFrom(signal);
    case "frigate-event":
      return frigateEventFrom(signal);
    case "public-tip":
      return null;
    default:
      return unreachable(signal.shape);
  }
}
