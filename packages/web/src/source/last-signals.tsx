import { useQuery } from "@tanstack/react-query";
import type { SourceSignal, SourceSummary } from "@tillwatch/wire";
import { Activity } from "lucide-react";
import { sourceSignalsQuery } from "../api/queries.ts";
import { Tag } from "../design/badge.tsx";
import { Dialog } from "../design/dialog.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { SkeletonLines } from "../design/skeleton.tsx";
import { Ago, offsetText } from "../design/time.tsx";
import { codeText } from "../design/words.ts";

/** What a source signalled last, as it came: whether what was sent arrived as it was meant. */
export function LastSignals({
  source,
  onClose,
}: {
  readonly source: SourceSummary | null;
  readonly onClose: () => void;
}) {
  return (
    <Dialog
      title={source === null ? "Last signals" : `Last signals of ${source.name}`}
      open={source !== null}
      onClose={onClose}
    >
      {source === null ? null : <Signals source={source.source} />}
    </Dialog>
  );
}

function Signals({ source }: { readonly source: string }) {
  const signals = useQuery(sourceSignalsQuery(source));
  if (signals.data === undefined) {
    return signals.isError ? (
      <ErrorState fault={signals.error} onRetry={() => void signals.refetch()} />
    ) : (
      <SkeletonLines lines={8} says="Loading the last signals" />
    );
  }
  const { items } = signals.data;
  if (items.length === 0) {
    return (
      <EmptyState icon={Activity} title="Nothing lately">
        Its signals are older than what is looked through here. Those of a case stand there.
      </EmptyState>
    );
  }
  return (
    <div className="grid gap-3">
      <p className="text-sm text-ink-muted">
        The last {items.length === 1 ? "one" : items.length}, newest first, in the shape they came in. Text of people
        stays sealed.
      </p>
      <ul className="rounded-md border border-line">
        {items.map((signal) => (
          <SignalLine key={signal.id} signal={signal} />
        ))}
      </ul>
    </div>
  );
}

function SignalLine({ signal }: { readonly signal: SourceSignal }) {
  return (
    <li className="border-b border-line last:border-0">
      <details>
        <summary className="flex flex-wrap items-center gap-x-2 gap-y-1 px-3 py-2 text-sm -outline-offset-2 hover:bg-hover pointer-coarse:min-h-(--tap)">
          <span className="font-medium">{codeText(signal.type)}</span>
          <Tag>{codeText(signal.shape.replaceAll("-", "_"))}</Tag>
          <span className="ml-auto text-xs text-ink-muted">
            <Ago at={signal.receivedAt} />
          </span>
        </summary>
        <div className="grid gap-2 bg-sunken px-3 py-2">
          <p className="text-xs text-ink-soft">
            The source wrote <code className="font-mono">{signal.occurredAt}</code>
            {signal.clockOffsetMs === null
              ? ""
              : signal.clockOffsetMs < 0
                ? `: ${offsetText(signal.clockOffsetMs)} our clock, or sent late`
                : `: ${offsetText(signal.clockOffsetMs)} of our clock`}
          </p>
          <pre
            // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- scrolls, so the keyboard must reach it
            tabIndex={0}
            aria-label="The signal as it came"
            className="max-h-72 overflow-auto rounded-sm bg-surface p-3 font-mono text-xs"
          >
            {JSON.stringify(signal.original, null, 2)}
          </pre>
        </div>
      </details>
    </li>
  );
}
