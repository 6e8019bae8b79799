import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { SilenceState } from "@tillwatch/wire";
import { BellOff } from "lucide-react";
import { sitesQuery } from "../api/queries.ts";
import { useMay } from "../app/may.ts";
import { Tag } from "../design/badge.tsx";
import { buttonClass } from "../design/button.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { SkeletonLines } from "../design/skeleton.tsx";
import { endText } from "../design/time.tsx";
import { Who } from "../people/who.tsx";
import { Dismissals } from "./dismissals.tsx";
import { silencesQuery } from "./silence-queries.ts";
import type { SilenceItem, SilenceList } from "./silence-shapes.ts";
import { hiddenText, stateWords, waitsForSignature, whatText, whereText } from "./silence-words.ts";

/** What nobody is told of, for a time: by whom, why, until when, and what that held back. */
export function SilencesPage() {
  const silences = useQuery(silencesQuery);
  const may = useMay();
  return (
    <>
      <title>Silences · Tillwatch</title>
      <header className="flex flex-wrap items-end justify-between gap-3 pt-5 pb-3 md:pt-7">
        <div>
          <h1 className="text-xl font-semibold tracking-tight">Silences</h1>
          <p className="max-w-prose text-sm text-ink-muted">
            What a silence covers waits on the watch list and tells nobody. Violence, weapons and alarms are never
            silenced, nor what people report.
          </p>
        </div>
        {may("silence:write") ? (
          <Link to="/silences/new" className={buttonClass("primary")}>
            New silence
          </Link>
        ) : null}
      </header>
      {silences.data === undefined ? (
        <div className="rounded-md border border-line bg-surface">
          {silences.isError ? (
            <ErrorState fault={silences.error} onRetry={() => void silences.refetch()} />
          ) : (
            <SkeletonLines lines={8} says="Loading the silences" />
          )}
        </div>
      ) : (
        <>
          <Sections list={silences.data} />
          <Dismissals />
        </>
      )}
    </>
  );
}

const sections: readonly SilenceState[] = ["active", "to_come", "ended"];

function Sections({ list }: { readonly list: SilenceList }) {
  const filled = sections.filter((state) => list.items.some((item) => item.state === state));
  if (!filled.includes("active")) filled.unshift("active");
  return (
    <div className="grid grid-cols-1 gap-6">
      {filled.map((state) => (
        <Section key={state} state={state} list={list} />
      ))}
    </div>
  );
}

function Section({ state, list }: { readonly state: SilenceState; readonly list: SilenceList }) {
  const items = list.items.filter((item) => item.state === state);
  const id = `silences-${state}`;
  return (
    <section aria-labelledby={id}>
      <h2 id={id} className="pb-2 text-sm font-semibold">
        {stateWords[state].says} <span className="font-normal text-ink-muted tabular-nums">{items.length}</span>
      </h2>
      <div className="rounded-md border border-line bg-surface shadow-raised">
        {items.length === 0 ? (
          <EmptyState icon={BellOff} title="Nothing is silenced">
            Everything that is found opens its cases and tells whoever is to be told.
          </EmptyState>
        ) : (
          <ul>
            {items.map((item) => (
              <Row key={item.id} item={item} names={list.names} />
            ))}
          </ul>
        )}
      </div>
    </section>
  );
}

function Row({ item, names }: { readonly item: SilenceItem; readonly names: SilenceList["names"] }) {
  const may = useMay();
  const sites = useQuery({ ...sitesQuery, enabled: may("site:list") }).data?.items ?? [];
  return (
    <li className="relative grid gap-x-6 gap-y-1 border-b border-line px-4 py-3 text-sm last:border-0 focus-within:bg-hover hover:bg-hover md:grid-cols-[minmax(0,1fr)_minmax(0,22rem)]">
      <div className="grid min-w-0 gap-0.5">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <Link
            to="/silences/$id"
            params={{ id: item.id }}
            className="text-base font-semibold break-words after:absolute after:inset-0 after:content-['']"
          >
            {whatText(item)}
          </Link>
          {waitsForSignature(item) ? <Tag tone="warn">waits for a signature</Tag> : null}
        </p>
        <p className="text-ink-soft">{whereText(item, sites)}</p>
        <p className="break-words text-ink-muted">&ldquo;{item.because}&rdquo;</p>
      </div>
      <div className="grid content-start gap-0.5 md:justify-items-end md:text-right">
        <p className="font-medium">{timesText(item)}</p>
        {item.state === "to_come" ? null : <p className="text-ink-soft">held back {hiddenText(item.hidden)}</p>}
        <p className="text-xs text-ink-muted">
          by <Who actor={item.owner} names={names} />
        </p>
      </div>
    </li>
  );
}

function timesText({ state, startsAt, endsAt, ended }: SilenceItem): string {
  if (state === "to_come") return `${endText(startsAt)} to ${endText(endsAt)}`;
  if (state === "active") return `until ${endText(endsAt)}`;
  return ended === null ? `ended ${endText(endsAt)}` : `ended early, ${endText(ended.at)}`;
}
