import { ok, refused, type PeopleDescription, type Picked, type Result } from "@tillwatch/wire";
import type { StaffReport } from "../api/shapes.ts";
import type { Draft } from "./draft.ts";

/** What is missing or wrong, by field, in words that say what to enter. */
export type DraftProblems = { readonly [Field in keyof Draft]?: string };

const summaryMax = 4_000;
// Reports of the past are fine; the future is a mistyped date. Five minutes forgive a phone whose clock runs ahead.
const aheadMaxMs = 5 * 60_000;

/** The report that a draft makes, or everything that keeps it from being one. `nowMs` stands in where no time was given. */
export function staffReport(draft: Draft, nowMs: number): Result<StaffReport, DraftProblems> {
  const occurredAtMs = draft.occurredAt === "" ? nowMs : new Date(draft.occurredAt).getTime();
  const valueLostMinor = minorFrom(draft.value, draft.currency);
  const problems: DraftProblems = {
    ...(draft.category === "" ? { category: "Choose what happened." } : {}),
    ...(draft.siteId === "" ? { siteId: "Choose the shop." } : {}),
    ...timeProblem(occurredAtMs, nowMs),
    ...(draft.summary.trim() === "" ? { summary: "Say in a sentence what happened." } : {}),
    ...(draft.summary.length > summaryMax ? { summary: `At most ${summaryMax} letters.` } : {}),
    ...(valueLostMinor === "malformed" ? { value: "An amount, for example 49.90." } : {}),
  };
  if (Object.keys(problems).length > 0 || valueLostMinor === "malformed") return refused(problems);
  return ok({
    siteId: draft.siteId,
    ...(draft.zoneId === "" ? {} : { zoneId: draft.zoneId }),
    category: draft.category,
    occurredAt: new Date(occurredAtMs).toISOString(),
    summary: draft.summary.trim(),
    ...(valueLostMinor === null ? {} : { valueLostMinor, currency: draft.currency }),
    ...(isEmpty(draft.description) ? {} : { description: withoutEmpty(draft.description) }),
    ...(draft.colleagues === null ? {} : { aboutColleague: true }),
    ...(draft.colleagues === null || draft.colleagues.length === 0 ? {} : { aboutColleagues: draft.colleagues }),
    ...(draft.keptBecause.trim() === "" ? {} : { keptBecause: draft.keptBecause.trim() }),
  });
}

function timeProblem(occurredAtMs: number, nowMs: number): DraftProblems {
  if (Number.isNaN(occurredAtMs)) return { occurredAt: "Choose a day and a time." };
  return occurredAtMs > nowMs + aheadMaxMs ? { occurredAt: "This lies in the future." } : {};
}

function isEmpty({ persons, scene }: PeopleDescription): boolean {
  return [...persons, scene].every(isUnpicked);
}

function isUnpicked(picked: Picked): boolean {
  return Object.values(picked).every((values) => values.length === 0);
}

/** Nobody of whom nothing was picked. */
function withoutEmpty({ persons, scene }: PeopleDescription): PeopleDescription {
  return { persons: persons.filter((person) => !isUnpicked(person)), scene };
}

/** As the browser's date field writes it: local, to the second. */
export function localText(atMs: number): string {
  return new Date(atMs - new Date(atMs).getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

/** An amount as typed, in minor units of the currency; null: none given. A decimal comma counts as a point. */
export function minorFrom(text: string, currency: string): number | null | "malformed" {
  const trimmed = text.trim();
  if (trimmed === "") return null;
  const digits = minorDigits(currency);
  const match = /^(\d{1,9})(?:[.,](\d{1,3}))?$/.exec(trimmed);
  const [, whole = "", fraction = ""] = match ?? [];
  if (match === null || fraction.length > digits) return "malformed";
  return Number(whole) * 10 ** digits + Number(fraction.padEnd(digits, "0") || "0");
}

function minorDigits(currency: string): number {
  try {
    return new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;
  } catch {
    return 2;
  }
}
