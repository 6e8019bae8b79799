import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ErrorState } from "../design/error-state.tsx";
import { SkeletonLines } from "../design/skeleton.tsx";

/** What was asked for, or that it is coming, or why it does not. */
export function Fetched<Answer>(props: {
  readonly query: UseQueryResult<Answer>;
  readonly says: string;
  readonly children: (answer: Answer) => ReactNode;
}) {
  const { query, says, children } = props;
  if (query.data !== undefined) return children(query.data);
  return (
    <div className="rounded-md border border-line bg-surface">
      {query.isError ? (
        <ErrorState fault={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <SkeletonLines lines={8} says={says} />
      )}
    </div>
  );
}
