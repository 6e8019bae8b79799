import { useQuery } from "@tanstack/react-query";
import { Select } from "../design/field.tsx";
import { Card } from "../design/card.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { SkeletonLines } from "../design/skeleton.tsx";
import { Moment } from "../design/time.tsx";
import { Tag } from "../design/badge.tsx";
import { Who } from "../people/who.tsx";
import { BacktestCard } from "./backtest-card.tsx";
import { Diff } from "./diff.tsx";
import { CheckResult } from "./rule-editor.tsx";
import { versionQuery } from "./rule-queries.ts";
import type { Rule } from "./rule-shapes.ts";
import { stateWords, versionWord } from "./rule-words.ts";

/** A version: who wrote it and why, what it changes, its text, and what came of its tests. */
export function VersionPanel(props: {
  readonly rule: Rule;
  readonly number: number;
  readonly onNumber: (number: number) => void;
}) {
  const { rule, number, onNumber } = props;
  const version = useQuery(versionQuery(rule.id, number));
  const line = rule.versions.find((one) => one.number === number);
  return (
    <div className="grid grid-cols-1 gap-4">
      <div className="flex flex-wrap items-end gap-3">
        <Select label="Version" value={number} onChange={({ target }) => onNumber(Number(target.value))}>
          {rule.versions.map((one) => (
            <option key={one.number} value={one.number}>
              {versionWord(one.number)}, {stateWords[one.state].says.toLowerCase()}
            </option>
          ))}
        </Select>
        {line === undefined ? null : (
          <p className="flex min-h-9 flex-wrap items-center gap-2 text-sm">
            <Tag tone={stateWords[line.state].tone}>{stateWords[line.state].says}</Tag>
            {line.author === "pack" ? (
              <span className="text-ink-muted">{line.because}</span>
            ) : (
              <span>
                <Who actor={line.author} names={rule.names} />
                {line.at === null ? null : (
                  <span className="text-ink-muted">
                    {" · "}
                    <Moment at={line.at} />
                  </span>
                )}
                {" · "}&ldquo;{line.because}&rdquo;
              </span>
            )}
          </p>
        )}
      </div>
      {version.isError ? <ErrorState fault={version.error} onRetry={() => void version.refetch()} /> : null}
      {version.isPending ? <SkeletonLines lines={12} says="Loading the version" /> : null}
      {version.data === undefined ? null : (
        <div className="grid grid-cols-1 items-start gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
          <div className="grid grid-cols-1 gap-4">
            {version.data.against === null ? null : (
              <Card title={`What it changes, against ${versionWord(version.data.against)}`} flush>
                <Diff lines={version.data.diff} />
              </Card>
            )}
            <Card title="Its text" aside={<Digest sha256={version.data.sha256} />} flush>
              <Code label="Text of the version">{version.data.text}</Code>
            </Card>
          </div>
          <div className="grid grid-cols-1 gap-4">
            <CheckResult check={version.data.check} />
          </div>
          <div className="lg:col-span-2">
            <BacktestCard
              key={number}
              asked={{ version: { id: rule.id, number } }}
              ready={version.data.check.problems.length === 0}
            />
          </div>
        </div>
      )}
    </div>
  );
}

function Digest({ sha256 }: { readonly sha256: string }) {
  return (
    <span className="font-mono text-2xs text-ink-muted" title={sha256}>
      SHA-256 {sha256.slice(0, 12)}…
    </span>
  );
}

function Code({ label, children }: { readonly label: string; readonly children: string }) {
  return (
    // Who has no mouse scrolls a wide text with the arrow keys: it must take the focus (WCAG 2.1.1).
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- see above
    <section className="overflow-x-auto bg-sunken p-4" aria-label={label} tabIndex={0}>
      <pre className="font-mono text-xs leading-5">{children}</pre>
    </section>
  );
}
