import type { IncidentRecord, IncidentSignal } from "@tillwatch/wire";
import { Activity } from "lucide-react";
import { Tag } from "../design/badge.tsx";
import { Card, Facts } from "../design/card.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { Moment, offsetText } from "../design/time.tsx";
import { ClipAddress } from "../privacy/clip-address.tsx";
import { codeText, joinedText } from "../design/words.ts";

/** What was observed, signal by signal, with why each one belongs here. */
export function SignalsPanel({ record }: { readonly record: IncidentRecord }) {
  return (
    <Card title="Signals that belong to this" flush>
      {record.signals.length === 0 ? (
        <EmptyState icon={Activity} title="No device signalled">
          This came from a person. A signal of the same place and time would join it here.
        </EmptyState>
      ) : (
        <ul>
          {record.signals.map((signal) => (
            <SignalItem key={signal.id} incidentId={record.id} signal={signal} />
          ))}
        </ul>
      )}
    </Card>
  );
}

/** What we added to the signal, and where each fact comes from. */
function Added({ enrichment }: { readonly enrichment: IncidentSignal["enrichment"] }) {
  if (enrichment.length === 0) return null;
  return (
    <div className="text-xs md:col-span-2">
      <h4 className="font-semibold">Added by us, and from where</h4>
      <ul className="mt-1 grid gap-1">
        {enrichment.map(({ fields, from, version, at }) => (
          <li key={fields.join()} className="text-ink-muted">
            <code className="font-mono break-words">{fields.join(", ")}</code> from {from}
            {version === null ? null : ` (${version})`}, looked up <Moment at={at} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function SignalItem({ incidentId, signal }: { readonly incidentId: string; readonly signal: IncidentSignal }) {
  const place = [signal.deviceId, signal.zoneId].filter((part) => part !== null).join(" · ");
  return (
    <li className="border-b border-line last:border-0">
      <details className="group">
        <summary className="grid gap-0.5 px-4 py-2.5 -outline-offset-2 hover:bg-hover">
          <span className="flex flex-wrap items-center gap-x-2 gap-y-1 text-sm">
            <span className="font-semibold">{codeText(signal.type)}</span>
            <span className="text-ink-soft">{place === "" ? signal.source : place}</span>
            {signal.late ? <Tag tone="warn">arrived late</Tag> : null}
            {signal.clockOffsetMs === null ? null : <Tag tone="warn">clock {offsetText(signal.clockOffsetMs)}</Tag>}
            <span className="ml-auto text-xs text-ink-muted">
              <Moment at={signal.correctedAt} />
            </span>
          </span>
          <span className="text-sm text-ink-muted">{joinedText(signal.joinedBecause)}</span>
        </summary>
        <div className="grid gap-4 bg-sunken px-4 py-3 md:grid-cols-2">
          <Facts
            items={[
              [
                "Event class",
                <code key="type" className="font-mono text-xs">
                  {signal.type}
                </code>,
              ],
              ["Source", signal.source],
              ["Shape", signal.shape],
              [
                "Source wrote",
                <code key="at" className="font-mono text-xs">
                  {signal.occurredAt}
                </code>,
              ],
              ["Corrected", <Moment key="corrected" at={signal.correctedAt} />],
              ["Received", <Moment key="received" at={signal.receivedAt} />],
              [
                "Signal",
                <code key="id" className="font-mono text-xs break-all">
                  {signal.id}
                </code>,
              ],
              ...signal.media.map(
                (media) =>
                  [media.kind, <ClipAddress key={media.uri} incidentId={incidentId} clip={media.uri} />] as const,
              ),
            ]}
          />
          <pre
            // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- scrolls, so the keyboard must reach it
            tabIndex={0}
            aria-label="Facts of the signal"
            className="max-h-72 overflow-auto rounded-sm bg-surface p-3 font-mono text-xs"
          >
            {JSON.stringify(signal.data, null, 2)}
          </pre>
          <Added enrichment={signal.enrichment} />
        </div>
      </details>
    </li>
  );
}
