import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ErrorState } from "../design/error-state.tsx";
import { SkeletonLines } from "../design/skeleton.tsx";

/** What a query answered, or why there is nothing to show yet. */
export function Loaded<Data>(props: {
  readonly query: UseQueryResult<Data>;
  readonly says: string;
  readonly lines?: number;
  readonly children: (data: Data) => ReactNode;
}) {
  const { query, says, lines = 8, children } = props;
  if (query.data !== undefined) return children(query.data);
  if (query.isError) return <ErrorState fault={query.error} onRetry={() => void query.refetch()} />;
  return <SkeletonLines lines={lines} says={says} />;
}
