/** What a rule file is about: one event, what several come to, or which events other rules leave alone. */
export const ruleKinds = ["rule", "correlation", "filter"] as const;
export type RuleKind = (typeof ruleKinds)[number];

/** Where a version of a rule stands: written, watching without telling anybody, running, or over. */
export const ruleStates = ["draft", "shadow", "active", "retired"] as const;
export type RuleState = (typeof ruleStates)[number];

/** Why a rule file was refused. Line and column count from 1. */
export type RuleProblem = {
  readonly code: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly remedy: string;
};

/** What came of one test that a rule carries; `note` says why an event that matches would never be asked. */
export type RuleTest = {
  readonly title: string;
  readonly expected: "match" | "no_match";
  readonly got: "match" | "no_match";
  readonly ok: boolean;
  readonly note: string | null;
};

/**
 * Over how many days what a backtest made is spread: from the first signal (`since`; null: not known) to the end, at least one day, so that a
 * server that has heard of two hours does not call thirty incidents one a day.
 */
export function daysOfSignals({
  from,
  to,
  since,
}: Readonly<Record<"from" | "to", string> & { since: string | null }>): number {
  return Math.max(1, (Date.parse(to) - Date.parse(since ?? from)) / 86_400_000);
}

/** What a backtest counts of a day: what there was, what there would have been, and of these what the other has not. */
export type BacktestCounts = {
  readonly before: number;
  readonly after: number;
  readonly made: number;
  readonly unmade: number;
};

/** `day` is that of receipt, in UTC. */
export type BacktestDay = {
  readonly day: string;
  readonly situation: BacktestCounts;
  readonly incident: BacktestCounts;
};

/** Something that a change of rules would have made or unmade; `rules` are the titles of what matched. */
export type BacktestExample = {
  readonly kind: "made" | "unmade";
  readonly what: "situation" | "incident";
  readonly at: string;
  readonly siteId: string;
  readonly severity: number;
  readonly level: number;
  readonly category: string;
  readonly rules: readonly string[];
  readonly signalIds: readonly string[]; // evidence, the first few
  readonly held?: true; // it would be an incident, and a silence held it back
};

/**
 * What silences and dismissals of the time did in a backtest, without the change and with it: situations that a silence held back from being incidents,
 * and those that ranked lower after dismissals. `unknown`: what of the past is not stored, so that it was taken as it is now.
 */
export type BacktestQuiet = {
  readonly held: { readonly before: number; readonly after: number };
  readonly lowered: { readonly before: number; readonly after: number };
  readonly unknown: readonly (typeof unknownQuiet)[number][];
};
export const unknownQuiet = ["dismissal_switch"] as const;

/** Where a backtest stands. `stopped`: its process ended before it did. */
export const backtestStates = ["running", "done", "canceled", "failed", "stopped"] as const;
export type BacktestState = (typeof backtestStates)[number];
