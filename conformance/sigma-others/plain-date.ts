import type { Json } from "../sigma-vectors.ts";
import type { Reading } from "./plain-reading.ts";

const names = ["minute", "hour", "day", "week", "month", "year"] as const;
export type TimePart = (typeof names)[number];

export function isTimePart(name: string): name is TimePart {
  return (names as readonly string[]).includes(name);
}

/** A part of a date, null where the value is none. */
export function datePart(value: Json, part: TimePart, reading: Reading): number | null {
  if (typeof value === "number") {
    const least = reading.has("epoch_forms") ? 1e12 + 1 : 1e11;
    const scaled = Math.abs(value) >= least ? Math.floor(value / 1000) : value;
    return partOf(new Date((reading.has("epoch_forms") ? Math.trunc(scaled) : scaled) * 1000), part);
  }
  if (typeof value !== "string") return null;
  return textPart(reading.has("date_forms") ? padded(value) : value, part, reading);
}

/** Without an offset, figures may lack their zeros. */
function padded(text: string): string {
  const found = /^(\d{1,4})-(\d{1,2})-(\d{1,2})([T ])(\d{1,2}):(\d{1,2}):(\d{1,2})(\.\d+)?$/.exec(text);
  if (found === null) return text;
  const [, year = "", month = "", day = "", letter = "", hour = "", minute = "", second = "", rest = ""] = found;
  const two = (figure: string) => figure.padStart(2, "0");
  return `${year.padStart(4, "0")}-${two(month)}-${two(day)}${letter}${two(hour)}:${two(minute)}:${two(second)}${rest}`;
}

function textPart(value: string, part: TimePart, reading: Reading): number | null {
  const found = /^(\d{4})-(\d{2})-(\d{2})(?:([Tt ])(\d{2}):(\d{2})(:\d{2}(?:\.\d+)?)?([Zz]|[+-]\d{2}:\d{2})?)?$/.exec(
    value,
  );
  if (found === null) return null;
  const [, year = "", month = "", day = "", letter, hour = "", minute = "", second, zone] = found;
  if (
    reading.has("date_forms") &&
    (letter === undefined || second === undefined || (letter === "t" && zone === undefined))
  )
    return null;
  const clock = letter === undefined ? "00:00:00" : `${hour}:${minute}${second ?? ":00"}`;
  const offset = reading.has("utc") ? (zone ?? "Z").toUpperCase() : "Z";
  const date = new Date(`${year}-${month}-${day}T${clock}${offset}`);
  const isReal = new Date(`${year}-${month}-${day}T00:00:00Z`).getUTCDate() === Number(day);
  if (Number.isNaN(date.getTime()) || !isReal) return null;
  return letter === undefined && (part === "hour" || part === "minute") ? null : partOf(date, part);
}

function partOf(date: Date, part: TimePart): number | null {
  if (Number.isNaN(date.getTime())) return null;
  switch (part) {
    case "minute":
      return date.getUTCMinutes();
    case "hour":
      return date.getUTCHours();
    case "day":
      return date.getUTCDate();
    case "month":
      return date.getUTCMonth() + 1;
    case "year":
      return date.getUTCFullYear();
    case "week": {
      const thursday = new Date(
        Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() + 3 - ((date.getUTCDay() + 6) % 7)),
      );
      return Math.floor((thursday.getTime() - Date.UTC(thursday.getUTCFullYear(), 0, 1)) / (7 * 86_400_000)) + 1;
    }
  }
}
