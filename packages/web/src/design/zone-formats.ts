const time: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const seconds: Intl.DateTimeFormatOptions = { ...time, second: "2-digit" };
const date: Intl.DateTimeFormatOptions = { day: "2-digit", month: "short" };

export type ZoneFormats = {
  readonly clock: Intl.DateTimeFormat;
  readonly day: Intl.DateTimeFormat;
  readonly full: Intl.DateTimeFormat;
  readonly toTheMinute: Intl.DateTimeFormat;
};

const known = new Map<string | undefined, ZoneFormats>();

/** Formats of a zone; of this device's where none is given or the browser does not know it. */
export function formatsOf(zone: string | undefined): ZoneFormats {
  const before = known.get(zone);
  if (before !== undefined) return before;
  const formats = made(zone);
  known.set(zone, formats);
  return formats;
}

function made(zone: string | undefined): ZoneFormats {
  const place: Intl.DateTimeFormatOptions = zone === undefined ? {} : { timeZone: zone };
  const named: Intl.DateTimeFormatOptions = { ...date, ...place, year: "numeric", timeZoneName: "short" };
  try {
    return {
      clock: new Intl.DateTimeFormat(undefined, { ...seconds, ...place }),
      day: new Intl.DateTimeFormat(undefined, { ...date, ...place }),
      full: new Intl.DateTimeFormat(undefined, { ...named, ...seconds }),
      toTheMinute: new Intl.DateTimeFormat(undefined, { ...named, ...time }),
    };
  } catch {
    return made(undefined);
  }
}
