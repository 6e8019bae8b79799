import { severityText } from "@tillwatch/wire";
import { cx } from "./cx.ts";

/** Where work opens by itself, as pack/retail/score.yaml ships it. Only the tick of the gauge rests on it, no decision. */
export const openingThreshold = 0.9;

// The gauge spans 0.01 to 0.999 in log-odds, the scale of the waterfall: equal evidence is equal length, so that 0.91 and 0.98, which
// look alike on a plain scale, stand apart.
const lowestLogOdds = Math.log(0.01 / 0.99);
const highestLogOdds = Math.log(0.999 / 0.001);

function gaugeShare(severity: number): number {
  if (severity <= 0) return 0;
  if (severity >= 1) return 1;
  const logOdds = Math.log(severity / (1 - severity));
  return Math.min(Math.max((logOdds - lowestLogOdds) / (highestLogOdds - lowestLogOdds), 0.02), 1);
}

/** Severity as a number first, and as a bar with a tick at the threshold: two values side by side compare at a glance. */
export function SeverityGauge(props: {
  readonly severity: number;
  readonly overridden: boolean;
  readonly large?: boolean;
}) {
  const { severity, overridden, large = false } = props;
  return (
    <span className={cx("inline-grid content-start", large ? "w-32 gap-1.5" : "w-16 gap-1")}>
      <span className={cx("flex items-baseline gap-1 font-semibold", large ? "text-2xl" : "text-lg")}>
        <span className="sr-only">Severity </span>
        {severityText(severity)}
        {overridden && !large ? <span className="text-2xs font-medium text-ink-muted">set</span> : null}
      </span>
      <svg
        viewBox="0 0 100 8"
        preserveAspectRatio="none"
        className={large ? "h-2 w-full" : "h-1.5 w-full"}
        aria-hidden="true"
      >
        <rect width="100" height="8" className="fill-sunken" />
        <rect
          width={gaugeShare(severity) * 100}
          height="8"
          className={severity >= openingThreshold ? "fill-raises" : "fill-line-strong"}
        />
        <rect x={gaugeShare(openingThreshold) * 100 - 1} width="2" height="8" className="fill-ink" />
      </svg>
    </span>
  );
}
