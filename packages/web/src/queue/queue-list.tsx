import { ArrowUp, Eye, Inbox, ListChecks, type LucideIcon } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { QueueFilter, QueueView } from "../api/queries.ts";
import { Button } from "../design/button.tsx";
import { ShowMore } from "../design/show-more.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { KeyHint } from "../design/key-hint.tsx";
import { useKeys } from "../design/keys.ts";
import { readStored, writeStored } from "../design/stored.ts";
import { noteQueueOrder } from "./queue-order.ts";
import { QueueRow, QueueRowSkeleton } from "./queue-row.tsx";
import { isFiltered } from "./queue-search.ts";
import { useQueue } from "./use-queue.ts";

const skeletonRows = 8;

export function QueueList({ filter }: { readonly filter: QueueFilter }) {
  const [follow, setFollow] = useState(() => readStored("follow") === "yes");
  const { rows, newIds, movedCount, pages, letIn } = useQueue(filter, follow);
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => noteQueueOrder(rows.map((row) => row.id)), [rows]);
  useRowKeys(list, letIn);
  const changeFollow = (on: boolean): void => {
    writeStored("follow", on ? "yes" : null);
    setFollow(on);
  };
  if (pages.isError && rows.length === 0)
    return <ErrorState fault={pages.error} onRetry={() => void pages.refetch()} />;
  return (
    <div className="grid grid-cols-1 gap-3">
      {pages.isError ? <ErrorState fault={pages.error} onRetry={() => void pages.refetch()} /> : null}
      <div className="overflow-hidden rounded-md border border-line bg-surface shadow-raised">
        <div className="flex h-12 items-center justify-between gap-3 border-b border-line px-4 text-xs text-ink-muted">
          <NewRows
            count={newIds.length}
            moved={movedCount}
            shown={pages.isPending ? null : rows.length}
            onLetIn={letIn}
          />
          <label className="flex items-center gap-2 pointer-coarse:min-h-(--tap)" title="Let new rows in by themselves">
            <input
              type="checkbox"
              checked={follow}
              onChange={(event) => changeFollow(event.target.checked)}
              className="size-4 accent-accent"
            />
            Follow live
          </label>
        </div>
        <ol ref={list} aria-label="Items, highest risk first" aria-busy={pages.isPending}>
          {pages.isPending
            ? Array.from({ length: skeletonRows }, (_, row) => <QueueRowSkeleton key={row} />)
            : rows.map((row) => <QueueRow key={row.id} summary={row} />)}
          {!pages.isPending && rows.length === 0 ? <NothingHere filter={filter} /> : null}
        </ol>
      </div>
      <ShowMore pages={pages} />
    </div>
  );
}

/** The reader decides when the order changes. The line is always there, so that the notice moves nothing. */
function NewRows(props: {
  readonly count: number;
  readonly moved: number;
  readonly shown: number | null; // null: not loaded yet
  readonly onLetIn: () => void;
}) {
  const { count, moved, shown, onLetIn } = props;
  const words = [count > 0 ? `${count} new` : "", moved > 0 ? `${moved} changed rank` : ""].filter(
    (part) => part !== "",
  );
  return (
    <div aria-live="polite">
      {words.length === 0 ? (
        <span>{shown === null ? "Loading" : `${shown} shown, highest risk on top`}</span>
      ) : (
        <Button look="primary" onClick={onLetIn} className="rise min-h-8 rounded-full pointer-coarse:min-h-10">
          <ArrowUp className="size-4" aria-hidden="true" />
          {words.join(", ")} · Show
          <KeyHint keys="R" />
        </Button>
      )}
    </div>
  );
}

function useRowKeys(list: React.RefObject<HTMLOListElement | null>, letIn: () => void): void {
  const move = (step: number): void => {
    const links = [...(list.current?.querySelectorAll<HTMLAnchorElement>("a[data-row]") ?? [])];
    const current = links.findIndex((link) => link === document.activeElement);
    const next = current === -1 ? (step > 0 ? 0 : links.length - 1) : current + step;
    const target = links[Math.min(Math.max(next, 0), links.length - 1)];
    target?.focus();
    target?.scrollIntoView({ block: "nearest" });
  };
  useKeys({ j: () => move(1), k: () => move(-1), r: letIn });
}

const emptyWords: Readonly<
  Record<QueueView, { readonly icon: LucideIcon; readonly title: string; readonly says: string }>
> = {
  incidents: {
    icon: ListChecks,
    title: "Nothing open",
    says: "No incident waits for anybody. New ones appear here by themselves within a second.",
  },
  watch: {
    icon: Eye,
    title: "Nothing on watch",
    says: "No situation lies below the threshold at the moment.",
  },
  closed: { icon: Inbox, title: "Nothing closed yet", says: "What people close, and what ages out, is kept here." },
};

function NothingHere({ filter }: { readonly filter: QueueFilter }) {
  const words = emptyWords[filter.view];
  return (
    <li>
      {isFiltered(filter) ? (
        <EmptyState icon={words.icon} title="Nothing matches these filters">
          Widen or clear them; the list itself may hold more.
        </EmptyState>
      ) : (
        <EmptyState icon={words.icon} title={words.title}>
          {words.says}
        </EmptyState>
      )}
    </li>
  );
}
