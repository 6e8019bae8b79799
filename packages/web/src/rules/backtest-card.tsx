import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { daysOfSignals } from "@tillwatch/wire";
import { useMay } from "../app/may.ts";
import { Tag } from "../design/badge.tsx";
import { Button } from "../design/button.tsx";
import { Card } from "../design/card.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { Select } from "../design/field.tsx";
import { Moment } from "../design/time.tsx";
import { BacktestChart } from "./backtest-chart.tsx";
import { backtestQuery, cancelBacktest, startBacktest } from "./rule-queries.ts";
import type { Backtest, BacktestAsked, Example } from "./rule-shapes.ts";
import { backtestEndText, daysBetween, differenceText, quietTexts, sumOfDays } from "./rule-words.ts";

const spans = [7, 30, 90] as const;

/**
 * What this text, or this version, would have made and unmade of the signals that are stored. `key` it by the version: what was asked for another
 * text says so here, and nothing is asked by itself, because the server does one at a time.
 */
export function BacktestCard({ asked, ready }: { readonly asked: BacktestAsked; readonly ready: boolean }) {
  const may = useMay();
  const [days, setDays] = useState<number>(30);
  const [begun, setBegun] = useState<{ readonly id: string; readonly of: string } | null>(null);
  const of = JSON.stringify(asked);
  const start = useMutation({
    mutationFn: () => startBacktest({ ...asked, days }),
    onSuccess: ({ id }) => setBegun({ id, of }),
  });
  const result = useQuery({ ...backtestQuery(begun?.id ?? ""), enabled: begun !== null });
  const runs = result.data?.state === "running" || (begun !== null && result.isPending);
  if (!may("rule:write")) return null;
  return (
    <Card
      title="Backtest"
      aside={
        <span className="flex flex-wrap items-center gap-2">
          <Select label="Signals of" quietLabel value={days} onChange={({ target }) => setDays(Number(target.value))}>
            {spans.map((span) => (
              <option key={span} value={span}>
                the last {span} days
              </option>
            ))}
          </Select>
          <Button look="plain" disabled={!ready || runs} busy={start.isPending} onClick={() => start.mutate()}>
            {begun === null ? "Backtest" : "Backtest again"}
          </Button>
        </span>
      }
    >
      <div className="grid grid-cols-1 gap-4">
        {start.isError ? <ErrorState fault={start.error} onRetry={() => start.mutate()} /> : null}
        {result.isError ? <ErrorState fault={result.error} onRetry={() => void result.refetch()} /> : null}
        {begun === null && !start.isError ? (
          <p className="max-w-prose text-sm text-ink-soft">
            {ready
              ? "Takes the stored signals through detection once more, with this text and without it, and shows what would have been made and unmade. Nothing is opened, and nobody is told."
              : "It can be backtested once it is understood."}
          </p>
        ) : null}
        {begun !== null && begun.of !== of ? (
          <p className="rounded-sm bg-warn-wash px-3 py-2 text-sm">
            The text has changed since: this is about the one before.
          </p>
        ) : null}
        {runs ? <Running backtest={result.data ?? null} /> : null}
        {result.data === undefined || runs ? null : <Ended backtest={result.data} />}
      </div>
    </Card>
  );
}

function Running({ backtest }: { readonly backtest: Backtest | null }) {
  const cancel = useMutation({ mutationFn: (id: string) => cancelBacktest(id) });
  const share = Math.floor((backtest?.share ?? 0) * 100);
  return (
    <div className="flex flex-wrap items-center gap-3">
      <progress
        className="h-2 w-full max-w-md accent-(--accent) sm:w-80"
        max={100}
        value={share}
        aria-label="How much of the log was read"
      />
      <output className="text-sm tabular-nums">
        {share} %, {(backtest?.signals ?? 0).toLocaleString("en-GB")} signals
      </output>
      {backtest === null ? null : (
        <Button look="quiet" busy={cancel.isPending} onClick={() => cancel.mutate(backtest.id)}>
          Cancel
        </Button>
      )}
    </div>
  );
}

