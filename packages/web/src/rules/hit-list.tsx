import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Eye } from "lucide-react";
import { Card } from "../design/card.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { SkeletonLines } from "../design/skeleton.tsx";
import { Moment } from "../design/time.tsx";
import { hitsQuery } from "./rule-queries.ts";
import type { RuleItem } from "./rule-shapes.ts";

const shownMax = 20;

type Hit = Pick<RuleItem, "id" | "kind">;

/** The last signals that a watching version matched, and the case of each where other rules made one. */
export function HitList({ rule: { id, kind }, number }: { readonly rule: Hit; readonly number: number }) {
  const hits = useQuery(hitsQuery(id, number));
  const items = hits.data?.items ?? [];
  return (
    <Card
      title={
        kind === "filter"
          ? `What version ${number} would have kept out while it watched`
          : `What version ${number} matched while it watched`
      }
      className="lg:col-span-2"
      flush
      aside={items.length > shownMax ? <span className="text-xs text-ink-muted">the last {shownMax}</span> : null}
    >
      {hits.isError ? <ErrorState fault={hits.error} onRetry={() => void hits.refetch()} /> : null}
      {hits.isPending ? <SkeletonLines lines={4} says="Loading the matches" /> : null}
      {hits.data !== undefined && items.length === 0 ? (
        <EmptyState icon={Eye} title="Nothing yet">
          {kind === "filter"
            ? "Signals that its rules match from now on, and that it would keep from them, stand here."
            : "Signals that it matches from now on stand here."}
        </EmptyState>
      ) : null}
      <ul aria-label="Matches of the watching version">
        {items.slice(0, shownMax).map((hit) => (
          <li
            key={hit.signalId}
            className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1 border-b border-line px-4 py-2 text-sm last:border-0"
          >
            <span>
              <Moment at={hit.at} /> · {hit.siteId}
              {hit.deviceId === null ? "" : ` · ${hit.deviceId}`}
              {hit.type === null ? null : <span className="text-ink-muted"> · {hit.type}</span>}
            </span>
            {hit.incidentId === null ? (
              <span className="text-ink-muted">in no case</span>
            ) : (
              <Link to="/incidents/$id" params={{ id: hit.incidentId }} className="font-mono text-xs underline">
                {hit.incidentRef}
              </Link>
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}
