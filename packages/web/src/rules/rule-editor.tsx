import { useQuery } from "@tanstack/react-query";
import { CircleCheck, CircleX } from "lucide-react";
import { useDeferredValue, useEffect, useRef, useState } from "react";
import type { RuleKind, RuleProblem, RuleTest } from "@tillwatch/wire";
import { Button } from "../design/button.tsx";
import { Card } from "../design/card.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { TextArea } from "../design/field.tsx";
import { BacktestCard } from "./backtest-card.tsx";
import { Diff } from "./diff.tsx";
import { checkQuery } from "./rule-queries.ts";
import type { Check } from "./rule-shapes.ts";

const quietMs = 350;

/** What was typed, once nothing more was typed for a moment. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), quietMs);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}

/** The text of a rule, and beside it what the server says of it as it stands: what is wrong and where, and what came of its tests. */
export function RuleEditor(props: {
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly action: string;
  readonly unchanged: boolean;
  readonly onSave: () => void;
  readonly onCancel?: () => void;
  readonly against?: { readonly id: string; readonly number: number }; // the version that it would change
}) {
  const { text, onText, action, unchanged, onSave, onCancel, against = null } = props;
  // As high as the text that it begins with, within reason; it keeps its height while somebody types.
  const [rows] = useState(() => Math.min(36, Math.max(18, text.split("\n").length + 1)));
  const frame = useRef<HTMLDivElement>(null);
  const settled = useDeferredValue(useSettled(text));
  const check = useQuery(checkQuery(settled, against));
  const current = settled === text && !check.isPlaceholderData ? check.data : undefined;
  const goTo = ({ line, column }: Pick<RuleProblem, "line" | "column">) => {
    const field = frame.current?.querySelector("textarea") ?? null;
    if (field === null) return;
    const at =
      text
        .split("\n")
        .slice(0, line - 1)
        .reduce((sum, one) => sum + one.length + 1, 0) +
      column -
      1;
    field.focus();
    field.setSelectionRange(at, at);
  };
  return (
    <div className="grid grid-cols-1 items-start gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
      <div ref={frame} className="grid grid-cols-1 gap-3">
        <TextArea
          label="Rule file"
          rows={rows}
          spellCheck={false}
          autoCapitalize="off"
          autoCorrect="off"
          wrap="off"
          className="font-mono text-xs leading-5"
          value={text}
          onChange={({ target }) => onText(target.value)}
          hint="One Sigma rule in YAML with its tests, a correlation with the rules that it counts, or a filter. It is kept as it is: write no data of people into it."
        />
        <div className="flex justify-end gap-2">
          {onCancel === undefined ? null : (
            <Button look="quiet" onClick={onCancel}>
              Cancel
            </Button>
          )}
          <Button
            look="primary"
            disabled={unchanged || current === undefined || current.problems.length > 0}
            onClick={onSave}
          >
            {action}
          </Button>
        </div>
      </div>
      <div className="grid grid-cols-1 gap-4">
        {check.isError ? <ErrorState fault={check.error} onRetry={() => void check.refetch()} /> : null}
        <CheckResult check={check.data ?? null} busy={current === undefined} onPlace={goTo} />
      </div>
      <Consequences text={text} check={current ?? null} />
    </div>
  );
}

/** What keeping it would change: its lines, and what comes of the stored signals. */
function Consequences({ text, check }: { readonly text: string; readonly check: Check | null }) {
  return (
    <div className="grid grid-cols-1 gap-4 lg:col-span-2">
      {check?.diff == null ? null : (
        <Card title="What it changes" flush>
          <Diff lines={check.diff} />
        </Card>
      )}
      <BacktestCard
        asked={{ files: [{ file: "rule.yml", rule: text }] }}
        ready={check !== null && check.problems.length === 0}
      />
    </div>
  );
}

type Shown = {
  readonly check: Check | null;
  readonly busy?: boolean;
  readonly onPlace?: (place: Pick<RuleProblem, "line" | "column">) => void;
};

