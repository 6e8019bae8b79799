import type { BacktestDay, BacktestQuiet, RuleKind, RuleState } from "@tillwatch/wire";
import type { Tone } from "../design/badge.tsx";
import type { Backtest, Bar, Changed, Day, Example, Judged, RuleItem, Step } from "./rule-shapes.ts";

export const stateWords: Readonly<Record<RuleState, { readonly says: string; readonly tone: Tone }>> = {
  draft: { says: "Draft", tone: "plain" },
  shadow: { says: "Watching", tone: "warn" },
  active: { says: "Running", tone: "good" },
  retired: { says: "Retired", tone: "plain" },
};

/** "as shipped" for the pack's own file. */
export function versionWord(number: number | null): string {
  if (number === null) return "nothing";
  return number === 0 ? "as shipped" : `version ${number}`;
}

/** "82 % of 34", or why there is no figure. */
export function precisionText(judged: Judged | null): string {
  if (judged === null) return "not running";
  const all = judged.right + judged.wrong;
  return all === 0 ? "no verdicts" : `${Math.round((100 * judged.right) / all)} % of ${all}`;
}

/** The precision of what runs. What a filter keeps out comes before nobody, so nobody judges it. */
export function livePrecisionText({ kind, live, judged }: Pick<RuleItem, "kind" | "live" | "judged">): string {
  return kind === "filter" && live !== null ? "nobody judges it" : precisionText(judged);
}

/** A number of matches: of a filter they are what it keeps from its rules. */
export function hitsText(kind: RuleKind, which: "ran" | "watched", count: number): string {
  if (kind === "filter") return `${count} ${which === "ran" ? "kept out" : "would have been, by what watched"}`;
  return which === "ran" ? `${matchesText(count)} of what ran` : `${count} of what watched`;
}

export const kindWords: Readonly<Record<RuleKind, string>> = {
  rule: "Rule",
  correlation: "Correlation",
  filter: "Filter",
};

/** "27 matches"; of a filter what ran and what watched apart, because the one hid and the other would. */
export function countText({ kind, days, shadow }: Pick<RuleItem, "kind" | "days" | "shadow">): string {
  const [live, watched] = [sumOf(days, "live"), sumOf(days, "shadow")];
  if (kind !== "filter") return matchesText(live + watched);
  return shadow === null ? `${live} kept out` : `${live} kept out and ${watched} watched`;
}

/** "narrows Paid sale voided", "narrows 12 rules". */
export function narrowsText(narrows: readonly string[]): string {
  const [only] = narrows;
  return narrows.length === 1 ? `narrows ${only ?? ""}` : `narrows ${narrows.length} rules`;
}

/** How far a watching version is from running without a second signature. */
export function barText(judged: Judged, bar: Bar): string {
  const all = judged.right + judged.wrong;
  const wanted = `${Math.round(bar.share * 100)} % of at least ${bar.verdictsMin} cases`;
  const enough = all >= bar.verdictsMin && judged.right / all >= bar.share;
  return enough
    ? `Above the bar of ${wanted}: it runs without a second signature.`
    : `The bar is ${wanted}: below it, another person signs.`;
}

const stepWords: Readonly<Record<Step["kind"], string>> = {
  drafted: "wrote",
  shadowed: "let watch",
  shadow_ended: "ended the watch of",
  signature_asked: "asked for a signature under",
  activated: "let run",
  retired: "retired",
  rolled_back: "rolled back to",
};

/** What somebody did, to be followed by the version. `earlier`: the steps before it. */
export function stepText(step: Step, earlier: readonly Step[]): string {
  const { kind, number, liveBefore, liveAfter, signedBy } = step;
  if (kind === "rolled_back" && liveAfter === null) return "rolled back";
  if (kind === "retired" && liveBefore === null) return "left retired";
  if (kind !== "activated") return stepWords[kind];
  const ran = earlier.some((one) => one.liveAfter === number || one.liveBefore === number);
  if (signedBy !== null) return ran ? "signed, so that it runs again:" : "signed, so that it runs:";
  return ran ? "let run again" : stepWords.activated;
}

const doneWords: Readonly<Record<Exclude<Changed["kind"], "rolled_back">, string>> = {
  drafted: "Kept as a draft.",
  shadowed: "It watches from now on. Nobody is told of what it matches.",
  shadow_ended: "It watches no more.",
  signature_asked: "It runs once another person has signed.",
  activated: "It runs from now on.",
  retired: "It runs no more.",
};