function Ended({ backtest }: { readonly backtest: Backtest }) {
  if (backtest.state !== "done") return <p className="text-sm">{backtestEndText(backtest)}</p>;
  const { days, examples, signals, from, to, outdated, quiet, since } = backtest;
  const span = daysOfSignals(backtest);
  return (
    <>
      {outdated ? (
        <p className="rounded-sm bg-warn-wash px-3 py-2 text-sm">
          Other rules run by now than those that it was compared with.
        </p>
      ) : null}
      <dl className="grid grid-cols-2 gap-x-6 gap-y-3 lg:grid-cols-4">
        <Figure name="Incidents made" count={sumOfDays(days, "incident", "made")} days={span} />
        <Figure name="Incidents unmade" count={sumOfDays(days, "incident", "unmade")} days={span} />
        <Figure name="Situations made" count={sumOfDays(days, "situation", "made")} days={span} />
        <Figure name="Situations unmade" count={sumOfDays(days, "situation", "unmade")} days={span} />
      </dl>
      <BacktestChart days={days} from={from} to={to} />
      <p className="text-xs text-ink-muted">
        {signals.toLocaleString("en-GB")} signals of {daysBetween(from, to)} days, by the day on which they were
        received (UTC).
        {since === null || span > daysBetween(from, to) - 1 ? null : (
          <>
            {" "}
            The first was received <Moment at={since} />; a day is counted from there.
          </>
        )}
      </p>
      {quietTexts(quiet).map((says) => (
        <p key={says} className="max-w-prose text-sm">
          {says}
        </p>
      ))}
      <Examples examples={examples} none={signals === 0} />
    </>
  );
}

function Figure({ name, count, days }: { readonly name: string; readonly count: number; readonly days: number }) {
  return (
    <div className="grid">
      <dt className="text-xs text-ink-muted">{name}</dt>
      <dd className="text-xl font-semibold tabular-nums">
        {count.toLocaleString("en-GB")}{" "}
        <span className="text-xs font-normal text-ink-muted">{(count / days).toFixed(1)} a day</span>
      </dd>
    </div>
  );
}

const shownMax = 12;

function Examples({ examples, none }: { readonly examples: readonly Example[]; readonly none: boolean }) {
  if (examples.length === 0) {
    const says = none ? "No signal was received in this time." : "The same situations and incidents as without it.";
    return <p className="text-sm">{says}</p>;
  }
  return (
    <section className="grid gap-1" aria-label="Examples">
      <h3 className="text-sm font-semibold">
        Examples{" "}
        <span className="font-normal text-ink-muted">
          the most severe{examples.length > shownMax ? `, ${shownMax} of ${examples.length}` : ""}
        </span>
      </h3>
      <ul className="-mx-4">
        {examples.slice(0, shownMax).map((one) => (
          <li
            key={`${one.kind} ${one.what} ${one.signals[0]?.id}`}
            className="grid gap-1 border-t border-line px-4 py-2 text-sm"
          >
            <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
              <Tag tone={one.kind === "made" ? "plain" : "warn"}>{differenceText(one)}</Tag>
              {one.held === true ? <Tag tone="plain">held back by a silence</Tag> : null}
              <span>
                <Moment at={one.at} /> · {one.siteId}
              </span>
              <span className="text-ink-muted tabular-nums">severity {one.severity.toFixed(2)}</span>
              <Cases example={one} />
            </span>
            <span className="text-ink-soft break-words">{one.rules.join(" · ")}</span>
            <span className="text-xs text-ink-muted">{one.signals.map(({ type }) => type).join(", ")}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The cases that hold its signals now. */
function Cases({ example }: { readonly example: Example }) {
  const cases = new Map(
    example.signals.flatMap(({ incidentId, incidentRef }) => (incidentId === null ? [] : [[incidentId, incidentRef]])),
  );
  if (cases.size === 0) return <span className="text-ink-muted">in no case</span>;
  return [...cases].map(([id, ref]) => (
    <Link key={id} to="/incidents/$id" params={{ id: id ?? "" }} className="font-mono text-xs underline">
      {ref}
    </Link>
  ));
}
