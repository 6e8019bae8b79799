import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { localTimeIn, weekdays } from "./local-time.ts";

const zones = ["UTC", "Europe/Brussels", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia"];

/** Asked of the platform anew each time. */
function asked(timeZone: string, atMs: number) {
  const options = { timeZone, weekday: "long", hour: "numeric", minute: "numeric", hourCycle: "h23" } as const;
  const parts = new Map(
    new Intl.DateTimeFormat("en-US", options).formatToParts(atMs).map(({ type, value }) => [type, value]),
  );
  const hour = Number(parts.get("hour"));
  const weekday = weekdays.find((day) => parts.get("weekday")?.toLowerCase().startsWith(day));
  return { weekday, hour, minuteOfDay: hour * 60 + Number(parts.get("minute")) };
}

test("D01 the wall clock of a shop is the platform's at any instant, also around midnight and where clocks change", () => {
  const changes = [
    "2026-03-29T01:00:00Z", // Brussels, to summer
    "2026-10-25T01:00:00Z",
    "2026-04-04T15:00:00Z", // Lord Howe, by half an hour
    "2026-10-03T15:30:00Z",
    "2011-12-30T10:00:00Z", // Apia, over the date line
  ].map((text) => Date.parse(text));
  for (const zone of zones) {
    for (const at of changes) {
      for (let minute = -40; minute <= 40; minute++) {
        const atMs = at + minute * 60_000 + 29_000;
        assert.deepEqual(localTimeIn(zone, atMs), asked(zone, atMs), `${zone} ${new Date(atMs).toISOString()}`);
      }
    }
  }
  const instant = fc.integer({ min: Date.parse("1973-01-01"), max: Date.parse("2100-01-01") });
  fc.assert(
    fc.property(fc.constantFrom(...zones), instant, (zone, atMs) => {
      assert.deepEqual(localTimeIn(zone, atMs), asked(zone, atMs));
    }),
    { numRuns: 500 },
  );
});

test("D01 a time zone that does not exist is an error", () => {
  assert.throws(() => localTimeIn("Europe/Brusels", 0), RangeError);
});
