import { cx } from "./cx.ts";
import { severityText } from "./words.ts";

/** Where work opens by itself, as pack/retail/score.yaml ships it. Only the tick of the gauge rests on it, no decision. */
export const openingThreshold = 0.9;

/** Severity as a number first, and as a bar with a tick at the threshold: two values side by side compare at a glance. */
export function SeverityGauge(props: {
  readonly severity: number;
  readonly overridden: boolean;
  readonly large?: boolean;
}) {
  const { severity, overridden, large = false } = props;
  const share = Math.min(Math.max(severity, 0), 1);
  return (
    <span className={cx("inline-grid", large ? "w-28 gap-1.5" : "w-14 gap-1")}>
      <span className={cx("flex items-baseline gap-1 font-semibold", large ? "text-2xl" : "text-lg")}>
        <span className="sr-only">Severity </span>
        {severityText(severity)}
        {overridden ? <span className="text-2xs font-medium text-ink-muted">set</span> : null}
      </span>
      <svg
        viewBox="0 0 100 8"
        preserveAspectRatio="none"
        className={large ? "h-2 w-full" : "h-1.5 w-full"}
        aria-hidden="true"
      >
        <rect width="100" height="8" className="fill-sunken" />
        <rect
          width={share * 100}
          height="8"
          className={share >= openingThreshold ? "fill-raises" : "fill-line-strong"}
        />
        <rect x={openingThreshold * 100 - 0.75} width="1.5" height="8" className="fill-ink" />
      </svg>
    </span>
  );
}
