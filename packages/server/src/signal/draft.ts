import {
  isJsonObject,
  ok,
  parseDeviceId,
  parseSiteId,
  type DeviceId,
  type JsonObject,
  type JsonValue,
  type Result,
  type Signal,
  type SiteId,
} from "@tillwatch/wire";
import { pointerToken, refuse, shown, type Refusal } from "./refusal.ts";
import type { Digest } from "./signal-id.ts";

/** What a shape yields; `parse-signals.ts` adds the id and our clock. */
export type Draft = Omit<Signal, "id" | "receivedAtMs" | "clockOffsetMs">;

/**
 * What is known beside the row. `site` and `device` are what the channel says (the levels of an MQTT topic): they fill in where the
 * row names none, and a row that names others is refused. `frigateSite` is the site whose Frigate this channel carries. `proven`: the
 * device at the other end proved that it is `site` and `device`; it may speak for nobody else, not for a person of its site either.
 */
export type Channel = {
  readonly site?: SiteId;
  readonly device?: DeviceId;
  readonly frigateSite?: SiteId;
  readonly proven?: boolean;
};

export type ShapeContext = { readonly receivedAtMs: number; readonly digest: Digest; readonly channel: Channel };

export type ToDraft = (row: JsonObject, context: ShapeContext) => Result<Draft, Refusal>;

export function splitMembers(
  row: JsonObject,
  isKnown: (name: string) => boolean,
): { known: JsonObject; rest: JsonObject } {
  const known: Record<string, JsonValue> = {};
  const rest: Record<string, JsonValue> = {};
  for (const name of Object.keys(row)) (isKnown(name) ? known : rest)[name] = row[name] ?? null;
  return { known, rest };
}

/** `extra` of a signal: only the parts that hold something. */
export function extraOf(parts: Readonly<Record<string, JsonValue | undefined>>): JsonObject {
  const kept: Record<string, JsonValue> = {};
  for (const name of Object.keys(parts)) {
    const value = parts[name];
    const isEmpty = value === undefined || value === false || (isJsonObject(value) && Object.keys(value).length === 0);
    if (!isEmpty) kept[name] = value;
  }
  return kept;
}

export function objectIn(extra: JsonObject, name: string): JsonObject {
  const value = extra[name];
  return isJsonObject(value) ? value : {};
}

export function siteFrom(raw: JsonValue | undefined, pointer: string): Result<SiteId, Refusal> {
  const parsed = parseSiteId(raw);
  if (parsed.ok) return ok(parsed.value);
  return refuse("signal_member_malformed", pointer, `${shown(raw)} is not a site id`);
}

export function deviceFrom(raw: JsonValue | undefined, pointer: string): Result<DeviceId, Refusal> {
  const parsed = parseDeviceId(raw);
  if (parsed.ok) return ok(parsed.value);
  return refuse("signal_member_malformed", pointer, `${shown(raw)} is not a device id`);
}

/** A member that the schema has found to be text. */
export function textOf(row: JsonObject, name: string): string {
  const value = row[name];
  if (typeof value !== "string") throw new TypeError(`${name} was checked to be text`);
  return value;
}

/** The row's own content, named by its digest: the id of a shape that has none. */
export function contentId(canonicalText: string, digest: Digest): string {
  return `sha256:${digest.sha256(canonicalText)}`;
}

/** The facts that any class may state in `data`: a number outside 0..1 is refused, what is no number is left to the reader. */
export function statedShare(data: JsonObject, name: string): Result<number | null, Refusal> {
  const value = data[name];
  if (typeof value !== "number") return ok(null);
  if (value >= 0 && value <= 1) return ok(value);
  const pointer = `/data${pointerToken(name)}`;
  return refuse("signal_number_out_of_range", pointer, `${name} is ${value}; it must be between 0 and 1`);
}
