import { useQuery } from "@tanstack/react-query";
import { backtestsQuery } from "./rule-queries.ts";
import type { Rule } from "./rule-shapes.ts";
import { matchesText, precisionText, shownDays, sumOf, versionWord } from "./rule-words.ts";

/** What speaks for a version before somebody lets it run or signs it: what it matched while it watched, what people said of that, and whether it was backtested. */
export function RunFigures({ rule, number }: { readonly rule: Rule; readonly number: number }) {
  const backtests = useQuery(backtestsQuery);
  const watches = rule.shadow === number;
  const watched = sumOf(rule.days, "shadow");
  const judged = rule.shadowJudged ?? { right: 0, wrong: 0 };
  const sha256 = rule.versions.find((one) => one.number === number)?.sha256;
  const done = (backtests.data?.items ?? []).filter(
    ({ state, subjects }) =>
      state === "done" &&
      subjects.some((one) => one.id === rule.id && (one.number === number || one.sha256 === sha256)),
  );
  const rows = [
    [
      "While it watched",
      watches ? `${watched === 0 ? "no match" : matchesText(watched)} in ${shownDays} days` : "it does not watch now",
    ],
    [
      "Verdicts",
      watches && judged.right + judged.wrong > 0
        ? `${precisionText(judged)} called ${rule.kind === "filter" ? "false" : "true"}`
        : "none",
    ],
    ["Backtest", backtests.isPending ? "…" : backtests.isError ? "not known" : backtestText(done.length)],
  ] as const;
  return (
    <dl
      className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 rounded-sm bg-sunken px-3 py-2 text-sm"
      aria-label={`Figures of ${versionWord(number)}`}
    >
      {rows.map(([name, says]) => (
        <div key={name} className="contents">
          <dt className="text-ink-muted">{name}</dt>
          <dd className="tabular-nums">{says}</dd>
        </div>
      ))}
    </dl>
  );
}

function backtestText(count: number): string {
  if (count === 0) return "it was not backtested";
  return count === 1 ? "it was backtested once" : `it was backtested ${count} times`;
}
