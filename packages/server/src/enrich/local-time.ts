export const weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Weekday = (typeof weekdays)[number];

/** Wall-clock spans per weekday, minutes after midnight, half-open; a span past midnight is written as two. */
export type OpeningHours = Readonly<Record<Weekday, readonly (readonly [fromMinute: number, toMinute: number])[]>>;

export type LocalTime = { readonly weekday: Weekday; readonly hour: number; readonly minuteOfDay: number };

const minuteMs = 60_000;
const formatters = new Map<string, Intl.DateTimeFormat>();
// Formatting costs microseconds; signals of a batch lie in few hours, and those of a backtest in some thousand.
const quarterMinutes = 15;
const recent = new Map<string, Map<number, readonly LocalTime[]>>(); // zone -> quarter of an hour -> its minutes
const recentMax = 4096;

/** The wall clock of an IANA time zone at an instant after 1972 (before, some zones were off by seconds). Throws RangeError for a zone that does not exist. */
export function localTimeIn(timezone: string, atMs: number): LocalTime {
  const minute = Math.floor(atMs / minuteMs);
  const quarter = Math.floor(minute / quarterMinutes);
  const quarters = recent.get(timezone) ?? new Map<number, readonly LocalTime[]>();
  const known = quarters.get(quarter)?.[minute - quarter * quarterMinutes];
  if (known !== undefined) return known;
  const minutes = minutesOf(timezone, quarter * quarterMinutes);
  if (quarters.size >= recentMax) quarters.clear();
  recent.set(timezone, quarters.set(quarter, minutes));
  return minutes[minute - quarter * quarterMinutes] ?? formatted(timezone, atMs);
}

/** The minutes of a quarter of an hour. Clocks are changed between quarters; where they were not, each minute is formatted. */
function minutesOf(timezone: string, firstMinute: number): readonly LocalTime[] {
  const at = (index: number) => formatted(timezone, (firstMinute + index) * minuteMs);
  const indexes = Array.from({ length: quarterMinutes }, (_, index) => index);
  const [first, last] = [at(0), at(quarterMinutes - 1)];
  const isEven = last.weekday === first.weekday && last.minuteOfDay - first.minuteOfDay === quarterMinutes - 1;
  if (!isEven) return indexes.map(at);
  return indexes.map((index) => {
    const minuteOfDay = first.minuteOfDay + index;
    return { weekday: first.weekday, hour: Math.floor(minuteOfDay / 60), minuteOfDay };
  });
}

function formatted(timezone: string, atMs: number): LocalTime {
  const parts = new Map(
    formatterOf(timezone)
      .formatToParts(atMs)
      .map((part) => [part.type, part.value]),
  );
  const hour = Number(parts.get("hour"));
  const weekday = weekdays.find((day) => day === parts.get("weekday")?.toLowerCase()) ?? "mon";
  return { weekday, hour, minuteOfDay: hour * 60 + Number(parts.get("minute")) };
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
