import { Link } from "@tanstack/react-router";
import type { IncidentSummary } from "@tillwatch/wire";
import { memo } from "react";
import { LevelBadge, StateBadge, Tag, VerdictBadge } from "../design/badge.tsx";
import { cx } from "../design/cx.ts";
import { SeverityGauge } from "../design/severity.tsx";
import { Skeleton } from "../design/skeleton.tsx";
import { Age } from "../design/time.tsx";

const frame =
  "relative grid grid-cols-[4rem_minmax(0,1fr)] gap-x-4 border-b border-line px-4 py-2.5 last:border-0 max-md:min-h-41 " +
  "md:grid-cols-[4rem_3rem_minmax(0,1fr)_minmax(0,15rem)]";

const target =
  "font-semibold after:absolute after:inset-0 after:content-[''] focus-visible:outline-none " +
  "focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-focus";

/**
 * One item. Every line keeps its height whatever it holds, so that news in a row never moves the rows below it. On a phone a row
 * has the room for two lines of title and two of rank, taken or not.
 */
export const QueueRow = memo(function QueueRowView({ summary }: { readonly summary: IncidentSummary }) {
  return (
    <li className={cx("lazy-row arrived", frame, "focus-within:bg-hover hover:bg-hover")}>
      <span
        className={cx("absolute inset-y-0 left-0 w-1", summary.level === 3 && "bg-level-3-fill")}
        aria-hidden="true"
      />
      <SeverityGauge severity={summary.severity} overridden={isOverridden(summary)} />
      <div className="pt-1 max-md:hidden">
        <LevelBadge level={summary.level} short />
      </div>
      <div className="min-w-0">
        <p className="mb-1 flex h-5.5 items-center gap-1.5 md:hidden">
          <LevelBadge level={summary.level} short />
          <States summary={summary} short />
          <span className="ml-auto text-xs whitespace-nowrap text-ink-muted">
            <Age at={summary.openedAt} />
          </span>
        </p>
        <Link
          to="/incidents/$id"
          params={{ id: summary.id }}
          data-row=""
          className={cx(target, "text-base max-md:line-clamp-2 md:block md:truncate")}
        >
          {summary.title}
        </Link>
        <Reasons reasons={summary.topReasons} />
        <p className="truncate text-xs text-ink-muted md:hidden">{placeOf(summary)}</p>
        <p className="text-xs text-ink-muted max-md:line-clamp-2 md:truncate" title={summary.rank}>
          {summary.rank}
        </p>
      </div>
      <Where summary={summary} />
    </li>
  );
});

function isOverridden(summary: IncidentSummary): boolean {
  return summary.machineSeverity !== null && summary.machineSeverity !== summary.severity;
}

function placeOf(summary: IncidentSummary): string {
  return summary.zoneName === null ? summary.siteName : `${summary.siteName} · ${summary.zoneName}`;
}

function States({ summary, short = false }: { readonly summary: IncidentSummary; readonly short?: boolean }) {
  return (
    <>
      <StateBadge state={summary.state} />
      {summary.silenced === true ? <Tag tone="warn">Silenced</Tag> : null}
      {summary.verdict === null ? null : <VerdictBadge verdict={summary.verdict} short={short} />}
    </>
  );
}

function Reasons({ reasons }: { readonly reasons: readonly string[] }) {
  const text = reasons.length === 0 ? "Reported by a person; not scored." : reasons.join(" · ");
  return (
    <p className="truncate text-sm text-ink-soft" title={text}>
      {text}
    </p>
  );
}

function Where({ summary }: { readonly summary: IncidentSummary }) {
  return (
    <div className="grid min-w-0 content-start justify-items-end gap-0.5 max-md:hidden">
      <p className="flex h-5.5 items-center gap-1.5">
        <States summary={summary} />
        <span className="min-w-12 text-right text-base font-medium">
          <span className="sr-only">opened, ago: </span>
          <Age at={summary.openedAt} />
        </span>
      </p>
      <p className="w-full truncate text-right text-sm text-ink-soft" title={placeOf(summary)}>
        {placeOf(summary)}
      </p>
      <p className="font-mono text-2xs leading-4.5 text-ink-muted">{summary.ref}</p>
    </div>
  );
}

/** The same lines at the same heights as a row. */
export function QueueRowSkeleton() {
  return (
    <li className={frame}>
      <span className="sr-only">Loading</span>
      <div className="grid content-start gap-1">
        <Skeleton className="my-1 h-4 w-12" />
        <Skeleton className="h-1.5 w-16" />
      </div>
      <div className="pt-1 max-md:hidden">
        <Skeleton className="h-5.5 w-11" />
      </div>
      <div className="min-w-0">
        <Skeleton className="mb-1 h-5.5 w-32 md:hidden" />
        <Skeleton className="h-5.75 w-3/5 max-md:my-2.875 max-md:w-full" />
        <Skeleton className="my-0.75 h-3.5 w-4/5" />
        <Skeleton className="my-0.75 h-3 w-3/5 md:hidden" />
        <Skeleton className="my-0.75 h-3 w-2/5" />
      </div>
      <div className="grid content-start justify-items-end gap-0.5 max-md:hidden">
        <Skeleton className="h-5.5 w-28" />
        <Skeleton className="my-0.75 h-3.5 w-44" />
        <Skeleton className="my-0.75 h-3 w-24" />
      </div>
    </li>
  );
}
