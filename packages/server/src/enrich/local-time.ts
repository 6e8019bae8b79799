export const weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Weekday = (typeof weekdays)[number];

/** Wall-clock spans per weekday, minutes after midnight, half-open; a span past midnight is written as two. */
export type OpeningHours = Readonly<Record<Weekday, readonly (readonly [fromMinute: number, toMinute: number])[]>>;

export type LocalTime = { readonly weekday: Weekday; readonly hour: number; readonly minuteOfDay: number };

const minuteMs = 60_000;
const formatters = new Map<string, Intl.DateTimeFormat>();
// Formatting costs microseconds and a batch holds hundreds of signals of the same minute.
const recent = new Map<string, LocalTime>();
const recentMax = 4096;

/** The wall clock of an IANA time zone at an instant. Throws RangeError for a zone that does not exist. */
export function localTimeIn(timezone: string, atMs: number): LocalTime {
  const key = `${timezone} ${Math.floor(atMs / minuteMs)}`;
  const known = recent.get(key);
  if (known !== undefined) return known;
  const parts = new Map(
    formatterOf(timezone)
      .formatToParts(atMs)
      .map((part) => [part.type, part.value]),
  );
  const hour = Number(parts.get("hour"));
  const weekday = weekdays.find((day) => day === parts.get("weekday")?.toLowerCase()) ?? "mon";
  const local = { weekday, hour, minuteOfDay: hour * 60 + Number(parts.get("minute")) };
  if (recent.size >= recentMax) recent.clear();
  recent.set(key, local);
  return local;
}

function formatterOf(timezone: string): Intl.DateTimeFormat {
  const known = formatters.get(timezone);
  if (known !== undefined) return known;
  const options = {
    timeZone: timezone,
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  } as const;
  const made = new Intl.DateTimeFormat("en-GB", options);
  formatters.set(timezone, made);
  return made;
}

export function isOpenAt(hours: OpeningHours, time: LocalTime): boolean {
  return hours[time.weekday].some(([from, to]) => from <= time.minuteOfDay && time.minuteOfDay < to);
}

/** "08:00-20:00" as minutes; null where it is not a span. "24:00" is the day's end. */
export function parseSpan(text: string): readonly [number, number] | null {
  const match = /^([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)$/.exec(text);
  if (match === null) return null;
  const [fromHour, fromMinute, toHour, toMinute] = match.slice(1).map(Number);
  const from = (fromHour ?? 0) * 60 + (fromMinute ?? 0);
  const to = (toHour ?? 0) * 60 + (toMinute ?? 0);
  return from < to && to <= 24 * 60 ? [from, to] : null;
}
