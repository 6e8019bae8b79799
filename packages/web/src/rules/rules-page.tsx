import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Radar } from "lucide-react";
import { useState } from "react";
import type { RuleKind, RuleState } from "@tillwatch/wire";
import { useMay } from "../app/may.ts";
import { Tag } from "../design/badge.tsx";
import { buttonClass } from "../design/button.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { Select, TextField } from "../design/field.tsx";
import { SkeletonLines } from "../design/skeleton.tsx";
import { Table, type Column } from "../design/table.tsx";
import { HitsSpark } from "./hits-chart.tsx";
import { rulesQuery } from "./rule-queries.ts";
import type { RuleItem, RuleList } from "./rule-shapes.ts";
import {
  countText,
  kindWords,
  livePrecisionText,
  narrowsText,
  precisionText,
  shownDays,
  stateWords,
  sumOf,
} from "./rule-words.ts";

/** What is detected: every rule with where it stands and how it does. */
export function RulesPage() {
  const rules = useQuery(rulesQuery);
  const may = useMay();
  return (
    <>
      <title>Rules · Tillwatch</title>
      <header className="flex flex-wrap items-end justify-between gap-3 pt-5 pb-3 md:pt-7">
        <div>
          <h1 className="text-xl font-semibold tracking-tight">Rules</h1>
          <p className="max-w-prose text-sm text-ink-muted">
            What is detected, and how well. A change is a draft first, then watches without telling anybody, and then
            runs.
          </p>
        </div>
        {may("rule:write") ? (
          <span className="flex flex-wrap gap-2">
            <Link to="/rules/new" search={{ kind: "filter" }} className={buttonClass("plain")}>
              New filter
            </Link>
            <Link to="/rules/new" className={buttonClass("primary")}>
              New rule
            </Link>
          </span>
        ) : null}
      </header>
      {rules.data === undefined ? (
        <div className="rounded-md border border-line bg-surface">
          {rules.isError ? (
            <ErrorState fault={rules.error} onRetry={() => void rules.refetch()} />
          ) : (
            <SkeletonLines lines={14} says="Loading the rules" />
          )}
        </div>
      ) : (
        <RuleTable list={rules.data} />
      )}
    </>
  );
}

function RuleTable({ list }: { readonly list: RuleList }) {
  const [text, setText] = useState("");
  const [state, setState] = useState<RuleState | "">("");
  const [kind, setKind] = useState<RuleKind | "">("");
  const wanted = text.trim().toLowerCase();
  const shown = list.items.filter(
    (rule) =>
      (kind === "" || rule.kind === kind) &&
      (state === "" || rule.state === state || (state === "shadow" && rule.shadow !== null)) &&
      `${rule.title} ${rule.category} ${rule.service ?? ""} ${rule.id} ${rule.narrows.join(" ")}`
        .toLowerCase()
        .includes(wanted),
  );
  return (
    <div className="grid grid-cols-1 gap-3">
      <Notices list={list} />
      <div className="flex flex-wrap items-end gap-2">
        <TextField
          label="Find a rule"
          type="search"
          frameClass="w-full sm:w-72"
          value={text}
          onChange={({ target }) => setText(target.value)}
        />
        <Select label="State" value={state} onChange={({ target }) => setState(target.value as RuleState | "")}>
          <option value="">All</option>
          {(["active", "shadow", "draft", "retired"] as const).map((one) => (
            <option key={one} value={one}>
              {stateWords[one].says}
            </option>
          ))}
        </Select>
        <Select label="Kind" value={kind} onChange={({ target }) => setKind(target.value as RuleKind | "")}>
          <option value="">All</option>
          <option value="rule">Rules</option>
          <option value="correlation">Correlations</option>
          <option value="filter">Filters</option>
        </Select>
        <output className="ml-auto self-center text-xs text-ink-muted">
          {shown.length} of {list.items.length} · rulebook{" "}
          <span className="font-mono">{list.rulebook.version.replace("rules-", "").slice(0, 8)}</span>
        </output>
      </div>
      <div className="rounded-md border border-line bg-surface shadow-raised">
        {shown.length === 0 ? (
          <EmptyState icon={Radar} title="No such rule">
            Look for another word, or for all states.
          </EmptyState>
        ) : (
          <Table
            label="Rules"
            columns={columnsOf(list)}
            rows={shown}
            idOf={({ id }) => id}
            renderPhone={(rule) => <PhoneRow rule={rule} fromDay={list.fromDay} />}
          />
        )}
      </div>
    </div>
  );
}

