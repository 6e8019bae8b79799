import type { TimelineEntry } from "@tillwatch/wire";
import {
  Activity,
  ArrowRightLeft,
  Check,
  FileText,
  Gauge,
  Package,
  Paperclip,
  Pencil,
  PencilLine,
  Radar,
  Siren,
  type LucideIcon,
} from "lucide-react";
import type { ReactNode } from "react";
import { useState } from "react";
import { Tag } from "./badge.tsx";
import { cx } from "./cx.ts";
import { clockText, dayText, momentText, offsetText, ShopZoneNote, useShopZone } from "./time.tsx";
import { timelineWords } from "./words.ts";

const icons: Readonly<Record<TimelineEntry["kind"], LucideIcon>> = {
  signal: Activity,
  detection: Radar,
  score: Gauge,
  state: ArrowRightLeft,
  note: FileText,
  verdict: Check,
  override: Pencil,
  exhibit: Paperclip,
  packet: Package,
  response: Siren,
  field: PencilLine,
};

/** Everything in the order it truly happened, with what the device's own clock said where that differs. */
export function Timeline(props: {
  readonly entries: readonly TimelineEntry[];
  readonly detailOf?: (entry: TimelineEntry) => ReactNode;
  readonly whoOf?: (actor: string) => ReactNode;
}) {
  const { entries, detailOf, whoOf } = props;
  const zone = useShopZone();
  const [hidden, setHidden] = useState<ReadonlySet<TimelineEntry["kind"]>>(new Set());
  const kinds = [...new Set(entries.map((entry) => entry.kind))];
  const shown = entries.filter((entry) => !hidden.has(entry.kind));
  const toggle = (kind: TimelineEntry["kind"]): void => {
    const next = new Set(hidden);
    if (!next.delete(kind)) next.add(kind);
    setHidden(next);
  };
  return (
    <div className="grid gap-4">
      <fieldset aria-label="Kinds shown" className="flex min-w-0 flex-wrap gap-1.5">
        {kinds.map((kind) => (
          <KindToggle
            key={kind}
            kind={kind}
            count={entries.filter((entry) => entry.kind === kind).length}
            on={!hidden.has(kind)}
            onToggle={() => toggle(kind)}
          />
        ))}
      </fieldset>
      <p className="text-xs text-ink-muted empty:hidden">
        <ShopZoneNote />
      </p>
      {shown.length === 0 ? (
        <p className="text-sm text-ink-muted">Every kind is switched off. Switch one on above.</p>
      ) : (
        <ol className="grid">
          {shown.map((entry, index) => (
            <Entry
              key={entry.id}
              entry={entry}
              newDay={index === 0 || dayText(entry.at, zone) !== dayText(shown[index - 1]?.at ?? "", zone)}
              detail={detailOf?.(entry)}
              who={whoOf?.(entry.actor) ?? entry.actor}
            />
          ))}
        </ol>
      )}
    </div>
  );
}

function KindToggle(props: {
  readonly kind: TimelineEntry["kind"];
  readonly count: number;
  readonly on: boolean;
  readonly onToggle: () => void;
}) {
  const Icon = icons[props.kind];
  return (
    <button
      type="button"
      aria-pressed={props.on}
      onClick={props.onToggle}
      className={cx(
        "inline-flex min-h-7 items-center gap-1.5 rounded-full border px-2.5 text-xs font-medium pointer-coarse:min-h-(--tap)",
        props.on
          ? "border-line-strong bg-surface text-ink"
          : "border-dashed border-line-strong text-ink-muted line-through",
      )}
    >
      <Icon className="size-3.5" aria-hidden="true" />
      {timelineWords[props.kind]}
      <span className="font-normal text-ink-muted">{props.count}</span>
    </button>
  );
}

function Entry(props: {
  readonly entry: TimelineEntry;
  readonly newDay: boolean;
  readonly detail: ReactNode;
  readonly who: ReactNode;
}) {
  const { entry, newDay, detail, who } = props;
  const Icon = icons[entry.kind];
  const zone = useShopZone();
  return (
    <li className="group grid grid-cols-[4.25rem_1.75rem_minmax(0,1fr)] gap-x-2">
      <div className="pt-1 text-right text-sm">
        {newDay ? <p className="text-xs text-ink-muted">{dayText(entry.at, zone)}</p> : null}
        <time dateTime={entry.at} title={momentText(entry.at, zone)} className="font-medium">
          {clockText(entry.at, zone)}
        </time>
      </div>
      <div aria-hidden="true" className="relative grid justify-items-center">
        <span className="absolute top-0 bottom-0 w-px bg-line group-first:top-3 group-last:bottom-auto group-last:h-3" />
        <span className="relative grid size-6 place-items-center self-start rounded-full border border-line-strong bg-surface text-ink-soft">
          <Icon className="size-3.5" />
        </span>
      </div>
      <div className="min-w-0 pt-0.5 pb-4">
        <p className="text-sm">
          <span className="sr-only">{timelineWords[entry.kind]}: </span>
          {entry.says}
        </p>
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1 text-xs text-ink-muted">
          <span>{who}</span>
          {entry.late ? <Tag tone="warn">arrived late</Tag> : null}
          <ClockNote entry={entry} />
        </p>
        {detail}
      </div>
    </li>
  );
}

function ClockNote({ entry }: { readonly entry: TimelineEntry }) {
  const zone = useShopZone();
  if (entry.originalAt === null || entry.originalAt === entry.at) return null;
  return (
    <span>
      corrected; the device wrote{" "}
      <time dateTime={entry.originalAt} title={entry.originalAt} className="text-ink-soft">
        {clockText(entry.originalAt, zone)}
      </time>
      {entry.clockOffsetMs === null ? "" : `, its clock is ${offsetText(entry.clockOffsetMs)}`}
    </span>
  );
}
