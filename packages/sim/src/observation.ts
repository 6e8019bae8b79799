import type { JsonObject } from "@tillwatch/wire";
import type { SimDevice } from "./sim-directory.ts";

/**
 * Something that happened where a device could notice it, at the true instant. What becomes of it (missed, misdated, late,
 * twice) is decided later, by the sensor and on the way.
 */
export type Observation = {
  readonly device: SimDevice;
  readonly type: string; // event class of docs/formats/signals.md
  readonly atMs: number;
  readonly data: JsonObject;
  readonly confidence: number | null; // how plain it was to see; noise is added by the sensor
  readonly zoneId: string | null; // where a device sees several zones; null: the device's own
  readonly crimeId: string | null;
  readonly story: string;
};