/** What somebody should see before the list: rules that do not load, and versions that wait. */
function Notices({ list }: { readonly list: RuleList }) {
  const waiting = list.items.filter(({ asked }) => asked !== null);
  return (
    <>
      {list.rulebook.fault === null ? null : (
        <p role="alert" className="rounded-md border border-bad bg-bad-wash px-4 py-3 text-sm">
          Newer rules do not load here, so what ran before goes on: {list.rulebook.fault}
        </p>
      )}
      {waiting.length === 0 ? null : (
        <p className="rounded-md border border-line-strong bg-warn-wash px-4 py-3 text-sm">
          {waiting.length === 1 ? "One rule waits" : `${waiting.length} rules wait`} for a second signature:{" "}
          {waiting.map((rule, at) => (
            <span key={rule.id}>
              {at === 0 ? "" : ", "}
              <Link to="/rules/$id" params={{ id: rule.id }} className="font-medium underline">
                {rule.title}
              </Link>
            </span>
          ))}
        </p>
      )}
    </>
  );
}

function PhoneRow({ rule, fromDay }: { readonly rule: RuleItem; readonly fromDay: string }) {
  return (
    <span className="grid gap-1.5">
      <Link to="/rules/$id" params={{ id: rule.id }} className="py-1 font-medium">
        {rule.title}
      </Link>
      <span className="flex flex-wrap items-center justify-between gap-2">
        <States rule={rule} />
        {rule.countedBy.length > 0 ? null : <HitsSpark days={rule.days} fromDay={fromDay} />}
      </span>
      {rule.countedBy.length > 0 ? <CountedBy rule={rule} /> : null}
      <span className={rule.countedBy.length > 0 ? "hidden" : "text-xs text-ink-muted"}>
        {rule.kind === "filter" ? `${narrowsText(rule.narrows)} · ` : ""}
        {countText(rule)} in {shownDays} days ·{" "}
        {rule.shadowJudged === null ? livePrecisionText(rule) : `watching: ${precisionText(rule.shadowJudged)}`}
      </span>
    </span>
  );
}

function columnsOf({ fromDay }: RuleList): readonly Column<RuleItem>[] {
  return [
    {
      id: "title",
      title: "Rule",
      cell: (rule) => (
        <span className="grid">
          <Link to="/rules/$id" params={{ id: rule.id }} className="font-medium hover:underline">
            {rule.title}
          </Link>
          <span className="text-xs text-ink-muted">
            {[
              rule.kind === "rule" ? null : kindWords[rule.kind].toLowerCase(),
              rule.kind === "filter" ? narrowsText(rule.narrows) : null,
              rule.service,
              rule.kind === "filter" ? null : `level ${rule.triageLevel}`,
              rule.origin === "written" ? "written here" : "of the pack",
            ]
              .filter((part) => part !== null)
              .join(" · ")}
          </span>
        </span>
      ),
    },
    // The line below the title says the kind.
    { id: "state", title: "State", cell: (rule) => <States rule={rule} without="kind" /> },
    {
      id: "hits",
      title: `Matches, ${shownDays} days`,
      cell: (rule) =>
        rule.countedBy.length > 0 ? (
          <CountedBy rule={rule} />
        ) : (
          <span className="flex items-center gap-3">
            <HitsSpark days={rule.days} fromDay={fromDay} />
            <span className="tabular-nums">
              {sumOf(rule.days, "live")}
              {rule.shadow === null ? "" : ` + ${sumOf(rule.days, "shadow")} watched`}
            </span>
          </span>
        ),
    },
    {
      id: "precision",
      title: "Precision",
      cell: (rule) => (
        <span className="grid tabular-nums">
          {rule.judged === null && rule.shadowJudged !== null ? null : <span>{livePrecisionText(rule)}</span>}
          {rule.shadowJudged === null ? null : (
            <span className="text-xs text-ink-muted">watching: {precisionText(rule.shadowJudged)}</span>
          )}
        </span>
      ),
    },
    {
      id: "noise",
      title: "False",
      numeric: true,
      cell: (rule) => <span className="tabular-nums">{rule.kind === "filter" ? "–" : (rule.judged?.wrong ?? 0)}</span>,
    },
  ];
}

/** It opens nothing by itself, so a number of matches would say 0 of what is counted all day. */
function CountedBy({ rule }: { readonly rule: RuleItem }) {
  return <span className="text-xs text-ink-muted">only counted, by {rule.countedBy.join(", ")}</span>;
}

export function States({ rule, without }: { readonly rule: RuleItem; readonly without?: "kind" }) {
  const { says, tone } = stateWords[rule.state];
  return (
    <span className="flex flex-wrap gap-1">
      {rule.kind === "rule" || without === "kind" ? null : <Tag tone="plain">{kindWords[rule.kind]}</Tag>}
      <Tag tone={tone}>
        {says}
        {rule.live !== null && rule.live > 0 ? ` v${rule.live}` : ""}
      </Tag>
      {rule.shadow !== null && rule.live !== null ? <Tag tone="warn">v{rule.shadow} watches</Tag> : null}
      {rule.asked === null ? null : <Tag tone="warn">waits for a signature</Tag>}
    </span>
  );
}
