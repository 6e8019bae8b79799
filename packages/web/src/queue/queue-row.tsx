import { Link } from "@tanstack/react-router";
import type { IncidentSummary } from "@tillwatch/wire";
import { memo } from "react";
import { LevelBadge, StateBadge, VerdictBadge } from "../design/badge.tsx";
import { SeverityGauge } from "../design/severity.tsx";
import { Skeleton } from "../design/skeleton.tsx";
import { Age } from "../design/time.tsx";

const frame =
  "relative grid grid-cols-[3.5rem_minmax(0,1fr)] gap-x-4 border-b border-line px-4 py-3 last:border-0 " +
  "md:grid-cols-[3.5rem_minmax(0,1fr)_13rem]";

/** One item. Every line keeps its height whatever it holds, so that news in a row never moves the rows below it. */
export const QueueRow = memo(function QueueRowView({ summary }: { readonly summary: IncidentSummary }) {
  return (
    <li className={`lazy-row arrived ${frame} hover:bg-hover focus-within:bg-hover`}>
      <SeverityGauge severity={summary.severity} overridden={isOverridden(summary)} />
      <div className="min-w-0">
        <p className="flex items-baseline gap-2">
          <Link
            to="/incidents/$id"
            params={{ id: summary.id }}
            data-row=""
            className="min-w-0 truncate text-base font-semibold after:absolute after:inset-0 after:content-[''] focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-focus"
          >
            {summary.title}
          </Link>
        </p>
        <Reasons reasons={summary.topReasons} />
        <p className="truncate text-xs text-ink-muted">{summary.rank}</p>
        <PlaceLine summary={summary} className="mt-1.5 md:hidden" />
      </div>
      <div className="grid content-start justify-items-end gap-1 text-sm max-md:hidden">
        <PlaceLine summary={summary} className="" />
      </div>
    </li>
  );
});

function isOverridden(summary: IncidentSummary): boolean {
  return summary.machineSeverity !== null && summary.machineSeverity !== summary.severity;
}

function Reasons({ reasons }: { readonly reasons: readonly string[] }) {
  const text = reasons.length === 0 ? "Reported by a person; not scored." : reasons.join(" · ");
  return (
    <p className="truncate text-sm text-ink-soft" title={text}>
      {text}
    </p>
  );
}

function PlaceLine({ summary, className }: { readonly summary: IncidentSummary; readonly className: string }) {
  return (
    <div className={`grid min-w-0 gap-1 md:justify-items-end ${className}`}>
      <p className="flex h-5.5 items-center gap-1.5">
        {summary.verdict === null ? null : <VerdictBadge verdict={summary.verdict} />}
        <StateBadge state={summary.state} />
        <LevelBadge level={summary.level} short />
      </p>
      <p className="w-full truncate text-sm text-ink-soft md:text-right">
        {summary.siteName}
        {summary.zoneName === null ? "" : ` · ${summary.zoneName}`}
      </p>
      <p className="text-xs text-ink-muted">
        {summary.ref} · <Age at={summary.openedAt} />
      </p>
    </div>
  );
}

/** The same lines at the same heights as a row. */
export function QueueRowSkeleton() {
  return (
    <li className={frame}>
      <span className="sr-only">Loading</span>
      <div className="grid content-start gap-1">
        <Skeleton className="my-1 h-5 w-12" />
        <Skeleton className="h-1.5 w-14" />
      </div>
      <div className="min-w-0">
        <Skeleton className="my-1 h-4 w-3/5" />
        <Skeleton className="my-1 h-3.5 w-4/5" />
        <Skeleton className="my-0.75 h-3 w-2/5" />
        <div className="mt-1.5 grid gap-1 md:hidden">
          <Skeleton className="h-5.5 w-32" />
          <Skeleton className="my-1 h-3.5 w-44" />
          <Skeleton className="my-0.75 h-3 w-36" />
        </div>
      </div>
      <div className="grid content-start justify-items-end gap-1 max-md:hidden">
        <Skeleton className="h-5.5 w-28" />
        <Skeleton className="my-0.75 h-3.5 w-40" />
        <Skeleton className="my-0.75 h-3 w-32" />
      </div>
    </li>
  );
}
