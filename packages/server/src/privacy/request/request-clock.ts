/** The time that a law gives for an answer, and how much longer with a reason. Calendar months and days are added up. */
export type RequestClock = {
  readonly months: number;
  readonly days: number;
  readonly extensionMonths: number;
  readonly extensionDays: number;
  readonly law: string;
  readonly authority: string;
};

export function clockOf(clocks: Readonly<Record<string, RequestClock>>, country: string): RequestClock {
  const clock = clocks[country] ?? clocks[country.split("-")[0] ?? ""] ?? clocks["default"];
  if (clock === undefined) throw new Error("the privacy policy has no default clock");
  return clock;
}

/**
 * The end of the day (UTC) on which the answer is due. A month ends on the same day of the next month, or on its last day where it has no
 * such day (Regulation 1182/71 art. 3(2)(c)).
 */
export function dueAtMs(receivedAtMs: number, span: { readonly months: number; readonly days: number }): number {
  const received = new Date(receivedAtMs);
  const day = received.getUTCDate();
  const year = received.getUTCFullYear();
  const month = received.getUTCMonth() + span.months;
  const last = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return Date.UTC(year, month, Math.min(day, last) + span.days, 23, 59, 59, 999);
}

export function extendedDueAtMs(receivedAtMs: number, clock: RequestClock): number {
  return dueAtMs(receivedAtMs, {
    months: clock.months + clock.extensionMonths,
    days: clock.days + clock.extensionDays,
  });
}
