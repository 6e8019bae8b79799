import { severityText, type Addition, type Score } from "@tillwatch/wire";
import { cx } from "./cx.ts";
import { openingThreshold } from "./severity.tsx";
import {
  axisMarks,
  axisPercent,
  logisticOfMilli,
  milliOfSeverity,
  waterfall,
  type Waterfall as Steps,
  type WaterfallStep,
} from "./waterfall-steps.ts";
import { milliText } from "./words.ts";

const kindWords: Readonly<Record<Addition["kind"], string>> = {
  base_rate: "Where every score starts",
  detection: "Rule matched",
  corroboration: "Sources agree",
  context: "Time and place",
  exculpatory: "Speaks against it",
  person_report: "A person reported it",
};

/** Arithmetic, not a reason: it takes back what one kind of source said over and over. */
function isLimit(addition: Addition): boolean {
  return addition.code.startsWith("kind_limit.");
}

const noTitles: ReadonlyMap<string, string> = new Map();

const columns = "md:grid md:grid-cols-[minmax(0,5fr)_minmax(0,6fr)_5rem_4.5rem] md:items-center md:gap-x-4";

/**
 * The score as a waterfall: what it starts from, what each reason adds or takes, where it ends. It is a table with a drawing in one
 * column, so that nothing is only in the drawing. The amounts are exact: they sum to the total without rounding.
 */
export function Waterfall(props: {
  readonly score: Score;
  readonly titles?: ReadonlyMap<string, string>; // of rules by their id, which says nothing to a reader
}) {
  const { score, titles = noTitles } = props;
  const thresholdMilli = milliOfSeverity(openingThreshold);
  const steps = waterfall(score.additions, [thresholdMilli]);
  return (
    <table aria-label="How the score came about" className="block w-full text-sm">
      <thead className="block">
        <tr className={cx("border-b border-line px-4 py-2 text-xs text-ink-muted max-md:block", columns)}>
          <Head>Reason</Head>
          <th className="block font-normal">
            <span className="sr-only">Drawing of the change; </span>
            <Axis of={steps} />
          </th>
          <Head right>Adds</Head>
          <Head right>Severity</Head>
        </tr>
      </thead>
      <tbody className="block">
        {steps.steps.map((step) => (
          <StepRow
            key={`${step.addition.kind}-${step.addition.code}`}
            step={step}
            of={steps}
            title={titles.get(step.addition.code) ?? null}
          />
        ))}
      </tbody>
      <tfoot className="block">
        <TotalRow of={steps} score={score} />
      </tfoot>
    </table>
  );
}

function Head({ children, right = false }: { readonly children: string; readonly right?: boolean }) {
  return <th className={cx("font-medium max-md:sr-only md:block", right ? "text-right" : "text-left")}>{children}</th>;
}

/** Marks at the severities; the threshold is the heavy one. */
function Axis({ of }: { readonly of: Steps }) {
  return (
    <span className="relative block h-4">
      {axisMarks(of).map(({ severity, percent }) => (
        <span
          key={severity}
          className={cx(
            "absolute -translate-x-1/2 text-2xs",
            severity === openingThreshold ? "font-semibold text-ink" : "text-ink-muted",
          )}
          style={{ left: `${percent}%` }}
        >
          {severity}
        </span>
      ))}
    </span>
  );
}

function StepRow(props: { readonly step: WaterfallStep; readonly of: Steps; readonly title: string | null }) {
  const { step, of, title } = props;
  const { addition, fromMilli, toMilli } = step;
  const isBase = addition.kind === "base_rate";
  const raises = addition.milliLogOdds >= 0;
  const colour = isBase ? "bg-line-strong" : raises ? "bg-raises" : "bg-lowers";
  return (
    <tr className={cx("border-b border-line px-4 max-md:block max-md:py-2.5", columns)}>
      <td className="block min-w-0 md:py-2.5">
        <p>{addition.says}</p>
        <p className="text-xs text-ink-muted">
          {isLimit(addition) ? "One kind of source counts only so much" : kindWords[addition.kind]}
          {isBase || addition.kind === "corroboration" ? null : (
            <>
              {" · "}
              {title ?? <span className="font-mono text-2xs">{addition.code}</span>}
            </>
          )}
        </p>
      </td>
      <td className="block max-md:mt-1.5 md:self-stretch">
        <span className="sr-only">
          {isBase ? "starts" : raises ? "raises" : "lowers"} from {severityText(logisticOfMilli(fromMilli))} to{" "}
          {severityText(logisticOfMilli(toMilli))}
        </span>
        <Bar of={of} fromMilli={isBase ? of.minMilli : fromMilli} toMilli={toMilli} colour={colour} />
      </td>
      <td
        className={cx(
          "font-mono text-sm font-medium max-md:mr-4 max-md:inline-block md:block md:text-right",
          isBase ? "text-ink-soft" : raises ? "text-raises" : "text-lowers",
        )}
      >
        {milliText(addition.milliLogOdds)}
      </td>
      <td className="text-ink-soft max-md:inline-block md:block md:text-right">
        <span className="text-xs text-ink-muted md:hidden">severity now </span>
        {severityText(logisticOfMilli(toMilli))}
      </td>
    </tr>
  );
}

function Bar(props: {
  readonly of: Steps;
  readonly fromMilli: number;
  readonly toMilli: number;
  readonly colour: string;
}) {
  const { of, fromMilli, toMilli, colour } = props;
  const from = axisPercent(fromMilli, of);
  const to = axisPercent(toMilli, of);
  const threshold = axisPercent(milliOfSeverity(openingThreshold), of);
  return (
    <span aria-hidden="true" className="relative block h-5 md:h-full">
      {axisMarks(of).map(({ severity, percent }) => (
        <span key={severity} className="absolute inset-y-0 w-px bg-line" style={{ left: `${percent}%` }} />
      ))}
      <span className="absolute inset-y-0 w-0.5 -translate-x-1/2 bg-ink" style={{ left: `${threshold}%` }} />
      <span
        className={cx("absolute top-1/2 h-4 min-w-0.5 -translate-y-1/2 rounded-xs", colour)}
        style={{ left: `${Math.min(from, to)}%`, width: `${Math.abs(to - from)}%` }}
      />
    </span>
  );
}

function TotalRow({ of, score }: { readonly of: Steps; readonly score: Score }) {
  const agrees = of.totalMilli === score.totalMilliLogOdds;
  return (
    <tr className={cx("bg-sunken px-4 font-semibold max-md:block max-md:py-3", columns)}>
      <td className="block md:py-3">
        Together
        <p className="text-xs font-normal text-ink-muted">
          {agrees
            ? "The amounts above sum exactly to this."
            : `The amounts above sum to ${milliText(of.totalMilli)}: this differs from the recorded total. Treat the score with care.`}
        </p>
      </td>
      <td className="block max-md:mt-1.5 md:self-stretch">
        <span className="sr-only">total</span>
        <Bar of={of} fromMilli={of.minMilli} toMilli={score.totalMilliLogOdds} colour="bg-total" />
      </td>
      <td className="font-mono max-md:mr-4 max-md:inline-block md:block md:text-right">
        {milliText(score.totalMilliLogOdds)}
      </td>
      <td className="max-md:inline-block md:block md:text-right">
        <span className="text-xs font-normal text-ink-muted md:hidden">severity </span>
        {severityText(score.severity)}
      </td>
    </tr>
  );
}
