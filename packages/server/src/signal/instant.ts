import { ok, type Result } from "@tillwatch/wire";
import { isStorable } from "../platform/storable-time.ts";
import { refuse, shown, type Refusal } from "./refusal.ts";

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,12}))?([Zz]|([+-])(\d\d):(\d\d))$/;
const withoutOffset = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?$/;

/**
 * Epoch milliseconds of an RFC 3339 date-time; further digits of the second are cut off. A leap second (:60) is the first
 * instant of the next minute. Refuses a time without offset: whose noon it is would be a guess.
 */
export function parseInstant(text: string, pointer: string): Result<number, Refusal> {
  const parts = rfc3339.exec(text);
  if (parts === null) {
    return withoutOffset.test(text)
      ? refuse(
          "signal_timestamp_without_offset",
          pointer,
          `${shown(text)} has no offset; end it with Z or +hh:mm (RFC 3339)`,
        )
      : refuse("signal_timestamp_malformed", pointer, `${shown(text)} is not an RFC 3339 date-time`);
  }
  const [, year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.map(Number);
  const [offsetHour, offsetMinute] = [Number(parts[10] ?? 0), Number(parts[11] ?? 0)];
  const dayMs = Date.UTC(year, month - 1, day);
  const calendar = new Date(dayMs);
  const exists = calendar.getUTCMonth() === month - 1 && calendar.getUTCDate() === day && year >= 1900;
  if (!exists || hour > 23 || minute > 59 || second > 60 || offsetHour > 23 || offsetMinute > 59) {
    return refuse("signal_timestamp_malformed", pointer, `${shown(text)} is not an instant that exists after 1900`);
  }
  const millis = Number((parts[7] ?? "").slice(0, 3).padEnd(3, "0"));
  const offsetMs = (offsetHour * 60 + offsetMinute) * 60_000 * (parts[9] === "-" ? -1 : 1);
  const ms = dayMs + ((hour * 60 + minute) * 60 + second) * 1000 + millis - offsetMs;
  // The offset can carry the instant out of what the calendar date promised: 9999-12-31T23:59:59-23:59 is in the year 10000.
  if (isStorable(ms)) return ok(ms);
  return refuse(
    "signal_timestamp_malformed",
    pointer,
    `${shown(text)} is outside of what can be stored (1900-01-01 to 9999-12-31, UTC)`,
  );
}

/** The instant of epoch seconds as a float (Frigate), as milliseconds. */
export function parseEpochSeconds(seconds: number, pointer: string): Result<number, Refusal> {
  const ms = Math.floor(seconds * 1000);
  if (isStorable(ms)) return ok(ms);
  return refuse("signal_timestamp_malformed", pointer, `${shown(seconds)} is not a time in seconds since 1970`);
}

const offsetNotedFromMs = 60_000;

/** Source clock minus ours, where they differ by more than a minute; else null. Recorded, never corrected here. */
export function clockOffset(occurredAtMs: number, receivedAtMs: number): number | null {
  const offset = occurredAtMs - receivedAtMs;
  return Math.abs(offset) > offsetNotedFromMs ? offset : null;
}
