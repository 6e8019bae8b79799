import { Link, useNavigate } from "@tanstack/react-router";
import { severityText, type IncidentRecord, type Verdict } from "@tillwatch/wire";
import { ArrowLeft, ArrowRight, Check, CircleHelp, X, type LucideIcon } from "lucide-react";
import { placesFor } from "../app/places.ts";
import { LevelBadge, StateBadge, VerdictBadge } from "../design/badge.tsx";
import { mayWith, useMay } from "../app/may.ts";
import { Button } from "../design/button.tsx";
import { cx } from "../design/cx.ts";
import { KeyHint } from "../design/key-hint.tsx";
import { useKeys } from "../design/keys.ts";
import { SeverityGauge } from "../design/severity.tsx";
import { Ago } from "../design/time.tsx";
import { percent, verdictWords } from "../design/words.ts";
import { nextInQueue } from "../queue/queue-order.ts";
import { useVerdicts } from "./pending-verdict.tsx";

export function IncidentHeader({ record }: { readonly record: IncidentRecord }) {
  const navigate = useNavigate();
  const next = (): void => {
    const id = nextInQueue(record.id);
    void (id === null ? navigate({ to: "/" }) : navigate({ to: "/incidents/$id", params: { id } }));
  };
  const may = useMay();
  useKeys(may("site:list") ? { n: next } : {});
  return (
    <header className="pt-4 md:pt-6">
      <nav aria-label="Between incidents" className="mb-3 flex items-center justify-between">
        <BackLink />
        {may("site:list") ? (
          <Button look="quiet" onClick={next}>
            Next in the queue
            <KeyHint keys="N" />
            <ArrowRight className="size-4" aria-hidden="true" />
          </Button>
        ) : null}
      </nav>
      <div className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-5 gap-y-1 xl:grid-cols-[auto_minmax(0,1fr)_auto]">
        <div className="md:row-span-2">
          <SeverityGauge severity={record.severity} overridden={record.override !== null} large />
        </div>
        <p className="col-start-2 flex flex-wrap items-center gap-x-2 gap-y-1 self-center text-sm md:self-start">
          <span className="font-mono text-xs font-medium text-ink-soft">{record.ref}</span>
          <StateBadge state={record.state} />
          <LevelBadge level={record.level} compact />
        </p>
        <div className="min-w-0 max-md:col-span-2 max-md:mt-2 md:col-start-2">
          <h1 className="text-xl font-semibold tracking-tight">{record.title}</h1>
          <p className="text-sm text-ink-muted">
            {record.siteName}
            {record.zoneName === null ? "" : ` · ${record.zoneName}`} · {record.categoryTitle} · opened{" "}
            <Ago at={record.openedAt} />
            {" · "}
            <ScoreWords record={record} />
          </p>
        </div>
        {mayWith(record)("incident:verdict") ? <VerdictKeys record={record} /> : <VerdictSaid record={record} />}
      </div>
    </header>
  );
}

/** To where the person came from: a partner has no queue. */
function BackLink() {
  const { work } = placesFor(useMay());
  const place = work.find(({ to }) => to === "/" || to === "/shared");
  if (place === undefined) return <span />;
  return (
    <Link to={place.to} className="inline-flex min-h-9 items-center gap-1.5 text-sm text-ink-muted hover:text-ink">
      <ArrowLeft className="size-4" aria-hidden="true" />
      {place.label}
    </Link>
  );
}

/** The machine's value stays in sight beside a human one. */
function ScoreWords({ record }: { readonly record: IncidentRecord }) {
  if (record.override !== null && record.machineSeverity !== null) {
    return <span>severity set by a person; the machine says {severityText(record.machineSeverity)}</span>;
  }
  if (record.machineSeverity === null) return <span>severity set by a person</span>;
  return <span>{record.confidence === null ? "scored by rules" : `confidence ${percent(record.confidence)}`}</span>;
}

const choices: readonly { readonly verdict: Verdict; readonly key: string; readonly icon: LucideIcon }[] = [
  { verdict: "true", key: "T", icon: Check },
  { verdict: "false", key: "F", icon: X },
  { verdict: "unsure", key: "U", icon: CircleHelp },
];

/** Whoever gives none sees the one that was given. */
function VerdictSaid({ record }: { readonly record: IncidentRecord }) {
  if (record.verdict === null) return null;
  return (
    <p className="self-start text-sm max-xl:col-span-2 xl:col-start-3 xl:row-start-1">
      <VerdictBadge verdict={record.verdict} />
    </p>
  );
}

function VerdictKeys({ record }: { readonly record: IncidentRecord }) {
  const { pending, give, undo } = useVerdicts();
  const waiting = pending?.id === record.id ? pending.verdict : null;
  const chosen = waiting ?? record.verdict;
  const say = (verdict: Verdict): void => give({ id: record.id, ref: record.ref, verdict });
  useKeys({ t: () => say("true"), f: () => say("false"), u: () => say("unsure"), z: undo });
  return (
    <fieldset className="grid min-w-0 grid-cols-3 gap-2 self-start max-xl:col-span-2 max-xl:mt-3 md:max-xl:max-w-md xl:col-start-3 xl:row-span-2 xl:row-start-1 xl:min-w-80">
      <legend className="mb-1.5 text-xs font-medium text-ink-muted">Verdict: did this happen?</legend>
      {choices.map(({ verdict, key, icon: Icon }) => (
        <Button
          key={verdict}
          look={chosen === verdict ? "primary" : "plain"}
          aria-pressed={chosen === verdict}
          onClick={() => say(verdict)}
          className={cx("min-h-11", waiting === verdict && "outline-2 outline-offset-2 outline-dashed outline-accent")}
        >
          <Icon className="size-4" aria-hidden="true" />
          {verdictWords[verdict]}
          <KeyHint keys={key} />
        </Button>
      ))}
    </fieldset>
  );
}
