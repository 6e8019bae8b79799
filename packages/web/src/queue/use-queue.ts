import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { riskOf, type IncidentSummary } from "@tillwatch/wire";
import { useMemo, useState } from "react";
import { liveSummariesKey, type LiveSummaries } from "../api/live-cache.ts";
import { queueQuery, type QueueFilter } from "../api/queries.ts";
import { freeze, newest, queueRows, type Frozen } from "./queue-rows.ts";

const none: readonly IncidentSummary[] = [];
const noneLive: LiveSummaries = new Map();

/** The list of one filter: fetched pages, merged with the live feed, in an order that changes only when the reader lets it. */
export function useQueue(filter: QueueFilter, follow: boolean) {
  const pages = useInfiniteQuery(queueQuery(filter));
  const { data: live = noneLive } = useQuery<LiveSummaries>({ queryKey: liveSummariesKey, enabled: false });
  const fetched = useMemo(() => pages.data?.pages.flatMap((page) => page.items) ?? none, [pages.data]);
  const known = useMemo(() => newest(fetched, live), [fetched, live]);
  const [frozen, setFrozen] = useState<Frozen | null>(null);
  const [pageCount, setPageCount] = useState(0);

  const fetchedPages = pages.data?.pages.length ?? 0;
  if (pages.data !== undefined && (frozen === null || fetchedPages > pageCount)) {
    // First data, or a further page that the reader asked for: what is shown stays, the rest is put below it.
    const shown = new Set(frozen?.map((row) => row.id));
    const more = fetched.filter((summary) => !shown.has(summary.id));
    setFrozen([...(frozen ?? []), ...more.map((row) => ({ id: row.id, risk: riskOf(row) }))]);
    setPageCount(fetchedPages);
  }

  const openEnd = pages.hasNextPage;
  const result = useMemo(
    () => queueRows({ frozen: frozen ?? [], known, filter, openEnd }),
    [frozen, known, filter, openEnd],
  );

  const letIn = (): void => {
    setFrozen(freeze([...(frozen ?? []).map((row) => row.id), ...result.newIds], known, filter));
    void pages.refetch(); // the sentences about the rank are the server's
  };

  // An empty list has nobody reading it: what arrives is shown at once. So it is when the reader asked to follow.
  const letInNow = frozen !== null && (follow || result.rows.length === 0);
  if (letInNow && (result.newIds.length > 0 || result.movedCount > 0)) {
    setFrozen(freeze([...frozen.map((row) => row.id), ...result.newIds], known, filter));
  }
  return { ...result, pages, letIn };
}
