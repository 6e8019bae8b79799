import type { Problem } from "@tillwatch/wire";
import { TriangleAlert } from "lucide-react";
import { problemFrom } from "../api/request.ts";
import { Button } from "./button.tsx";
import { headingOf, remedyOf } from "./problem-words.ts";

/** What went wrong in the server's own words: the sentence, the remedy, and the code under which docs/errors.md explains it. */
export function ErrorState({ fault, onRetry }: { readonly fault: unknown; readonly onRetry?: () => void }) {
  const problem = problemFrom(fault);
  const remedy = remedyOf(problem);
  return (
    <div
      role="alert"
      className="grid justify-items-start gap-2 rounded-md border border-bad bg-bad-wash px-4 py-3 text-ink"
    >
      <p className="flex items-center gap-2 text-sm font-semibold">
        <TriangleAlert className="size-4 shrink-0 text-bad" aria-hidden="true" />
        {headingOf(problem)}
      </p>
      <p className="text-sm">{problem.detail}</p>
      {remedy === null ? null : <p className="text-sm text-ink-soft">{remedy}</p>}
      <div className="flex flex-wrap items-center gap-3">
        {onRetry === undefined ? null : <Button onClick={onRetry}>Try again</Button>}
        <ProblemCode problem={problem} />
      </div>
    </div>
  );
}

export function ProblemCode({ problem }: { readonly problem: Problem }) {
  return (
    <span className="font-mono text-xs text-ink-soft">
      {problem.code}
      {problem.instance === undefined ? "" : ` · ${problem.instance}`}
    </span>
  );
}
