import { unreachable } from "../result.ts";

export type TimePart = "minute" | "hour" | "day" | "week" | "month" | "year";

/** What a part can be; `week` goes to 53 since ISO years of 53 weeks exist. */
export const timePartRange: Readonly<Record<TimePart, readonly [number, number]>> = {
  minute: [0, 59],
  hour: [0, 23],
  day: [1, 31],
  week: [1, 53],
  month: [1, 12],
  year: [1, 9999],
};

const dateText =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,12})?)?(?: ?(?:[Zz]|[+-]\d{2}:?\d{2}))?)?$/;

/**
 * One part of a date, or null where the value is no date or has no such part (a bare date has no hour).
 *
 * Text: RFC 3339 and its near kin (space instead of T, no seconds, no offset). The part is read AS WRITTEN: nothing is
 * converted to another zone, as the specification warns. Numbers: Unix time in seconds, or in milliseconds from
 * 100,000,000,000 on (that many seconds lie in the year 5138), in UTC. `week` is the ISO 8601 week.
 */
export function timePartOf(value: unknown, part: TimePart): number | null {
  if (typeof value === "number") return partOfEpoch(value, part);
  if (typeof value !== "string" || value.length > 64) return null;
  const found = dateText.exec(value);
  if (found === null) return null;
  const [year, month, day] = [Number(found[1]), Number(found[2]), Number(found[3])];
  const date = new Date(Date.UTC(year, month - 1, day));
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  if (part === "hour" || part === "minute") return clockPart(found[4], found[5], part);
  return datePart(date, part);
}

function clockPart(hour: string | undefined, minute: string | undefined, part: "hour" | "minute"): number | null {
  if (hour === undefined || minute === undefined || Number(hour) > 23 || Number(minute) > 59) return null;
  return Number(part === "hour" ? hour : minute);
}

function partOfEpoch(value: number, part: TimePart): number | null {
  const date = new Date(Math.abs(value) >= 1e11 ? value : value * 1000);
  if (Number.isNaN(date.getTime())) return null;
  if (part === "hour") return date.getUTCHours();
  if (part === "minute") return date.getUTCMinutes();
  return datePart(date, part);
}

function datePart(date: Date, part: "day" | "week" | "month" | "year"): number {
  switch (part) {
    case "day":
      return date.getUTCDate();
    case "month":
      return date.getUTCMonth() + 1;
    case "year":
      return date.getUTCFullYear();
    case "week":
      return isoWeek(date);
    default:
      return unreachable(part);
  }
}

/** ISO 8601: a week belongs to the year that holds its Thursday. */
function isoWeek(date: Date): number {
  const dayMs = 86_400_000;
  const midnightMs = Math.floor(date.getTime() / dayMs) * dayMs;
  const weekday = (new Date(midnightMs).getUTCDay() + 6) % 7;
  const thursday = new Date(midnightMs + (3 - weekday) * dayMs);
  const newYearMs = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  return Math.floor((thursday.getTime() - newYearMs) / dayMs / 7) + 1;
}