export function CheckResult({ check, busy = false, onPlace }: Shown) {
  if (check === null) return null;
  const { problems, tests } = check;
  return (
    <>
      <Card
        title={
          problems.length > 0
            ? "What is wrong"
            : check.facts?.kind === "filter"
              ? "The filter is understood"
              : "The rule is understood"
        }
        aside={<span className="text-xs text-ink-muted">{busy ? "checking …" : "as it stands"}</span>}
        flush={problems.length > 0}
      >
        {problems.length === 0 ? (
          <p className="text-sm">{check.facts === null ? "" : factsText(check.facts)}</p>
        ) : (
          <ul aria-label="Problems">
            {problems.map((problem, at) => (
              <li
                // One place may have several problems of one code; twice the same key would leave lines of an earlier text standing.
                // oxlint-disable-next-line react/no-array-index-key -- see above
                key={at}
                className="grid gap-0.5 border-b border-line px-4 py-3 text-sm last:border-0"
              >
                <span className="flex flex-wrap items-baseline gap-x-2">
                  {onPlace === undefined ? (
                    <span className="font-mono text-xs">{placeOf(problem)}</span>
                  ) : (
                    <button type="button" className="font-mono text-xs underline" onClick={() => onPlace(problem)}>
                      {placeOf(problem)}
                    </button>
                  )}
                  <span className="font-mono text-2xs text-ink-muted">{problem.code}</span>
                </span>
                <span>{problem.message}</span>
                <span className="text-ink-soft">{problem.remedy}</span>
              </li>
            ))}
          </ul>
        )}
      </Card>
      {problems.length > 0 ? null : <Tests tests={tests} of={check.facts?.kind ?? "rule"} />}
    </>
  );
}

function placeOf({ line, column }: RuleProblem): string {
  return `line ${line}, column ${column}`;
}

/** What follows from what the file says. */
function factsText({ kind, pages, narrows }: NonNullable<Check["facts"]>): string {
  if (kind !== "filter")
    return pages
      ? "It can open or raise a case, so it runs with enough precision or a second signature."
      : "It adds no points and has level 1, so it puts nobody on his feet.";
  const named = narrows
    .slice(0, 3)
    .map((title) => `“${title}”`)
    .join(", ");
  const more = narrows.length > 3 ? ` and ${narrows.length - 3} more` : "";
  return `It narrows ${named}${more}. ${
    pages
      ? "It hides what can open or raise a case, so it runs with a second signature."
      : "It hides nothing that puts somebody on his feet."
  }`;
}

const wayWords = {
  rule: { match: "must match", no_match: "must not match" },
  correlation: { match: "must match", no_match: "must not match" },
  filter: { match: "must still match", no_match: "must match no more" },
} as const;

function Tests({ tests, of }: { readonly tests: readonly RuleTest[]; readonly of: RuleKind }) {
  const passed = tests.filter(({ ok }) => ok).length;
  const ways = new Set(tests.map(({ expected }) => expected));
  return (
    <Card
      title="Its tests"
      aside={
        <output className="text-xs text-ink-muted">
          {passed} of {tests.length} pass
        </output>
      }
      flush
    >
      {ways.size === 2 ? null : (
        <p className="px-4 py-3 text-sm text-bad">
          {of === "filter"
            ? "It needs an event that must still match and one that must match no more, before it can watch or run."
            : "It needs an event that must match and one that must not, before it can watch or run."}
        </p>
      )}
      <ul aria-label="Tests of the rule">
        {tests.map((one, at) => (
          <li
            // Titles may repeat; the order is that of the file.
            // oxlint-disable-next-line react/no-array-index-key -- see above
            key={`${at}:${one.title}`}
            className="flex gap-2 border-t border-line px-4 py-2 text-sm first:border-0"
          >
            {one.ok ? (
              <CircleCheck className="mt-0.5 size-4 shrink-0 text-good" aria-label="passes" />
            ) : (
              <CircleX className="mt-0.5 size-4 shrink-0 text-bad" aria-label="fails" />
            )}
            <span className="grid min-w-0">
              <span className="break-words">{one.title}</span>
              <span className="text-xs text-ink-muted">
                {wayWords[of][one.expected]}
                {one.ok
                  ? ""
                  : one.note === null
                    ? one.got === "match"
                      ? ", and does"
                      : ", and does not"
                    : `: ${one.note}`}
              </span>
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