const filterDoneWords: Partial<typeof doneWords> = {
  shadowed: "It watches from now on, and hides nothing.",
  activated: "It runs from now on: what it keeps out is not detected.",
  retired: "It runs no more: what it kept out is detected from now on.",
};

export function doneText({ kind, live }: Pick<Changed, "kind" | "live">, of: RuleKind = "rule"): string {
  if (kind !== "rolled_back") return (of === "filter" ? filterDoneWords[kind] : undefined) ?? doneWords[kind];
  return live === null ? "Rolled back: nothing of it runs now." : `Rolled back: ${runsText(live)} again.`;
}

/** "version 2 runs", "it runs as shipped". */
export function runsText(number: number): string {
  return number === 0 ? "it runs as shipped" : `version ${number} runs`;
}

/** "1 match", "12 matches". */
export function matchesText(count: number): string {
  return count === 1 ? "1 match" : `${count.toLocaleString("en-GB")} matches`;
}

/** Every day from `fromDay` on, `count` of them, with nothing where nothing matched. */
export function everyDay(days: readonly Day[], fromDay: string, count: number): readonly Day[] {
  const known = new Map(days.map((day) => [day.day, day]));
  const firstMs = Date.parse(`${fromDay}T00:00:00Z`);
  return Array.from({ length: count }, (_, at) => {
    const day = new Date(firstMs + at * 86_400_000).toISOString().slice(0, 10);
    return known.get(day) ?? { day, live: 0, shadow: 0 };
  });
}

export const shownDays = 14;

export function sumOf(days: readonly Day[], which: "live" | "shadow"): number {
  return days.reduce((sum, day) => sum + day[which], 0);
}

const noCounts = { before: 0, after: 0, made: 0, unmade: 0 };
const dayMs = 86_400_000;

/** Every UTC day that the time touches, with nothing where nothing differed. */
export function everyBacktestDay(days: readonly BacktestDay[], from: string, to: string): readonly BacktestDay[] {
  const known = new Map(days.map((day) => [day.day, day]));
  const firstMs = Date.parse(`${from.slice(0, 10)}T00:00:00Z`);
  const count = Math.floor((Date.parse(to) - firstMs) / dayMs) + 1;
  return Array.from({ length: count }, (_, at) => {
    const day = new Date(firstMs + at * dayMs).toISOString().slice(0, 10);
    return known.get(day) ?? { day, situation: noCounts, incident: noCounts };
  });
}

export function daysBetween(from: string, to: string): number {
  return Math.max(1, Math.round((Date.parse(to) - Date.parse(from)) / dayMs));
}

export function sumOfDays(
  days: readonly BacktestDay[],
  what: "situation" | "incident",
  which: "made" | "unmade",
): number {
  return days.reduce((sum, day) => sum + day[what][which], 0);
}

export function differenceText({ kind, what }: Pick<Example, "kind" | "what">): string {
  return `${what === "incident" ? "Incident" : "Situation"} ${kind}`;
}

/** What silences and dismissals of the time did, each in a sentence; nothing where they did nothing. */
export function quietTexts(quiet: BacktestQuiet | null): readonly string[] {
  if (quiet === null) return ["Silences and dismissals of the time are not in it: it is from before they were."];
  const { held, lowered, unknown } = quiet;
  return [
    ...(held.before + held.after === 0
      ? []
      : [`Silences of the time held back ${sidesText(held)} from being incidents.`]),
    ...(lowered.before + lowered.after === 0 ? [] : [`Dismissals of the time ranked ${sidesText(lowered)} lower.`]),
    ...(unknown.length === 0
      ? []
      : ["The record does not say when dismissals were switched on and off, so they were taken as they are now."]),
  ];
}

/** "3 situations", "5 situations (3 without the change)". */
function sidesText({ before, after }: BacktestQuiet["held"]): string {
  const all = `${after.toLocaleString("en-GB")} ${after === 1 ? "situation" : "situations"}`;
  return before === after ? all : `${all} (${before.toLocaleString("en-GB")} without the change)`;
}

/** Why there is no result. */
export function backtestEndText({ state, fault }: Pick<Backtest, "state" | "fault">): string {
  if (state === "canceled") return "It was canceled before its end, so there is no result.";
  if (state === "stopped") return "The server was stopped while it ran. Start it again.";
  if (fault === "backtest_too_long") return "It took too long and was ended. Ask for fewer days, or narrow the rule.";
  return "It failed on the server. Start it again; if it fails again, the server's log says why.";
}

const dayFormat = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });

export function shortDay(day: string): string {
  return dayFormat.format(new Date(`${day}T00:00:00Z`));
}
