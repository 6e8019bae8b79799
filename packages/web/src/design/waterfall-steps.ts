import type { Addition } from "@tillwatch/wire";

/** One bar of the waterfall, in thousandths of log-odds: from where the score stood to where this reason took it. */
export type WaterfallStep = {
  readonly addition: Addition;
  readonly fromMilli: number;
  readonly toMilli: number;
};

export type Waterfall = {
  readonly steps: readonly WaterfallStep[];
  readonly totalMilli: number;
  readonly minMilli: number; // the axis: where the left and right edge of the drawing stand
  readonly maxMilli: number;
};

/**
 * The base rate first, because everything is added to it, then the reasons in the order they came (largest effect first). The sum is
 * made here from the additions alone: if it differs from the total that the server states, the page says so.
 */
export function waterfall(additions: readonly Addition[], landmarksMilli: readonly number[]): Waterfall {
  const ordered = [
    ...additions.filter((addition) => addition.kind === "base_rate"),
    ...additions.filter((addition) => addition.kind !== "base_rate"),
  ];
  const steps: WaterfallStep[] = [];
  let runningMilli = 0;
  for (const addition of ordered) {
    const fromMilli = runningMilli;
    runningMilli += addition.milliLogOdds;
    steps.push({ addition, fromMilli, toMilli: runningMilli });
  }
  const stops = [...steps.map((step) => step.toMilli), ...landmarksMilli];
  const minMilli = Math.min(...stops);
  const maxMilli = Math.max(...stops);
  const padMilli = Math.max((maxMilli - minMilli) * 0.06, 100);
  return { steps, totalMilli: runningMilli, minMilli: minMilli - padMilli, maxMilli: maxMilli + padMilli };
}

/** Never 1: no sum of evidence is certainty, even where a double rounds it to that. */
export function logisticOfMilli(milli: number): number {
  return Math.min(1 / (1 + Math.exp(-milli / 1000)), 1 - Number.EPSILON);
}

export function milliOfSeverity(severity: number): number {
  return Math.round(Math.log(severity / (1 - severity)) * 1000);
}

/** Where a value stands on the axis, in percent of its width, never outside. */
export function axisPercent(milli: number, of: Waterfall): number {
  const share = (milli - of.minMilli) / (of.maxMilli - of.minMilli);
  return Math.min(Math.max(share, 0), 1) * 100;
}

// In the order of their worth: where two would touch, the earlier one stays. The threshold that opens work comes first.
const severityMarks = [0.9, 0.01, 0.5, 0.99, 0.1, 0.999, 0.001];
const apartPercent = 9;

/** The marks that lie on the axis, none touching: equal steps of evidence are equal lengths, so severities crowd towards both ends. */
export function axisMarks(of: Waterfall): readonly { readonly severity: number; readonly percent: number }[] {
  const marks: { readonly severity: number; readonly percent: number }[] = [];
  for (const severity of severityMarks) {
    const milli = milliOfSeverity(severity);
    const percent = axisPercent(milli, of);
    const outside = milli <= of.minMilli || milli >= of.maxMilli;
    if (outside || marks.some((mark) => Math.abs(mark.percent - percent) < apartPercent)) continue;
    marks.push({ severity, percent });
  }
  return marks.sort((one, other) => one.percent - other.percent);
}
