import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { AuditEntryView } from "@tillwatch/wire";
import { ScrollText } from "lucide-react";
import { auditQuery, type AuditFilter } from "../api/queries.ts";
import { readAuditSearch } from "../app/route-search.ts";
import { Button } from "../design/button.tsx";
import { Card } from "../design/card.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { SkeletonLines } from "../design/skeleton.tsx";
import { Moment } from "../design/time.tsx";
import { AuditFilters } from "./audit-filters.tsx";
import { CheckpointCard } from "./checkpoint-card.tsx";

export function AuditPage() {
  const search = readAuditSearch(useSearch({ from: "/shell/audit" }));
  const navigate = useNavigate({ from: "/audit" });
  return (
    <>
      <title>Audit · Tillwatch</title>
      <header className="pt-5 pb-4 md:pt-7">
        <h1 className="text-xl font-semibold tracking-tight">Audit</h1>
        <p className="text-sm text-ink-muted">
          Everything a person or the machine decided, in an append-only log. A changed or deleted row is found and
          named.
        </p>
      </header>
      <div className="grid items-start gap-4 xl:grid-cols-[minmax(0,1fr)_26rem]">
        <div className="grid grid-cols-1 gap-4 xl:sticky xl:top-6 xl:order-2">
          <CheckpointCard />
        </div>
        <Card
          title="Entries, newest first"
          flush
          aside={
            <AuditFilters
              key={JSON.stringify(search)}
              filter={search}
              onChange={(next) => void navigate({ search: next, replace: true })}
            />
          }
        >
          <EntryList filter={search} />
        </Card>
      </div>
    </>
  );
}

function EntryList({ filter }: { readonly filter: AuditFilter }) {
  const pages = useInfiniteQuery(auditQuery(filter));
  if (pages.data === undefined) {
    if (!pages.isError) return <SkeletonLines lines={14} says="Loading the entries" />;
    return (
      <div className="p-4">
        <ErrorState fault={pages.error} onRetry={() => void pages.refetch()} />
      </div>
    );
  }
  const entries = pages.data.pages.flatMap((page) => page.items);
  if (entries.length === 0) {
    return (
      <EmptyState icon={ScrollText} title="No entry matches">
        Kinds and actors are matched whole, for example incident.verdict and user:admin; the fields suggest the usual
        ones.
      </EmptyState>
    );
  }
  return (
    <>
      <ol>
        {entries.map((entry) => (
          <EntryItem key={entry.id} entry={entry} />
        ))}
      </ol>
      {pages.hasNextPage ? (
        <div className="grid justify-center p-3">
          <Button busy={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
            Show more
          </Button>
        </div>
      ) : null}
    </>
  );
}

/** Some reasons of the machine are codes: `its_category_and_level` reads as words too. */
function sentenceOf(because: string): string {
  return /^[a-z_]+$/.test(because) ? because.replaceAll("_", " ") : because;
}

function EntryItem({ entry }: { readonly entry: AuditEntryView }) {
  return (
    <li id={`entry-${entry.id}`} className="border-b border-line last:border-0">
      <details>
        <summary className="grid grid-cols-[3.5rem_minmax(0,1fr)] gap-x-3 px-4 py-2 -outline-offset-2 hover:bg-hover">
          <span
            className="text-right font-mono text-xs leading-5 text-ink-muted"
            title="Place in the log; the next checkpoint gives it one"
          >
            {entry.index ?? "next"}
          </span>
          <span className="min-w-0 text-sm">
            <span className="flex flex-wrap items-baseline gap-x-2">
              <span className="font-medium">{entry.kind.replaceAll(/[._]/g, " ")}</span>
              <span className="min-w-0 truncate text-ink-muted">
                {entry.subject.kind.replaceAll("_", " ")} {entry.subject.id}
              </span>
            </span>
            <span className="block text-ink-soft">{sentenceOf(entry.because)}</span>
            <span className="block text-xs text-ink-muted">
              {entry.actor} · <Moment at={entry.at} />
            </span>
          </span>
        </summary>
        <pre
          // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- scrolls, so the keyboard must reach it
          tabIndex={0}
          aria-label="Body of the entry"
          className="max-h-80 overflow-auto bg-sunken px-4 py-3 font-mono text-xs"
        >
          {JSON.stringify({ id: entry.id, body: entry.body }, null, 2)}
        </pre>
      </details>
    </li>
  );
}
